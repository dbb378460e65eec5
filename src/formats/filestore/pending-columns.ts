import { MalformedBytes } from "../byte-reader.ts";
import type { PendingAcks } from "./consumer-state.ts";

/**
 * Collects the messages that a consumer waits for, which come in any order: a server walks through a map. In columns, as an
 * archive can have millions of them, and an object for each takes many times its bytes.
 */
export class PendingColumns {
  #stream = new Float64Array(16);
  #consumer = new Float64Array(16);
  #time = new BigInt64Array(16);
  #length = 0;
  #ascends = true;

  add(stream: number, consumer: number, time: bigint): void {
    const at = this.#length;
    if (at === this.#stream.length) this.#grow();
    if (at > 0 && stream <= (this.#stream[at - 1] as number)) this.#ascends = false;
    this.#stream[at] = stream;
    this.#consumer[at] = consumer;
    this.#time[at] = time;
    this.#length = at + 1;
  }

  /** In ascending order; nothing is to be added afterwards. Throws MalformedBytes when a sequence comes twice. */
  build(): PendingAcks {
    const length = this.#length;
    const [stream, consumer, time] = [this.#stream, this.#consumer, this.#time].map((column) =>
      column.subarray(0, length),
    ) as [Float64Array, Float64Array, BigInt64Array];
    if (this.#ascends) return { length, stream: stream.slice(), consumer: consumer.slice(), time: time.slice() };
    const order = Uint32Array.from(stream, (_, row) => row);
    order.sort((a, b) => (stream[a] as number) - (stream[b] as number));
    const sorted: PendingAcks = {
      length,
      stream: Float64Array.from(order, (row) => stream[row] as number),
      consumer: Float64Array.from(order, (row) => consumer[row] as number),
      time: new BigInt64Array(length),
    };
    for (let row = 0; row < length; row++) {
      sorted.time[row] = time[order[row] as number] as bigint;
      if (row > 0 && sorted.stream[row] === sorted.stream[row - 1]) {
        throw new MalformedBytes("a consumer state names a sequence twice");
      }
    }
    return sorted;
  }

  #grow(): void {
    const size = this.#stream.length * 2;
    const [stream, consumer, time] = [new Float64Array(size), new Float64Array(size), new BigInt64Array(size)];
    stream.set(this.#stream);
    consumer.set(this.#consumer);
    time.set(this.#time);
    [this.#stream, this.#consumer, this.#time] = [stream, consumer, time];
  }
}
