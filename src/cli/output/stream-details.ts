import type { StreamConfig, StreamInfo, StreamState } from "../../jetstream/api-types.ts";
import { formatBytes, formatCount, formatNanoseconds } from "./format-values.ts";

export type Row = readonly [label: string, value: string];

/** A stream's configuration and state, for people. */
export function renderStreamInfo(info: StreamInfo): string {
  const sections: [string, Row[]][] = [
    ["Configuration", configRows(info.config)],
    ["State", stateRows(info.state)],
  ];
  // A standalone server gives itself as the leader of a cluster without a name.
  if (info.cluster?.name) {
    const { cluster } = info;
    const rows: Row[] = [
      ["Name", cluster.name ?? ""],
      ["Leader", cluster.leader ?? "none"],
      ...(cluster.replicas ?? []).map((replica): Row => {
        const state = replica.offline
          ? "offline"
          : replica.current
            ? "current"
            : `outdated, ${replica.lag ?? 0} behind`;
        return ["Replica", `${replica.name}, ${state}`];
      }),
    ];
    sections.push(["Cluster", rows.filter(([, value]) => value !== "")]);
  }
  return renderSections(`Information for Stream ${info.config.name} created ${info.created}`, sections);
}

/** A title and sections of rows whose labels end in one column. */
export function renderSections(title: string, sections: readonly (readonly [string, readonly Row[]])[]): string {
  const width = Math.max(...sections.flatMap(([, rows]) => rows.map(([label]) => label.length)));
  const lines = [title];
  for (const [heading, rows] of sections) {
    lines.push("", `${heading}:`, "", ...rows.map(([label, value]) => `  ${label.padStart(width)}: ${value}`));
  }
  return `${lines.join("\n")}\n`;
}

const limit = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined || value <= 0 ? "unlimited" : format(value);

const known = new Set(
  "name description subjects retention storage num_replicas discard max_msgs max_msgs_per_subject max_bytes max_age max_msg_size max_consumers duplicate_window first_seq mirror sources placement compression metadata no_ack sealed deny_delete deny_purge allow_rollup_hdrs allow_direct mirror_direct allow_msg_ttl".split(
    " ",
  ),
);

export function configRows(config: StreamConfig): Row[] {
  const rows: (Row | undefined)[] = [
    config.description ? ["Description", config.description] : undefined,
    ["Subjects", config.subjects?.join(", ") || "none"],
    ["Replicas", String(config.num_replicas ?? 1)],
    ["Storage", capital(config.storage ?? "file")],
    ["Retention", capital(config.retention ?? "limits")],
    ["Discard Policy", capital(String(config.discard ?? "old"))],
    ["Maximum Messages", limit(config.max_msgs, formatCount)],
    ["Maximum Per Subject", limit(config.max_msgs_per_subject, formatCount)],
    ["Maximum Bytes", limit(config.max_bytes, formatBytes)],
    ["Maximum Age", formatNanoseconds(config.max_age ?? 0)],
    ["Maximum Message Size", limit(config.max_msg_size, formatBytes)],
    ["Maximum Consumers", limit(config.max_consumers as number | undefined, formatCount)],
    ["Duplicate Window", formatNanoseconds((config.duplicate_window as number | undefined) ?? 0, "none")],
    config.first_seq ? ["First Sequence", formatCount(config.first_seq)] : undefined,
    config.compression && config.compression !== "none" ? ["Compression", String(config.compression)] : undefined,
    config.mirror ? ["Mirror", config.mirror.name] : undefined,
    config.sources?.length ? ["Sources", config.sources.map((source) => source.name).join(", ")] : undefined,
    config.placement ? ["Placement", JSON.stringify(config.placement)] : undefined,
    config.metadata && Object.keys(config.metadata).length > 0
      ? ["Metadata", JSON.stringify(config.metadata)]
      : undefined,
  ];
  for (const flag of [
    "no_ack",
    "sealed",
    "deny_delete",
    "deny_purge",
    "allow_rollup_hdrs",
    "allow_direct",
    "allow_msg_ttl",
  ]) {
    if (config[flag] === true) rows.push([flag, "yes"]);
  }
  for (const [field, value] of Object.entries(config)) {
    // What a newer server added is shown as it is rather than left out.
    const empty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    if (!known.has(field) && !empty && value !== false && value !== null && value !== 0 && value !== "") {
      rows.push([field, typeof value === "string" ? value : JSON.stringify(value)]);
    }
  }
  return rows.filter((row): row is Row => row !== undefined);
}

function stateRows(state: StreamState): Row[] {
  const at = (sequence: number, time: string): string =>
    formatCount(sequence) + (time.startsWith("0001-") ? "" : ` @ ${time}`);
  return [
    ["Messages", formatCount(state.messages)],
    ["Bytes", formatBytes(state.bytes)],
    ["First Sequence", at(state.first_seq, state.first_ts)],
    ["Last Sequence", at(state.last_seq, state.last_ts)],
    ["Deleted Messages", formatCount(state.num_deleted ?? 0)],
    ["Active Consumers", formatCount(state.consumer_count)],
    ...(state.num_subjects ? [["Number of Subjects", formatCount(state.num_subjects)] as const] : []),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
