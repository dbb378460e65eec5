import type { Manifest } from "../../formats/directory/manifest.ts";
import type { PreparedRestore } from "./prepare-restore.ts";
import type { ReplacedStream } from "./replace-stream.ts";

type Stood = Pick<Manifest, "created"> & { readonly content: Pick<Manifest["content"], "streamLastSequence"> };

/**
 * Which streams of one run hold again what others have copied from them, as the servers of 2.15 do not see: a stream that was
 * deleted and restored is another one to them, and they would copy all of it once more. Those that copy are told, by `sources.db`.
 *
 * What copies is from the backup, or was put back; and so is what it copies from. An origin that was put back suits a copy of
 * the backup, and the other way round, where both are of the same stream, which its creation time tells.
 */
export class StandingOrigins {
  /** For copies from the backup: their origins, with the last sequence of each. */
  readonly restored: Map<string, number>;
  readonly #asTheyWere = new Map<string, number>();

  /** `restored`: what stands already, of the backup. It is written to. */
  constructor(restored = new Map<string, number>()) {
    this.restored = restored;
  }

  /** For copies that are put back. */
  get asTheyWere(): ReadonlyMap<string, number> {
    return this.#asTheyWere;
  }

  /** A stream will be restored in this run, or is: before its turn, since of two that source each other one comes first. */
  willStand({ plan }: Pick<PreparedRestore, "plan">): void {
    this.restored.set(plan.stream, plan.expected.streamLastSequence);
  }

  /** It is restored, and `replaced` stood there before. */
  stands(prepared: PreparedRestore, replaced: Pick<ReplacedStream, "created"> | undefined): void {
    const { plan } = prepared;
    if (isOfSame(prepared, replaced)) this.#asTheyWere.set(plan.stream, plan.expected.streamLastSequence);
  }

  /** What stood there before was put back. */
  putBack(stream: string, { content }: Stood): void {
    this.#asTheyWere.set(stream, content.streamLastSequence);
  }

  /** It was not restored; what was put back in its place, if anything, may do instead. */
  failed(prepared: PreparedRestore, replaced: Pick<ReplacedStream, "created"> | undefined): void {
    const { plan } = prepared;
    const last = this.#asTheyWere.get(plan.stream);
    if (last !== undefined && isOfSame(prepared, replaced)) this.restored.set(plan.stream, last);
    else this.restored.delete(plan.stream);
  }
}

/** Whether the backup is of the stream that stood there: both have the same creation time. */
function isOfSame({ facts, stored }: PreparedRestore, replaced: Pick<ReplacedStream, "created"> | undefined): boolean {
  const created = facts.inside?.created ?? stored.manifest?.created;
  const before = replaced?.created;
  return created !== undefined && before !== undefined && Date.parse(created) === Date.parse(before);
}
