import type { IndexedSubject } from "../filestore/encode-index-db.ts";
import type { EntryRows, Kernels } from "../kernels/kernels.ts";

/** Bytes of a slot: see kernels/subject-count.ts. */
const slotBytes = 32;
/** More subjects than half of these are not counted: the table alone would take 8 MiB more. */
const maxSlots = 256 * 1024;
const arenaBytes = 128 * 1024;
const maxArenas = 64;

/** Counts the messages of each subject, and the blocks that they begin and end in. */
export class SubjectCounts {
  readonly #kernels: Kernels;
  #slots = 0;
  #table = 0;
  /** Slots that may still be taken: half of them, so that looking for one stays short. */
  #room = 0;
  #arenas = 0;
  #arena = 0;
  #arenaEnd = 0;
  #size = 0;

  /** @param kernels whose memory the rows lie in */
  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    this.#enlarge(1024);
  }

  /** How many subjects there are. */
  get size(): number {
    return this.#size;
  }

  /** Counts rows, which lie in a block with this number. False: there are too many subjects, and the counts are of no use. */
  count(rows: EntryRows, from: number, to: number, block: number): boolean {
    for (let row = from; row < to; ) {
      const before = this.#room;
      const { count, room, arena } = this.#kernels.countSubjects(rows, row, to, block, {
        at: this.#table,
        slots: this.#slots,
        room: before,
        arena: this.#arena,
        arenaEnd: this.#arenaEnd,
      });
      row += count;
      this.#size += before - room;
      this.#room = room;
      this.#arena = arena;
      if (row === to) break;
      if (room === 0) {
        if (this.#slots === maxSlots) return false;
        this.#enlarge(this.#slots * 4);
      } else if (!this.#beginArena(rows.nameLength[row] as number)) return false;
    }
    return true;
  }

  /** In no order. Views of the kernels' memory. */
  *subjects(): Generator<IndexedSubject> {
    const { bytes, view } = this.#kernels;
    for (let slot = this.#table; slot < this.#table + this.#slots * slotBytes; slot += slotBytes) {
      const at = view.getUint32(slot, true);
      if (at === 0) continue;
      yield {
        subject: bytes.subarray(at, at + view.getUint32(slot + 4, true)),
        firstBlock: view.getUint32(slot + 8, true),
        lastBlock: view.getUint32(slot + 12, true),
        messages: Number(view.getBigUint64(slot + 16, true)),
      };
    }
  }

  #enlarge(slots: number): void {
    const at = this.#kernels.allocate(slots * slotBytes);
    this.#kernels.bytes.fill(0, at, at + slots * slotBytes);
    if (this.#slots > 0) this.#kernels.moveSubjects({ at: this.#table, slots: this.#slots }, { at, slots });
    this.#table = at;
    this.#slots = slots;
    this.#room = slots / 2 - this.#size;
  }

  #beginArena(bytes: number): boolean {
    if (this.#arenas === maxArenas || bytes > arenaBytes) return false;
    this.#arenas++;
    this.#arena = this.#kernels.allocate(arenaBytes);
    this.#arenaEnd = this.#arena + arenaBytes;
    return true;
  }
}
