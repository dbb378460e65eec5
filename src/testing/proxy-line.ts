import type { Socket } from "node:net";

/** Which way bytes go through a proxy. */
export type Direction = "toServer" | "toClient";

/** What happens to a proxy's traffic in one direction; its connections share it, as they would share a link. */
export interface Link {
  /** How long every byte is under way. */
  delayMs: number;
  /** Infinity for no limit. */
  bytesPerSecond: number;
  stalled: boolean;
  /** Bytes handed on so far. */
  bytes: number;
  /** When the link has sent all that it was given, by performance.now(). */
  freeAt: number;
  /** What to do once `left` more bytes have been handed on. */
  trip: { left: number; readonly act: () => void } | undefined;
}

/** A free link that neither delays nor limits. */
export function newLink(delayMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY): Link {
  return { delayMs, bytesPerSecond, stalled: false, bytes: 0, freeAt: 0, trip: undefined };
}

/** What is under way: bytes, or the end of the stream. */
interface Parcel {
  readonly dueAt: number;
  readonly bytes: Buffer | undefined;
}

/**
 * One direction of one proxied connection: a line that bytes enter at once and leave later, in order. A delay does not
 * lower the throughput, since any number of bytes can be under way (up to a bound that is there for the memory).
 */
export class ProxyLine {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #link: Link;
  readonly #capacity: number;
  #parcels: Parcel[] = [];
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, target: Socket, link: Link) {
    this.#source = source;
    this.#target = target;
    this.#link = link;
    const limited = Number.isFinite(link.bytesPerSecond);
    // A limited link holds what is under way and a small buffer, or the sender would believe it to be fast.
    const product = (link.bytesPerSecond * link.delayMs) / 1000;
    this.#capacity = limited ? product + 128 * 1024 : link.delayMs > 0 ? 128 * 2 ** 20 : 2 ** 20;
    source.on("data", (bytes: Buffer) => this.#enter(bytes));
    source.on("end", () => this.#enqueue(undefined));
    target.on("drain", () => this.pump());
    target.on("close", () => clearTimeout(this.#timer));
  }

  #enter(bytes: Buffer): void {
    const { bytesPerSecond } = this.#link;
    // Small pieces make a slow link steady instead of jerky: about 100 a second.
    const piece = Number.isFinite(bytesPerSecond) ? Math.max(512, Math.floor(bytesPerSecond / 100)) : bytes.length;
    for (let at = 0; at < bytes.length; at += piece) this.#enqueue(bytes.subarray(at, at + piece));
    if (this.#underWay >= this.#capacity) this.#source.pause();
  }

  #enqueue(bytes: Buffer | undefined): void {
    const link = this.#link;
    const length = bytes?.length ?? 0;
    const begins = Math.max(performance.now(), link.freeAt);
    link.freeAt = begins + (length / link.bytesPerSecond) * 1000;
    this.#parcels.push({ dueAt: link.freeAt + link.delayMs, bytes });
    this.#underWay += length;
    if (this.#parcels.length === 1) this.pump();
  }

  /** Hands on what is due; called when something is due, when the target takes more, and after a stall. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let taken = 0;
    const now = performance.now();
    for (const parcel of this.#parcels) {
      if (this.#link.stalled || this.#target.destroyed || this.#target.writableNeedDrain) break;
      if (parcel.dueAt > now) {
        this.#timer = setTimeout(() => this.pump(), Math.max(1, parcel.dueAt - now));
        break;
      }
      if (parcel.bytes === undefined) this.#target.end();
      else if (!this.#leave(parcel, taken)) return;
      taken++;
    }
    if (taken > 0) this.#parcels = taken === this.#parcels.length ? [] : this.#parcels.slice(taken);
    if (this.#source.isPaused() && !this.#link.stalled && this.#underWay < this.#capacity / 2) this.#source.resume();
  }

  /** False when a tripwire took over in the middle of a parcel. */
  #leave({ bytes, dueAt }: Parcel, index: number): boolean {
    const link = this.#link;
    const whole = bytes as Buffer;
    const trip = link.trip;
    const tripped = trip !== undefined && whole.length >= trip.left;
    const now = tripped ? whole.subarray(0, trip.left) : whole;
    this.#underWay -= now.length;
    link.bytes += now.length;
    if (!tripped) {
      if (trip) trip.left -= now.length;
      this.#target.write(now);
      return true;
    }
    this.#parcels = this.#parcels.slice(index + 1);
    const rest = whole.subarray(now.length);
    if (rest.length > 0) this.#parcels.unshift({ dueAt, bytes: rest });
    // No other connection may pass the wire while these bytes are on their way into the kernel.
    link.trip = undefined;
    link.stalled = true;
    this.#target.write(now, () => trip.act());
    return false;
  }

  /** Stops reading, so that the sender feels the stall once the buffers between are full. */
  stall(): void {
    clearTimeout(this.#timer);
    this.#source.pause();
  }
}
