import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StreamConfig } from "../../jetstream/api-types.ts";
import { insideMeta } from "./inside-meta.ts";
import type { StoredStream } from "./read-backup.ts";
import { unpackTgz } from "./unpack-tgz.ts";

export interface OpenedArchive extends AsyncDisposable {
  /** With an `archive` that a server takes as it is. */
  readonly stored: StoredStream;
}

/**
 * Makes an archive ready to be sent: the data of the older CLI's layout is turned into a snapshot first. Where nothing beside it
 * says what stream it is of, what is inside does.
 */
export async function openArchive(stored: StoredStream): Promise<OpenedArchive> {
  if (stored.container === "s2") return { stored: described(stored), [Symbol.asyncDispose]: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), "relight-tgz-"));
  const dispose = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const archive = join(directory, "stream.tar.s2");
    const { bytes, stream } = await unpackTgz(stored.archive, archive);
    return {
      stored: described({ ...stored, archive, archiveBytes: bytes, container: "s2", stream: stream || stored.stream }),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function described(stored: StoredStream): StoredStream {
  const inside = stored.config ? undefined : insideMeta(stored.archive);
  if (!inside) return stored;
  const { config, created } = inside;
  return { ...stored, stream: inside.name, config: config as StreamConfig, created };
}
