import { isSeen } from "../unseen.ts";
import { type Check, finding } from "./finding.ts";

/** So many replicated groups on one server are many: each elects when a server dies, and is copied when one is replaced. */
const many = 1_000;

/** D20: how much has to elect and to be copied when a server fails. */
export const checkLoad: Check = {
  id: "D20",
  title: "replicated streams and consumers on one server",
  needs: ["system-account"],
  examine: ({ later }) =>
    finding(
      "D20",
      "info",
      "These servers have a part in very many replicated streams and consumers: when one fails, elections and copies take long.",
      later.servers.flatMap(({ name, jetstream }) =>
        isSeen(jetstream) && jetstream.haAssets > many ? [`${name}: ${jetstream.haAssets}`] : [],
      ),
      "Spread them over more servers, or give consumers that can do with it one replica. Let --gone-after be long.",
    ),
};
