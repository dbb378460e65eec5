import { isSeen } from "../unseen.ts";
import { type Check, finding } from "./finding.ts";

/** Less than this part of its limit left is little. */
const little = 0.1;

/** D12: JetStream that is off, that is short of space, or that its own server calls unwell. */
export const checkStorage: Check = {
  id: "D12",
  title: "JetStream's storage and health on every server",
  needs: ["system-account"],
  examine: ({ later }) => {
    const { servers, meta } = later;
    const members = isSeen(meta) && isSeen(meta.peers) ? meta.peers.map(({ name }) => name) : [];
    const off = servers.filter(
      ({ name, jetstream }) => isSeen(jetstream) && !jetstream.enabled && members.includes(name),
    );
    const full = servers.flatMap(({ name, jetstream }) => {
      if (!isSeen(jetstream) || !jetstream.enabled || jetstream.maxStorage <= 0) return [];
      const part = jetstream.freeStorage / jetstream.maxStorage;
      return part < little ? [`${name}: ${(part * 100).toFixed(1)} % of its limit is free`] : [];
    });
    const unwell = servers.flatMap(({ name, health }) =>
      isSeen(health) && !health.ok ? health.errors.map((error) => `${name}: ${error}`) : [],
    );
    return [
      ...finding(
        "D12",
        "critical",
        "JetStream is off on members of the meta group.",
        off.map(({ name }) => name),
        "The server's log says why: out of storage, a write that failed, or a removal. Make room, then restart it.",
      ),
      ...finding("D12", "warning", "Servers say that they are unwell.", unwell, "Look into their logs."),
      ...finding(
        "D12",
        "warning",
        "Servers have little storage left; replicas of a lost server would not fit there.",
        full,
        "Add storage and raise max_file_store, or delete what is not needed.",
      ),
    ];
  },
};
