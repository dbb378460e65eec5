import type { Sample } from "../../cluster/picture.ts";
import type { BackupCover } from "../../cluster/plan/plan-request.ts";
import { isSeen } from "../../cluster/unseen.ts";
import { parseServerVersion, type ServerVersion } from "../../jetstream/server-version.ts";
import { neverRestorable } from "../stream-restore/never-restorable.ts";
import type { BackupCovers, FoundCover } from "./read-backup-covers.ts";

/**
 * The backups that count, and why the others do not: a stream of the same name on another cluster is another stream, and what no server
 * here takes back stands in for nothing. Pure.
 */
export function coversOfCluster(
  { covers, refused }: BackupCovers,
  { servers, takenAt }: Sample,
): { readonly covers: readonly BackupCover[]; readonly refused: readonly string[] } {
  const here = servers.flatMap(({ cluster }) => (typeof cluster === "string" ? [cluster] : []));
  const versions = new Map<string, ServerVersion>();
  for (const { version, answers } of servers) {
    const parsed = answers === true && isSeen(version) ? parseServerVersion(version) : undefined;
    if (parsed) versions.set(parsed.text, parsed);
  }
  const whyNot = ({ cluster, stored }: FoundCover): string | null => {
    if (cluster !== null && here.length > 0 && !here.includes(cluster)) return `it is of the cluster ${cluster}`;
    for (const version of versions.values()) {
      const refusal = neverRestorable(stored, version, Date.parse(takenAt));
      if (refusal) return `it could not be restored: ${refusal.text}`;
    }
    return null;
  };
  const judged = covers.map((one) => ({ ...one, why: whyNot(one) }));
  return {
    covers: judged.flatMap(({ cover, why }) => (why === null ? [cover] : [])),
    refused: [
      ...refused,
      ...judged.flatMap(({ cover, why }) => (why === null ? [] : [`${cover.path} (${cover.stream}): ${why}`])),
    ],
  };
}
