import { ArchiveInspector, type ArchiveReport } from "../formats/archive/archive-inspector.ts";
import { LiveReader, type LiveSink } from "../formats/archive/live-reader.ts";
import { Kernels } from "../formats/kernels/kernels.ts";

/** A message as text; bytes as latin 1, so that nothing is lost. */
export interface ReadMessage {
  readonly sequence: number;
  readonly time: bigint;
  readonly subject: string;
  readonly headers: string;
  readonly payload: string;
}

/** Memories of WebAssembly are slow to come and to go, and this is called a million times. */
const kernels = Kernels.create();

/** Inspects an archive. */
export function inspectArchive(archive: Uint8Array): ArchiveReport {
  kernels.reset();
  const inspector = new ArchiveInspector({}, kernels);
  inspector.push(archive);
  return inspector.end();
}

/** Every live message of an archive of either format. */
export function readMessages(archive: Uint8Array): readonly ReadMessage[] {
  const report = inspectArchive(archive);
  const messages: ReadMessage[] = [];
  kernels.reset();
  const source = report.format === "v1" ? { live: report.live.ranges } : {};
  const sink: LiveSink = {
    consumer: () => {},
    messages: ({ kernels, rows, count }) => {
      for (let row = 0; row < count; row++) {
        const at = rows.offset[row] as number;
        const border = at + (rows.nameLength[row] as number);
        const payload = border + (rows.headerLength[row] as number);
        const text = (from: number, to: number): string =>
          Buffer.from(kernels.bytes.subarray(from, to)).toString("latin1");
        messages.push({
          sequence: rows.sequence[row] as number,
          time: rows.timestamp[row] as bigint,
          subject: text(at, border),
          headers: text(border, payload),
          payload: text(payload, payload + (rows.payloadLength[row] as number)),
        });
      }
    },
  };
  const reader = new LiveReader(source, sink, kernels);
  reader.push(archive);
  reader.end();
  return messages;
}
