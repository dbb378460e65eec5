const kept = 4096;
const rowsPerMark = 1024;

/**
 * Remembers enough times to tell those of the first and last live message once it is known which those are: the first few
 * thousand, the last few thousand, and one in every thousand between.
 */
export class MessageTimes {
  readonly #headSequence = new Float64Array(kept);
  readonly #headTime = new BigInt64Array(kept);
  /** A ring of the last ones. */
  readonly #tailSequence = new Float64Array(kept);
  readonly #tailTime = new BigInt64Array(kept);
  #count = 0;
  #markSequence = new Float64Array(64);
  #markTime = new BigInt64Array(64);
  #marks = 0;

  /** Takes one message; sequences ascend. */
  add(sequence: number, time: bigint): void {
    if (this.#count < kept) {
      this.#headSequence[this.#count] = sequence;
      this.#headTime[this.#count] = time;
    }
    this.#tailSequence[this.#count % kept] = sequence;
    this.#tailTime[this.#count % kept] = time;
    if (this.#count % rowsPerMark === 0) this.#mark(sequence, time);
    this.#count++;
  }

  /** Takes the first `count` rows of two columns. */
  addRows(sequences: Float64Array, times: BigInt64Array, count: number): void {
    if (count === 0) return;
    if (this.#count < kept) {
      const head = Math.min(count, kept - this.#count);
      this.#headSequence.set(sequences.subarray(0, head), this.#count);
      this.#headTime.set(times.subarray(0, head), this.#count);
    }
    for (let row = Math.max(0, count - kept); row < count; ) {
      const at = (this.#count + row) % kept;
      const piece = Math.min(count - row, kept - at);
      this.#tailSequence.set(sequences.subarray(row, row + piece), at);
      this.#tailTime.set(times.subarray(row, row + piece), at);
      row += piece;
    }
    for (let row = (rowsPerMark - (this.#count % rowsPerMark)) % rowsPerMark; row < count; row += rowsPerMark) {
      this.#mark(sequences[row] as number, times[row] as bigint);
    }
    this.#count += count;
  }

  /** The time of a message where it is known exactly. */
  exact(sequence: number): bigint | undefined {
    const head = this.#headSequence.subarray(0, Math.min(this.#count, kept)).indexOf(sequence);
    if (head >= 0) return this.#headTime[head];
    const tail = this.#tailSequence.subarray(0, Math.min(this.#count, kept)).indexOf(sequence);
    if (tail >= 0) return this.#tailTime[tail];
    const mark = this.#markSequence.subarray(0, this.#marks).indexOf(sequence);
    return mark < 0 ? undefined : this.#markTime[mark];
  }

  /** The time of the message itself or of the nearest one before it that is known. */
  notAfter(sequence: number): bigint | undefined {
    const exact = this.exact(sequence);
    if (exact !== undefined) return exact;
    let found: bigint | undefined;
    for (let mark = 0; mark < this.#marks && (this.#markSequence[mark] as number) <= sequence; mark++) {
      found = this.#markTime[mark];
    }
    return found;
  }

  /** The time of the message itself or of the nearest one behind it that is known. */
  notBefore(sequence: number): bigint | undefined {
    const exact = this.exact(sequence);
    if (exact !== undefined) return exact;
    for (let mark = 0; mark < this.#marks; mark++) {
      if ((this.#markSequence[mark] as number) >= sequence) return this.#markTime[mark];
    }
    // Behind the last mark: the oldest of the last ones.
    return this.#count > kept ? this.#tailTime[this.#count % kept] : undefined;
  }

  #mark(sequence: number, time: bigint): void {
    if (this.#marks === this.#markSequence.length) {
      const [sequences, times] = [new Float64Array(this.#marks * 2), new BigInt64Array(this.#marks * 2)];
      sequences.set(this.#markSequence);
      times.set(this.#markTime);
      this.#markSequence = sequences;
      this.#markTime = times;
    }
    this.#markSequence[this.#marks] = sequence;
    this.#markTime[this.#marks] = time;
    this.#marks++;
  }
}
