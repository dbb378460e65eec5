import type { ArchiveReport } from "../../formats/archive/archive-inspector.ts";
import { archiveFacts } from "../../formats/directory/archive-facts.ts";
import {
  type Manifest,
  type ManifestConsumer,
  type ManifestFile,
  manifestVersion,
} from "../../formats/directory/manifest.ts";
import type { EditReport } from "../../formats/edit/archive-edit.ts";
import type { StreamConfig } from "../../jetstream/api-types.ts";

export interface EditedManifestInput {
  readonly tool: string;
  readonly source: { readonly stream: string; readonly manifest: Manifest | undefined };
  readonly config: StreamConfig;
  /** When the stream was created, where that is known: a v2 archive does not say it. */
  readonly created: string | undefined;
  readonly state: { readonly [key: string]: unknown };
  readonly archive: ManifestFile;
  readonly backupJson: ManifestFile;
  /** What was found in the new archive when it was read back. */
  readonly report: ArchiveReport;
  readonly edit: EditReport;
  readonly obfuscated: boolean;
  readonly notes: readonly string[];
  readonly started: Date;
  readonly finished: Date;
}

/** Writes down what an edited backup holds, what it was made of, and what was proven. Pure. */
export function editedManifest(input: EditedManifestInput): Manifest {
  const { source, config, report, edit, started, finished } = input;
  const { manifest } = source;
  const created = report.stream?.created ?? input.created;
  return {
    relight: manifestVersion,
    tool: input.tool,
    stream: config.name,
    // Of an obfuscated backup nobody is to know where it came from.
    ...(created === undefined ? {} : { created }),
    ...(manifest?.server && !input.obfuscated ? { server: manifest.server } : {}),
    archive: { ...input.archive, format: report.format },
    files: [input.archive, input.backupJson],
    config,
    state: input.state,
    content: archiveFacts(report),
    consumers: report.consumers.map(({ name, config: consumer, state }): ManifestConsumer => {
      const none = { consumer: 0, stream: 0 };
      const [delivered, floor] = [state?.delivered ?? none, state?.ackFloor ?? none];
      return {
        name,
        config: consumer,
        delivered: { consumer_seq: delivered.consumer, stream_seq: delivered.stream },
        ack_floor: { consumer_seq: floor.consumer, stream_seq: floor.stream },
        num_ack_pending: state?.pending.length ?? 0,
        num_redelivered: state?.redelivered.length ?? 0,
        archived: "exact",
      };
    }),
    times: {
      started: started.toISOString(),
      finished: finished.toISOString(),
      seconds: (finished.getTime() - started.getTime()) / 1000,
    },
    attempts: 1,
    verified: {
      at: finished.toISOString(),
      checks: [
        "every checksum of the source, while it was read",
        "read back from disk and decoded to the end",
        `${report.live.messages} messages found, as many as were kept`,
      ],
    },
    moved: [],
    notes: input.notes,
    edit: {
      source: input.obfuscated ? config.name : source.stream,
      source_messages: edit.sourceMessages,
      dropped: edit.dropped,
      dropped_consumers: input.obfuscated ? [] : edit.droppedConsumers,
      dropped_pending: edit.droppedPending,
      obfuscated: input.obfuscated,
    },
  };
}
