import type { ArchivedConsumer } from "../archive/archive-report.ts";
import { isStreamName } from "../directory/backup-json.ts";
import type { ArchiveEdit } from "./archive-edit.ts";
import { type ConsumerEdit, editConsumerState, renameConsumerFilters, startAmong } from "./edit-consumers.ts";

export interface EditedConsumers {
  readonly kept: readonly ArchivedConsumer[];
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  /** Acknowledgements that were waited for and whose messages are gone. */
  readonly droppedPending: number;
}

/** What becomes of an archive's consumers in an edit. */
export class ConsumerEditor {
  readonly #edit: ArchiveEdit;

  constructor(edit: ArchiveEdit) {
    this.#edit = edit;
  }

  /** Without `content`, which is known at the end: as they are at most, with every position as it was. */
  result(consumers: readonly ArchivedConsumer[], content: ConsumerEdit | undefined): EditedConsumers {
    if (this.#edit.consumers === false) {
      return {
        kept: [],
        dropped: consumers.map(({ name }) => ({ name, reason: "consumers were not asked for" })),
        droppedPending: 0,
      };
    }
    const kept: ArchivedConsumer[] = [];
    const dropped: { name: string; reason: string }[] = [];
    let droppedPending = 0;
    for (const consumer of consumers) {
      const { name } = consumer;
      // The rules for names of streams are those for names of consumers.
      const unwanted = isStreamName(name)
        ? this.#edit.leaveOutConsumers?.find((left) => left.name === name)
        : { name, reason: "no server takes its name" };
      if (unwanted) {
        dropped.push(unwanted);
        continue;
      }
      const renamed = this.#renamed(consumer);
      if (!renamed) {
        dropped.push({ name: consumer.name, reason: "its filter is renamed in part only" });
        continue;
      }
      const { state } = renamed;
      const config = content ? startAmong(renamed.config, content) : renamed.config;
      if (!state || !content) {
        kept.push({ ...renamed, config });
        continue;
      }
      const edited = editConsumerState(state, content);
      droppedPending += state.pending.length - edited.pending.length;
      kept.push({ ...renamed, config, state: edited });
    }
    return { kept, dropped, droppedPending };
  }

  #renamed(given: ArchivedConsumer): ArchivedConsumer | undefined {
    const consumer = this.#withoutFields(given);
    const { subjects, obfuscate } = this.#edit;
    const mapped = subjects ? renameConsumerFilters(consumer, (subject) => subjects.renameFilter(subject)) : consumer;
    return mapped && obfuscate ? obfuscate.consumer(mapped) : mapped;
  }

  #withoutFields(consumer: ArchivedConsumer): ArchivedConsumer {
    const fields = this.#edit.dropConsumerFields ?? [];
    if (!fields.some((field) => field in consumer.config)) return consumer;
    const config = Object.fromEntries(Object.entries(consumer.config).filter(([field]) => !fields.includes(field)));
    return { ...consumer, config };
  }
}
