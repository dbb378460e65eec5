import type { ArchivedConsumer } from "../../formats/archive/archive-inspector.ts";
import { archiveFacts } from "../../formats/directory/archive-facts.ts";
import { backupJsonName } from "../../formats/directory/backup-json.ts";
import { type Manifest, type ManifestConsumer, manifestVersion } from "../../formats/directory/manifest.ts";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/api-types.ts";
import type { Session } from "../../jetstream/session.ts";
import type { BackupVerdict } from "./judge-backup.ts";
import type { ReceivedArchive } from "./receive-archive.ts";
import type { StreamMovement } from "./stream-movement.ts";
import type { ListedConsumers } from "./take-proven.ts";

export interface ManifestInput {
  readonly tool: string;
  readonly session: Session;
  readonly before: StreamInfo;
  readonly after: StreamInfo;
  readonly received: ReceivedArchive;
  readonly verdict: BackupVerdict;
  readonly movements: readonly StreamMovement[];
  readonly notes: string[];
  readonly attempts: number;
  readonly started: Date;
  readonly finished: Date;
  readonly consumers: ListedConsumers;
  readonly consumersRequested: boolean;
  readonly backupJson: { readonly bytes: number; readonly sha256: string };
}

/** Writes down what was backed up and proven. Adds to `notes` what it finds out about consumers. */
export function buildManifest(input: ManifestInput): Manifest {
  const { before, received, session } = input;
  const { report } = received.checked;
  const consumers = input.consumers.consumers.map((info) => describeConsumer(info, report.consumers));
  for (const consumer of input.consumersRequested ? consumers : []) {
    if (consumer.archived === "absent") {
      input.notes.push(
        `consumer "${consumer.name}" is not in the archive (kept in memory, or on another node); its configuration ` +
          "and position are in the manifest",
      );
    } else if (consumer.archived === "behind") {
      input.notes.push(`consumer "${consumer.name}" is behind its own leader in the archive; a restore redelivers`);
    }
  }
  if (input.consumers.unlisted) {
    input.notes.push(
      `nobody leads the meta group, so its consumers could not be listed: those of the stream's leader are in the archive (${report.consumers.length})`,
    );
  }
  for (const name of input.consumers.missing) input.notes.push(`consumer "${name}" did not answer`);
  const info = session.api.connection.info;
  const leader = before.cluster?.leader;
  const archive = {
    name: received.fileName,
    bytes: received.checked.bytes,
    sha256: received.checked.sha256,
  };
  return {
    relight: manifestVersion,
    tool: input.tool,
    stream: before.config.name,
    created: before.created,
    server: {
      version: session.api.serverVersion.text,
      ...(info?.server_name ? { name: info.server_name } : {}),
      ...(info?.cluster ? { cluster: info.cluster } : {}),
      ...(leader ? { leader } : {}),
      ...(session.apiOptions.domain ? { domain: session.apiOptions.domain } : {}),
    },
    archive: { ...archive, format: report.format },
    files: [archive, { name: backupJsonName, ...input.backupJson }],
    config: received.config,
    state: received.state,
    content: archiveFacts(report),
    consumers,
    times: {
      started: input.started.toISOString(),
      finished: input.finished.toISOString(),
      seconds: (input.finished.getTime() - input.started.getTime()) / 1000,
    },
    attempts: input.attempts,
    verified: { at: input.finished.toISOString(), checks: checksPassed(input) },
    moved: input.movements.map((movement) => movement.text),
    notes: input.notes,
  };
}

function checksPassed({ received, verdict }: ManifestInput): string[] {
  const { report } = received.checked;
  const checks = ["read back from disk and decoded to the end", "CRC-32C of every S2 block"];
  if (report.format === "v1") {
    checks.push(`HighwayHash of ${report.records.total} records`, "checksums of stream and consumer configurations");
    if (report.index === "index.db") checks.push("every block that index.db names is present");
  } else {
    checks.push("end-of-archive marker");
  }
  checks.push(...(received.checks ?? []));
  checks.push(`${verdict.found} messages found where at least ${verdict.required} had to be`);
  return checks;
}

function describeConsumer(info: ConsumerInfo, archived: readonly ArchivedConsumer[]): ManifestConsumer {
  const inside = archived.find((consumer) => consumer.name === info.name);
  const floor = inside?.state?.ackFloor.stream ?? 0;
  const delivered = inside?.state?.delivered.stream ?? 0;
  // The record was read before the snapshot, so an archive that is as far or further lost nothing.
  const behind = floor < info.ack_floor.stream_seq || delivered < info.delivered.stream_seq;
  return {
    name: info.name,
    config: info.config,
    delivered: { consumer_seq: info.delivered.consumer_seq, stream_seq: info.delivered.stream_seq },
    ack_floor: { consumer_seq: info.ack_floor.consumer_seq, stream_seq: info.ack_floor.stream_seq },
    num_ack_pending: info.num_ack_pending,
    num_redelivered: info.num_redelivered,
    num_pending: info.num_pending,
    archived: inside === undefined ? "absent" : behind ? "behind" : "exact",
  };
}
