import type { JetStreamApi } from "../jetstream-api.ts";

/** Receives messages in ascending order of their sequences. */
export interface CaptureSink {
  /** Takes one message; its bytes are valid during the call only. `time`: nanoseconds since 1970. */
  take(sequence: number, time: bigint, subject: Uint8Array, headers: Uint8Array, payload: Uint8Array): void;
  /** Resolves when there is room for more: nothing is asked of the server until then. Throws where writing failed. */
  room(): Promise<void>;
}

/** One reading: from a sequence through another, both inclusive. */
export interface CaptureRange {
  readonly api: JetStreamApi;
  readonly stream: string;
  readonly from: number;
  readonly through: number;
  /** Bytes of an average message, for how much is asked for at a time. */
  readonly averageBytes: number;
  readonly sink: CaptureSink;
  /** Where answers come back: a prefix that the user may listen on. */
  readonly inboxPrefix?: string;
  /** Silence that ends a reading, in milliseconds. */
  readonly silenceMs: number;
  readonly signal?: AbortSignal;
}

/**
 * How a reading ended. `done`: through its end. `interrupted`: something was lost on the way or the server fell silent, and
 * another reading can go on. `unsuitable`: this way of reading does not work here. `next`: the sequence to go on from.
 */
export interface CaptureEnd {
  readonly outcome: "done" | "interrupted" | "unsuitable";
  readonly next: number;
  readonly reason?: string;
}

/** A way of reading a stream. */
export type CaptureReader = (range: CaptureRange) => Promise<CaptureEnd>;
