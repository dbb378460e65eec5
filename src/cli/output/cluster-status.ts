import { styleText } from "node:util";
import type { ClusterStatus, StreamStatus } from "../../cluster/cluster-status.ts";
import type { Light } from "../../cluster/light.ts";
import { nameList } from "../../cluster/name-list.ts";
import type { Picture, Sample } from "../../cluster/picture.ts";
import { removedCure } from "../../cluster/removed-and-back.ts";
import { isSeen, seenOr } from "../../cluster/unseen.ts";
import { readable } from "./cluster-plan.ts";
import { formatBytes, formatCount, formatSeconds, plural } from "./format-values.ts";
import { notSeenLines } from "./not-seen-lines.ts";
import { renderTable } from "./table.ts";

export interface StatusView {
  /** Lists healthy streams too, however many. */
  readonly all: boolean;
  readonly color: boolean;
}

interface MarkedRow {
  readonly light: Light;
  readonly cells: readonly string[];
}

/** So many streams are listed whatever their state. */
const shortList = 20;

const marks: Readonly<Record<Light, string>> = { green: "ok", yellow: "WARN", red: "FAIL", unknown: "?" };
const markWidth = 4;
const colors = { green: "green", yellow: "yellow", red: "red", unknown: "gray" } as const;

/** The state of a cluster for a person in a hurry: what is wrong first, what could not be seen last. */
export function renderClusterStatus(status: ClusterStatus, picture: Picture, view: StatusView): string {
  const parts = [
    headline(status, picture, view),
    servers(status, picture, view),
    ...streams(status, picture, view),
    notes(status, picture),
  ];
  return `${parts.filter((part) => part !== "").join("\n")}`;
}

function headline(status: ClusterStatus, { later }: Picture, view: StatusView): string {
  // Replicas that are all well do not make a stream healthy that was emptied, or whose consumers deliver nothing.
  const stateOf = ({ state, light }: StreamStatus): keyof typeof words =>
    state === "healthy" && light !== "green" ? "other" : state;
  const states = ["gone", "no-quorum", "no-leader", "other", "unknown", "short", "healthy"] as const;
  const counts = states.flatMap((state) => {
    const count = status.streams.filter((stream) => stateOf(stream) === state).length;
    return count === 0 ? [] : [`${formatCount(count)} ${words[state]}`];
  });
  const incomplete = later.accounts.some(({ inventory }) => !isSeen(inventory));
  const total = `${incomplete ? "at least " : ""}${plural(status.streams.length, "stream")}`;
  const what = counts.length === 0 ? total : `${total}: ${counts.join(", ")}`;
  return [
    `${paint(status.light, view)}  ${clusterNames(later)}, ${what}`,
    `${paint(status.meta.light, view)}  Meta group: ${status.meta.reason}`,
    "",
  ].join("\n");
}

/** "Cluster C"; of several that gateways join, which share the meta group, all of those that have JetStream. */
function clusterNames({ servers: all }: Sample): string {
  const having = all.filter(({ jetstream }) => !isSeen(jetstream) || jetstream.enabled);
  const names = [...new Set(having.map(({ cluster }) => seenOr(cluster, "")))].filter((name) => name !== "").sort();
  if (names.length === 0) return "Cluster";
  return `${names.length === 1 ? "Cluster" : "Clusters"} ${nameList(names)}`;
}

const words: Readonly<Record<StreamStatus["state"] | "other", string>> = {
  gone: "gone",
  "no-quorum": "without quorum",
  "no-leader": "without a leader",
  other: "in other trouble",
  unknown: "unknown",
  short: "short of a replica",
  healthy: "healthy",
};

function servers(status: ClusterStatus, { later }: Picture, view: StatusView): string {
  const rows = later.servers.map((server, index): MarkedRow => {
    const { light, reason } = status.servers[index] ?? { light: "unknown", reason: "" };
    const free = isSeen(server.jetstream) && server.jetstream.enabled ? server.jetstream.freeStorage : undefined;
    return {
      light,
      cells: [server.name, seenOr(server.version, ""), free === undefined ? "" : formatBytes(free), reason],
    };
  });
  // Without a system credential there is nothing to say of them but their names.
  if (later.servers.every(({ answers }) => !isSeen(answers))) return "";
  return markedTable(["Server", "Version", "Free", "State"], rows, view);
}

function streams(status: ClusterStatus, { later }: Picture, view: StatusView): string[] {
  const listed =
    view.all || status.streams.length <= shortList
      ? status.streams
      : status.streams.filter(({ light }) => light !== "green");
  const accounts = later.accounts.length > 1;
  const rows = listed.map((stream): MarkedRow => {
    const { light, account, stream: name, replicas, leader, messages, lastSeq } = stream;
    const number = (value: number | null): string => (value === null ? "?" : formatCount(value));
    const r = replicas === null ? "?" : `R${replicas}`;
    const cells = [name, r, leader ?? "none", number(messages), number(lastSeq), sentence(stream)];
    return { light, cells: accounts ? [account, ...cells] : cells };
  });
  const header = [...(accounts ? ["Account"] : []), "Stream", "R", "Leader", "Messages", "Last Sequence", "State"];
  const rest = status.streams.length - listed.length;
  return [
    rows.length === 0 ? "" : markedTable(header, rows, view),
    rest === 0 ? "" : `${healthyRest(rest, rows.length)} (--all lists them).\n`,
  ];
}

function healthyRest(rest: number, listed: number): string {
  if (listed === 0) return `All ${plural(rest, "stream")} are healthy`;
  return `${plural(rest, "more stream")} ${rest === 1 ? "is" : "are"} healthy`;
}

function sentence({ state, reason, settled }: StreamStatus): string {
  const works = state === "healthy" || state === "short";
  const fresh = settled === false ? " (changed since the first look)" : "";
  return `${works ? "" : `${words[state].toUpperCase()}: `}${readable(reason)}${fresh}`;
}

/** What must not be done now, and what this picture does not show. */
function notes(status: ClusterStatus, { earlier, later }: Picture): string {
  const lines: string[] = [];
  const silent = later.servers.filter(({ answers }) => answers === false).map(({ name }) => name);
  if (status.streams.some(({ state }) => state === "gone") && silent.length === 0) {
    lines.push(
      "No member is missing that could bring back what is gone: only a backup has it, or the disk of a server that was removed.",
    );
  }
  if (status.streams.some(({ state }) => state === "gone") && silent.length > 0) {
    const disks = silent.length === 1 ? `the disk of ${silent[0]}` : `the disks of ${nameList(silent)}`;
    lines.push(
      `What is gone comes back with ${disks}. Do not remove or wipe ${silent.length === 1 ? "that server" : "those servers"}: its R1 streams would be re-created empty.`,
    );
  }
  if (status.streams.some(({ state }) => state === "no-quorum")) {
    lines.push(
      `Streams without quorum keep their messages on the servers that are up. Bring ${silent.length > 0 ? nameList(silent) : "the others"} back; do not remove a server or scale a stream down before that.`,
    );
  }
  if (status.returned.length > 0) lines.push(`${nameList(status.returned)}: ${removedCure}`);
  const consumers = status.streams.filter(
    ({ light, leaderlessConsumers }) => light === "red" && leaderlessConsumers.length > 0,
  );
  for (const { stream, state, leaderlessConsumers } of consumers) {
    if (state === "healthy" || state === "short") {
      lines.push(`Consumers of ${stream} without a leader: ${nameList(leaderlessConsumers.slice(0, 10))}`);
    }
  }
  lines.push(...notSeenLines(status.notSeen));
  // Without the servers' own answers there is no plan.
  if (status.light !== "green" && isSeen(later.sight.system)) {
    lines.push("Next: relight cluster plan, with the same flags, shows what to do about it, and does none of it.");
  }
  const looks =
    earlier === null
      ? "one look"
      : `two looks, ${formatSeconds((Date.parse(later.takenAt) - Date.parse(earlier.takenAt)) / 1000)} apart`;
  lines.push(`As of ${later.takenAt.slice(0, 19).replace("T", " ")} UTC, ${looks}.`);
  return `${lines.join("\n")}\n`;
}

/** A table whose rows begin with a mark, coloured where there are colours. */
function markedTable(header: readonly string[], rows: readonly MarkedRow[], view: StatusView): string {
  const table = renderTable(
    ["", ...header],
    rows.map(({ light, cells }) => [marks[light].padEnd(markWidth), ...cells]),
  );
  const [head = "", rule = "", ...lines] = table.split("\n");
  const painted = lines.map((line, index) => {
    const light = rows[index]?.light;
    return light === undefined ? line : paint(light, view) + line.slice(markWidth);
  });
  return [head, rule, ...painted].join("\n");
}

function paint(light: Light, { color }: StatusView): string {
  const mark = marks[light].padEnd(markWidth);
  return color ? styleText(colors[light], mark, { validateStream: false }) : mark;
}
