import { isRelightError, type RelightError } from "../../errors.ts";
import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { lastOfState } from "../../formats/archive/losses-at-start.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { type Readable, whatIsReadable } from "../archive-salvage/salvage-stored.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { bucketKind, ObjectList } from "./bucket-content.ts";
import { readMessages } from "./read-messages.ts";
import { checkArchive } from "./scan-archive.ts";

export interface Finding {
  /** `fatal`: something is lost or wrong. `note`: worth knowing. */
  readonly severity: "fatal" | "note";
  readonly message: string;
}

export interface ArchiveVerdict {
  readonly sound: boolean;
  readonly findings: readonly Finding[];
  /** Undefined where the archive could not be decoded to its end. */
  readonly report: ArchiveReport | undefined;
  /** What can be read in spite of the damage; undefined where there is none, or not even the stream's name can be. */
  readonly readable: Readable | undefined;
  /** SHA-256 was compared with the manifest's. */
  readonly hashed: boolean;
}

/**
 * Proves one stream's backup: the archive is decoded to its end with every checksum in it, held against its manifest, and an
 * object store's objects against their digests. Damage is a finding, not an error. `onRead`: compressed bytes so far. Throws FILE_SYSTEM, CANCELLED.
 */
export async function verifyArchive(
  stored: StoredStream,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<ArchiveVerdict> {
  const findings: Finding[] = [];
  let report: ArchiveReport;
  try {
    const checked = await checkArchive(stored, signal, onRead ? { onRead } : {});
    report = checked.report;
    const { manifest } = stored;
    if (manifest && manifest.archive.sha256 !== checked.sha256) {
      findings.push({
        severity: "fatal",
        message: "the archive is not what it was when it was proven: its SHA-256 differs",
      });
    } else if (manifest && manifest.content.messages !== report.live.messages) {
      const message = `${report.live.messages} messages were found, the manifest says ${manifest.content.messages}`;
      findings.push({ severity: "fatal", message });
    }
  } catch (error) {
    if (!isRelightError(error, "ARCHIVE_DAMAGED") && !isRelightError(error, "SNAPSHOT_INCOMPLETE")) throw error;
    findings.push({ severity: "fatal", message: placed(error) });
    return { sound: false, findings, report: undefined, readable: await readable(stored, signal), hashed: false };
  }
  findings.push(...report.problems.map(({ severity, message }): Finding => ({ severity, message })));
  findings.push(...uncounted(report, stored));
  findings.push(...(await objectFindings(stored, report, signal)));
  const sound = findings.every(({ severity }) => severity !== "fatal");
  const incomplete = report.problems.some(({ severity }) => severity === "fatal");
  const left = incomplete ? await readable(stored, signal) : undefined;
  return { sound, findings, report, readable: left, hashed: stored.manifest !== undefined };
}

/**
 * What no index tells of: a v1 archive without one can lack blocks in its middle, and nothing marks what limits have removed. Both
 * show in the count only, if anywhere.
 */
function uncounted({ format, index, live, problems }: ArchiveReport, { state }: StoredStream): Finding[] {
  const counted = state?.messages;
  if (format !== "v1" || index !== "none" || typeof counted !== "number") return [];
  if (problems.some(({ code }) => code === "ends-early")) return [];
  const found = live.ranges.countUpTo(lastOfState(state) ?? live.lastSequence);
  if (found === counted) return [];
  const message =
    `${found} messages were found, and the stream held ${counted} when its snapshot began: ` +
    (found < counted
      ? "whether the others went meanwhile or are missing cannot be told of an archive without an index"
      : "without an index nothing tells which of them limits or a purge had removed by then");
  return [{ severity: "note", message }];
}

function placed(error: RelightError): string {
  const { entry, offset, encodedOffset } = error.context;
  const said = (at: unknown): boolean => error.message.includes(`at offset ${at} of`);
  const where = [
    ...(entry === undefined || error.message.includes(String(entry)) ? [] : [`in ${entry}`]),
    ...(offset === undefined || said(offset) ? [] : [`at byte ${offset} of the decoded archive`]),
    ...(encodedOffset === undefined || said(encodedOffset) ? [] : [`byte ${encodedOffset} of the file`]),
  ];
  return where.length > 0 ? `${error.message} (${where.join(", ")})` : error.message;
}

async function readable(stored: StoredStream, signal: AbortSignal | undefined): Promise<Readable | undefined> {
  try {
    return await whatIsReadable(stored, signal);
  } catch (error) {
    if (isRelightError(error, "ARCHIVE_DAMAGED")) return undefined;
    throw error;
  }
}

async function objectFindings(
  stored: StoredStream,
  report: ArchiveReport,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  const config = (stored.config ?? report.stream?.config) as StreamConfig | undefined;
  if (!config || bucketKind(config) !== "objects") return [];
  const list = new ObjectList(config);
  // What is missing is a finding already.
  const all = readMessages({ ...stored, salvaged: true }, { signal });
  for await (const messages of all) for (const message of messages) list.add(message);
  return list
    .objects()
    .flatMap(({ name, problem }): Finding[] =>
      problem ? [{ severity: "fatal", message: `object "${name}": ${problem}` }] : [],
    );
}
