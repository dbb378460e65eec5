/** Memory through which one thread hands bytes to another. */
export interface SharedPipe {
  /** i32 by {@link Control}, then the bytes in each slot. */
  readonly control: SharedArrayBuffer;
  /** Slots that are filled and emptied in turns. */
  readonly slots: SharedArrayBuffer;
}

/** `filled`, `emptied`: slots so far. `writer`, `reader`: by {@link State}. `waiting`: sides that sleep, as waking costs. */
const Control = { filled: 0, emptied: 1, writer: 2, reader: 3, waiting: 4, sizes: 5 } as const;

/** `idle`: a reader that has not begun. `ended`: nothing more comes, or everything was taken. */
const State = { idle: 0, running: 1, ended: 2, broken: 3 } as const;

/** Slots are large, so that threads seldom wake each other, and few, so that they stay in a cache. */
const slotBytes = 1024 * 1024;

/**
 * Copies between shared memory and other memory. `TypedArray.set` does that word by word, as another thread might write meanwhile;
 * `Buffer.copy` of a part does it as memory is copied everywhere else, some three times as fast.
 */
function copy(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  Buffer.prototype.copy.call(from, to, at, start, start + length);
}

/** The other side of a pipe went away before its end. */
export class PipeBroken extends Error {}

export function createPipe(slotCount = 6): SharedPipe {
  const control = new SharedArrayBuffer((Control.sizes + slotCount) * 4);
  Atomics.store(new Int32Array(control), Control.writer, State.running);
  return { control, slots: new SharedArrayBuffer(slotCount * slotBytes) };
}

/** Ends a pipe for both sides: for who watches over them. */
export function breakPipe({ control }: SharedPipe): void {
  const view = new Int32Array(control);
  for (const side of [Control.writer, Control.reader]) {
    if (Atomics.load(view, side) !== State.ended) Atomics.store(view, side, State.broken);
  }
  for (const at of [Control.filled, Control.emptied]) Atomics.notify(view, at);
}

abstract class PipeSide {
  protected readonly control: Int32Array;
  protected readonly slots: Uint8Array;
  protected readonly count: number;

  constructor({ control, slots }: SharedPipe) {
    this.control = new Int32Array(control);
    this.slots = new Uint8Array(slots);
    this.count = slots.byteLength / slotBytes;
  }

  /** Of the other side. */
  protected state(side: number): number {
    return Atomics.load(this.control, side);
  }

  protected set(side: number, state: number, wake: number): void {
    // One that is broken stays so.
    Atomics.compareExchange(this.control, side, State.running, state);
    Atomics.notify(this.control, wake);
  }

  /** Waits for a change of a count; not for long, as a state changes without it. */
  protected wait(at: number, seen: number): void {
    Atomics.add(this.control, Control.waiting, 1);
    // Does not sleep where the count has changed meanwhile, before the other side could see that somebody waits.
    Atomics.wait(this.control, at, seen, 100);
    Atomics.sub(this.control, Control.waiting, 1);
  }

  /** Moves a count on. */
  protected advance(at: number, count: number): void {
    Atomics.store(this.control, at, count);
    if (Atomics.load(this.control, Control.waiting) > 0) Atomics.notify(this.control, at);
  }
}

/** The side that writes. It blocks its thread while all slots are full. */
export class PipeWriter extends PipeSide {
  #filled = 0;
  #at = 0;

  /** Whether somebody reads; before, nothing may be written, as nobody may ever come. */
  get hasReader(): boolean {
    return this.state(Control.reader) !== State.idle;
  }

  /** Throws PipeBroken. */
  write(bytes: Uint8Array): void {
    const whole = new Uint8Array(bytes.buffer);
    for (let at = 0; at < bytes.length; ) {
      if (this.#at === 0) this.#waitForSlot();
      const length = Math.min(slotBytes - this.#at, bytes.length - at);
      const to = (this.#filled % this.count) * slotBytes + this.#at;
      copy(whole, bytes.byteOffset + at, length, this.slots, to);
      this.#at += length;
      at += length;
      if (this.#at === slotBytes) this.#handOver();
    }
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#at > 0) this.#handOver();
    this.set(Control.writer, State.ended, Control.filled);
  }

  /** Waits until the reader has done its work with all of it. Throws PipeBroken. */
  waitForReader(): void {
    for (;;) {
      const emptied = Atomics.load(this.control, Control.emptied);
      const state = this.state(Control.reader);
      if (state === State.ended) return;
      if (state === State.broken) throw new PipeBroken("the reader failed");
      this.wait(Control.emptied, emptied);
    }
  }

  /** Gives up: the reader is not to take what it got for the whole. */
  break(): void {
    this.set(Control.writer, State.broken, Control.filled);
  }

  #handOver(): void {
    this.control[Control.sizes + (this.#filled % this.count)] = this.#at;
    this.#at = 0;
    this.#filled++;
    this.advance(Control.filled, this.#filled);
  }

  #waitForSlot(): void {
    for (;;) {
      const emptied = Atomics.load(this.control, Control.emptied);
      if (this.state(Control.reader) === State.broken) throw new PipeBroken("the reader failed");
      if (this.#filled - emptied < this.count) return;
      this.wait(Control.emptied, emptied);
    }
  }
}

/** The side that reads. It blocks its thread while all slots are empty. */
export class PipeReader extends PipeSide {
  readonly #taken = new Uint8Array(slotBytes);
  #emptied = 0;

  /** Says that somebody reads. */
  begin(): void {
    Atomics.compareExchange(this.control, Control.reader, State.idle, State.running);
  }

  /** The next bytes, valid until the next call; undefined at the end. Throws PipeBroken. */
  next(): Uint8Array | undefined {
    for (;;) {
      // The state first: what was filled before the end is seen then.
      const state = this.state(Control.writer);
      const filled = Atomics.load(this.control, Control.filled);
      if (state === State.broken) throw new PipeBroken("the writer failed");
      if (filled > this.#emptied) {
        const slot = this.#emptied % this.count;
        const size = this.control[Control.sizes + slot] as number;
        copy(this.slots, slot * slotBytes, size, this.#taken, 0);
        this.#emptied++;
        this.advance(Control.emptied, this.#emptied);
        return this.#taken.subarray(0, size);
      }
      if (state === State.ended) return undefined;
      this.wait(Control.filled, filled);
    }
  }

  /** Everything was taken, and is where it is to be. */
  end(): void {
    this.set(Control.reader, State.ended, Control.emptied);
  }

  /** Gives up: the writer is not to go on. */
  break(): void {
    this.set(Control.reader, State.broken, Control.emptied);
  }
}
