import { asRelightError, RelightError } from "../../errors.ts";
import type { StoredStream } from "../stream-restore/read-backup.ts";
import { restoreOrder } from "../stream-restore/restore-order.ts";
import { type ExtractOptions, type ExtractReport, extractArchive } from "./extract-archive.ts";

export type ExtractedStream = { readonly stream: string } & (
  | { readonly status: "extracted" | "planned"; readonly report: ExtractReport }
  | { readonly status: "failed"; readonly error: RelightError }
);

export interface ExtractStreamsOptions extends Omit<ExtractOptions, "name" | "together"> {
  /** Called as soon as one stream's fate is known. */
  readonly onResult?: (result: ExtractedStream) => void;
}

/**
 * Extracts the streams of an account's backup, each with a result of its own; one that fails does not stop the others, a
 * cancellation does. All are proven and planned before the first is written: what copies from others goes on where it stood.
 */
export async function extractStreams(
  streams: readonly StoredStream[],
  { onResult, ...options }: ExtractStreamsOptions,
): Promise<ExtractedStream[]> {
  const results: ExtractedStream[] = [];
  const settle = (result: ExtractedStream): void => {
    results.push(result);
    onResult?.(result);
  };
  const failed = (stream: string, thrown: unknown): void => {
    const error = options.signal?.aborted ? new RelightError("CANCELLED", "cancelled") : asRelightError(thrown);
    settle({ stream, status: "failed", error });
  };
  const together = new Map<string, number>();
  const planned: { readonly stored: StoredStream; readonly report: ExtractReport }[] = [];
  for (const stored of streams) {
    if (options.signal?.aborted) break;
    try {
      const report = await extractArchive(stored, { ...options, dryRun: true });
      together.set(report.stream, report.streamLastSequence);
      planned.push({ stored, report });
    } catch (error) {
      failed(stored.stream, error);
    }
  }
  // Origins first: what copies from one that could not be extracted must not be told that it stands.
  const ordered = restoreOrder(
    planned.map((one) => ({ ...one, config: one.stored.config ?? { name: one.report.stream } })),
  );
  for (const { stored, report: foreseen } of ordered) {
    if (options.signal?.aborted) break;
    try {
      const report = await extractArchive(stored, { ...options, together });
      settle({ stream: report.stream, status: report.status, report });
    } catch (error) {
      together.delete(foreseen.stream);
      failed(foreseen.stream, error);
    }
  }
  if (options.signal?.aborted && !results.some((one) => one.status === "failed" && one.error.code === "CANCELLED")) {
    throw new RelightError("CANCELLED", "the extraction was cancelled; streams that were done stay");
  }
  return results;
}
