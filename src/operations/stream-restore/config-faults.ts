import { subjectsOverlap } from "../../formats/subjects/subject-overlap.ts";
import { SubjectPattern } from "../../formats/subjects/subject-pattern.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { isAtLeast, type ServerVersion } from "../../jetstream/server-version.ts";

/** Why a server refuses a stream's configuration, in the middle of a sentence, and what to write in place of it. */
export interface ConfigFault {
  readonly text: string;
  readonly cure: string;
}

interface ConfigRule {
  /** The oldest release of a minor version that was seen to refuse it; 2.9 where none is given. */
  readonly since?: readonly [minor: number, patch: number];
  readonly broken: (config: StreamConfig) => boolean;
  readonly text: string;
  readonly cure: string;
}

const hundredMs = 100e6;
const second = 1e9;
const set = (value: unknown): boolean => value !== undefined && value !== null && value !== false && value !== 0;
const number = (value: unknown): number => Number(value ?? 0);
const between = (value: unknown, over: number, under: number): boolean => number(value) > over && number(value) < under;
const mirrors = ({ mirror }: StreamConfig): boolean => set(mirror);
const listens = ({ subjects, no_ack }: StreamConfig, matches: (subject: string) => boolean): boolean =>
  no_ack !== true && (subjects ?? []).some(matches);
const utf8 = (text: string): number => new TextEncoder().encode(text).length;

/** What a stream may listen to all the same. */
const open = ["$JS.EVENT.>", "$SYS.ACCOUNT.>"].map((text) => new SubjectPattern(text));
const overlapsOneOf = (subject: string, reserved: readonly string[]): boolean =>
  reserved.some((own) => subjectsOverlap(subject, own)) && !open.some((pattern) => pattern.covers(subject));

/** Of nats-server's `checkStreamCfg` (server/stream.go), as released servers answer a restore. */
const rules: readonly ConfigRule[] = [
  {
    broken: ({ max_age }) => between(max_age, 0, hundredMs),
    text: "max_age is less than 100 ms",
    cure: "Set a longer max_age, or pass --lift-max-age.",
  },
  {
    broken: ({ duplicate_window }) => between(duplicate_window, 0, hundredMs),
    text: "duplicate_window is less than 100 ms",
    cure: "Set duplicate_window to at least 100 ms.",
  },
  {
    broken: ({ max_age, duplicate_window }) => between(max_age, 0, number(duplicate_window)),
    text: "duplicate_window is longer than max_age",
    cure: "Set duplicate_window to max_age at most.",
  },
  {
    broken: ({ allow_rollup_hdrs, deny_purge }) => set(allow_rollup_hdrs) && set(deny_purge),
    text: "allow_rollup_hdrs and deny_purge exclude each other",
    cure: "Leave out one of the two.",
  },
  {
    broken: ({ discard_new_per_subject, discard, max_msgs_per_subject }) =>
      set(discard_new_per_subject) && (discard !== "new" || number(max_msgs_per_subject) <= 0),
    text: "discard_new_per_subject needs discard: new and max_msgs_per_subject",
    cure: "Set both, or leave it out.",
  },
  {
    broken: ({ description }) => utf8(description ?? "") > 4096,
    text: "the description is longer than 4096 bytes",
    cure: "Shorten it.",
  },
  {
    since: [10, 26],
    broken: ({ metadata }) =>
      Object.entries(metadata ?? {}).reduce((sum, [key, value]) => sum + utf8(key) + utf8(value), 0) > 128 * 1024,
    text: "metadata takes more than 128 KiB",
    cure: "Shorten it.",
  },
  {
    broken: ({ num_replicas }) => number(num_replicas) > 5,
    text: "it asks for more than 5 replicas",
    cure: "Pass --replicas with 5 at most.",
  },
  {
    broken: ({ subjects }) => (subjects ?? []).some((subject) => !SubjectPattern.isValid(subject)),
    text: "one of its subjects is none",
    cure: "Correct it.",
  },
  {
    broken: ({ subjects = [] }) =>
      subjects.some((one, index) => subjects.slice(index + 1).some((other) => subjectsOverlap(one, other))),
    text: "its subjects overlap with one another",
    cure: "Leave out those that others cover.",
  },
  {
    since: [10, 26],
    broken: (config) => listens(config, (subject) => subject === ">"),
    text: 'a stream of all subjects (">") has to have no_ack',
    cure: "Set no_ack, or narrower subjects.",
  },
  {
    since: [10, 26],
    broken: (config) =>
      listens(
        config,
        (subject) => /^\$(?:JS|JSC|SYS)\./.test(subject) && overlapsOneOf(subject, ["$JS.>", "$JSC.>", "$SYS.>"]),
      ),
    text: "a stream whose subjects overlap with those of the server's API has to have no_ack",
    cure: "Set no_ack, or other subjects.",
  },
  {
    since: [11, 11],
    broken: (config) =>
      listens(config, (subject) => subject !== ">" && overlapsOneOf(subject, ["$JS.>", "$JSC.>", "$NRG.>", "$SYS.>"])),
    text: "a stream whose subjects overlap with those of the server's API has to have no_ack",
    cure: "Set no_ack, or subjects whose first token is no wildcard.",
  },
  {
    broken: (config) => mirrors(config) && ((config.subjects?.length ?? 0) > 0 || (config.sources?.length ?? 0) > 0),
    text: "a mirror has neither subjects nor sources",
    cure: "Leave them out, or the mirror.",
  },
  {
    since: [10, 26],
    broken: (config) => mirrors(config) && number(config.first_seq) > 0,
    text: "a mirror has no first_seq",
    cure: "Leave it out.",
  },
  {
    since: [11, 11],
    broken: (config) => mirrors(config) && number(config.subject_delete_marker_ttl) > 0,
    text: "a mirror has no subject_delete_marker_ttl",
    cure: "Leave it out.",
  },
  {
    since: [12, 8],
    broken: (config) =>
      mirrors(config) && (set(config.allow_msg_counter) || set(config.allow_atomic) || set(config.allow_msg_schedules)),
    text: "a mirror has no counters, atomic batches or schedules",
    cure: "Leave out allow_msg_counter, allow_atomic and allow_msg_schedules.",
  },
  {
    since: [14, 6],
    broken: (config) => mirrors(config) && set(config.allow_batched),
    text: "a mirror takes no batches",
    cure: "Leave out allow_batched.",
  },
  {
    since: [12, 8],
    broken: ({ sources, allow_msg_schedules }) => (sources?.length ?? 0) > 0 && set(allow_msg_schedules),
    text: "a stream with sources has no schedules",
    cure: "Leave out allow_msg_schedules, or the sources.",
  },
  {
    since: [11, 11],
    broken: ({ subject_delete_marker_ttl }) => between(subject_delete_marker_ttl, 0, second),
    text: "subject_delete_marker_ttl is less than a second",
    cure: "Set at least a second.",
  },
  {
    since: [12, 8],
    broken: ({ allow_msg_counter, allow_msg_ttl, discard, retention = "limits" }) =>
      set(allow_msg_counter) && (set(allow_msg_ttl) || discard === "new" || retention !== "limits"),
    text: "a stream of counters has no message TTLs, discards the oldest, and keeps messages by its limits",
    cure: "Leave out what is against that, or allow_msg_counter.",
  },
  {
    since: [14, 6],
    broken: ({ allow_msg_counter, allow_msg_schedules }) => set(allow_msg_counter) && set(allow_msg_schedules),
    text: "a stream of counters has no schedules",
    cure: "Leave out one of the two.",
  },
  {
    since: [12, 8],
    broken: ({ persist_mode, storage, num_replicas, allow_atomic }) =>
      persist_mode === "async" && (storage === "memory" || number(num_replicas) > 1 || set(allow_atomic)),
    text: "persist_mode async goes with one replica in files, without atomic batches",
    cure: "Pass --replicas 1 or --storage file, or leave out persist_mode or allow_atomic.",
  },
];

/** Every reason why a server of this version refuses a configuration, as far as that is known before it is asked. Pure. */
export function configFaults(config: StreamConfig, version: ServerVersion): readonly ConfigFault[] {
  const found = rules.filter(
    ({ since: [minor, patch] = [9, 0], broken }) => isAtLeast(version, 2, minor, patch) && broken(config),
  );
  // Where one rule grew into another, both say the same.
  return found.filter(({ text }, index) => found.findIndex((other) => other.text === text) === index);
}
