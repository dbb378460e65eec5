import { isRelightError } from "../../errors.ts";
import { ArchiveWalk } from "../../formats/archive/archive-walk.ts";
import { idleV1, idleV2 } from "../../formats/archive/idle-sinks.ts";
import type { StreamMeta } from "../../formats/filestore/meta-inf.ts";
import { Kernels } from "../../formats/kernels/kernels.ts";
import { readFrom } from "../archive-edit/format-of.ts";

/** What a v1 archive says of its stream, at its beginning. Undefined of a v2 archive, and where that cannot be read. Throws FILE_SYSTEM. */
export function insideMeta(archive: string): StreamMeta | undefined {
  let found: StreamMeta | undefined;
  const stream = (meta: StreamMeta): void => {
    found = meta;
  };
  const walk = new ArchiveWalk({ v1: () => ({ ...idleV1, stream }), v2: () => idleV2 }, Kernels.create());
  try {
    readFrom(archive, (bytes) => {
      walk.push(bytes);
      return found === undefined && walk.format !== "v2";
    });
  } catch (error) {
    // Whoever reads on will meet the same, and say where.
    if (!isRelightError(error, "ARCHIVE_DAMAGED") && !isRelightError(error, "SNAPSHOT_INCOMPLETE")) throw error;
  }
  return found;
}
