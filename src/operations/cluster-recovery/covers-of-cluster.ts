import type { Sample } from "../../cluster/picture.ts";
import type { BackupCover } from "../../cluster/plan/plan-request.ts";
import type { BackupCovers } from "./read-backup-covers.ts";

/** The backups that count, and why the others do not: a stream of the same name on another cluster is another stream. Pure. */
export function coversOfCluster(
  { covers, refused }: BackupCovers,
  { servers }: Sample,
): { readonly covers: readonly BackupCover[]; readonly refused: readonly string[] } {
  const here = servers.flatMap(({ cluster }) => (typeof cluster === "string" ? [cluster] : []));
  const foreign = covers.filter(({ cluster }) => cluster !== null && here.length > 0 && !here.includes(cluster));
  return {
    covers: covers.filter((one) => !foreign.includes(one)).map(({ cover }) => cover),
    refused: [
      ...refused,
      ...foreign.map(({ cover, cluster }) => `${cover.path} (${cover.stream}): it is of the cluster ${cluster}`),
    ],
  };
}
