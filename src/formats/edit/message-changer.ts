import type { EntryBatch } from "../archive/archive-sink.ts";
import type { OpenJson } from "../filestore/meta-inf.ts";
import { headerBlock, headerFields } from "../header-block.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { SubjectTable } from "../subjects/subject-table.ts";
import type { ArchiveEdit } from "./archive-edit.ts";
import { type MessageChange, MessageRewriter } from "./message-rewriter.ts";

/** Subjects whose new name is remembered. */
const maxSubjects = 64 * 1024;
const zero = 0x30;
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Gives messages their new subjects and, obfuscated, headers and payloads; hands on others as they are. */
export class MessageChanger {
  readonly #edit: ArchiveEdit;
  readonly #kernels: Kernels;
  readonly #write: (batch: EntryBatch) => void;
  readonly #rewriter: MessageRewriter | undefined;
  readonly #subjects = new SubjectTable();
  readonly #names: (Uint8Array | undefined)[] = [];
  /** A counter's payload is its total: without it, it would not count on. */
  readonly #keepsPayload: boolean;

  constructor(kernels: Kernels, edit: ArchiveEdit, config: OpenJson, write: (batch: EntryBatch) => void) {
    this.#edit = edit;
    this.#kernels = kernels;
    this.#write = write;
    this.#keepsPayload = config.allow_msg_counter === true;
    if (edit.subjects || edit.obfuscate) this.#rewriter = new MessageRewriter(kernels, write);
  }

  messages(batch: EntryBatch): void {
    if (this.#rewriter) this.#rewriter.messages(batch, (row) => this.#change(batch, row));
    else this.#write(batch);
  }

  #change(batch: EntryBatch, row: number): MessageChange {
    const subject = this.#subject(batch, row);
    const name = subject ? { subject } : {};
    const { obfuscate } = this.#edit;
    if (!obfuscate) return name;
    const fill = this.#keepsPayload ? {} : { fill: zero };
    const headerLength = batch.rows.headerLength[row] as number;
    if (headerLength === 0) return { ...name, ...fill };
    const at = (batch.rows.offset[row] as number) + (batch.rows.nameLength[row] as number);
    const fields = headerFields(this.#kernels.bytes.subarray(at, at + headerLength));
    return { ...name, ...fill, headers: headerBlock(obfuscate.headers(fields)) };
  }

  #subject({ rows }: EntryBatch, row: number): Uint8Array | undefined {
    if (this.#subjects.size >= maxSubjects) {
      this.#subjects.clear();
      this.#names.length = 0;
    }
    const at = rows.offset[row] as number;
    const length = rows.nameLength[row] as number;
    const number = this.#subjects.number(this.#kernels.bytes, at, length);
    if (number === this.#names.length) {
      const old = utf8.decode(this.#kernels.bytes.subarray(at, at + length));
      const mapped = this.#edit.subjects?.rename(old) ?? old;
      const name = this.#edit.obfuscate?.subject(mapped) ?? mapped;
      this.#names.push(name === old ? undefined : encoder.encode(name));
    }
    return this.#names[number];
  }
}
