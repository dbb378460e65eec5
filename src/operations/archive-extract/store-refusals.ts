import type { Refusal } from "../stream-restore/restore-plan.ts";
import type { Self, StorePicture } from "./extract-plan.ts";
import type { StoreUsers } from "./find-store-users.ts";

/** Why no stream can be put into a store directory, whichever it is. Pure. */
export function storeRefusals(store: StorePicture, self: Self): Refusal[] {
  const { directory, kind, raft, users, owner } = store;
  const refusals: Refusal[] = [];
  const refuse = (code: string, text: string, cure: string): void => {
    refusals.push({ code, text, cure });
  };
  if (kind === "missing") {
    refuse(
      "no-store",
      `${directory} is no directory`,
      "Give the server's store_dir; make it, if the server is a new one.",
    );
  }
  if (kind === "inside") {
    refuse(
      "inside-store",
      `${directory} is the inside of a store: it holds accounts`,
      "Give the directory above it, which the server's configuration names as store_dir.",
    );
  }
  if (kind === "other") {
    refuse(
      "no-store",
      `${directory} holds no jetstream directory, and is not empty: it is no store of a nats-server`,
      "Give the server's store_dir.",
    );
  }
  if (raft !== undefined) {
    refuse(
      "clustered",
      `${directory} belongs to a server of a cluster (${raft}), which deletes streams that the cluster does not know`,
      "Restore through the cluster: relight stream restore.",
    );
  }
  refusals.push(...inUseRefusals(directory, users));
  if (self && owner && self.uid !== 0 && self.uid !== owner.uid) {
    refuse(
      "owner",
      `${directory} belongs to user ${owner.uid}: a server of that user could not read the files of user ${self.uid}`,
      `Run this as user ${owner.uid}, or as root, who gives the files to that user.`,
    );
  }
  return refusals;
}

/** One for each process that uses the store. Pure. */
export function inUseRefusals(directory: string, { inUse }: StoreUsers): Refusal[] {
  return inUse.map(({ program, pid, evidence }) => ({
    code: "in-use",
    text: `${program} (process ${pid}) uses ${directory}: it ${evidence}`,
    cure: "Stop the server first, or restore through it: relight stream restore.",
  }));
}
