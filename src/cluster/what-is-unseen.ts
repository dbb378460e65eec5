import type { Sample } from "./picture.ts";
import { isSeen, isUnseen, type Unseen, type UnseenReason } from "./unseen.ts";

/** A part of the cluster that a sample could not see. */
export interface BlindSpot {
  /** What is not seen, and what that means. */
  readonly what: string;
  readonly why: UnseenReason;
  /** What the server or the client said; null: nothing. */
  readonly detail: string | null;
  /** How to see it. */
  readonly cure: string;
}

const cures: Readonly<Record<UnseenReason, string>> = {
  "no-system-credential": "give a credential of the system account: --system-creds, --system-user or --system-context",
  "no-account-credential": "give a credential of that account too: --account-context or --account-creds",
  "no-answer": "look again in half a minute",
  "not-told": "look again in half a minute",
  forbidden: "allow the subject for this user",
  refused: "use a user of the system account for --system-creds, --system-user or --system-context",
};

/** All that a sample could not see, so that nobody takes silence for health. */
export function whatIsUnseen({ sight, meta, servers, accounts }: Sample): readonly BlindSpot[] {
  const spots: BlindSpot[] = [];
  // What the meta group alone knows stays unknown until it has a leader, however often one looks.
  const headless =
    isSeen(meta) && meta.leader === null ? "bring servers back until the meta group has a leader" : undefined;
  const add = (what: string, { unseen, detail }: Unseen, cure = cures[unseen]): void => {
    spots.push({ what, why: unseen, detail: detail ?? null, cure });
  };
  if (isUnseen(sight.system)) {
    add("servers, meta group, other accounts and each replica's own state", sight.system);
  } else if (isUnseen(meta) && servers.length > 1) {
    add("the meta group", meta);
  } else if (isSeen(meta) && isUnseen(meta.peers)) {
    add("the members of the meta group: a dead one may be missing among the servers", meta.peers, headless);
  }
  const silent = servers.filter(({ jetstream, answers }) => answers === true && isUnseen(jetstream));
  for (const { name, jetstream } of silent) if (isUnseen(jetstream)) add(`JetStream on ${name}`, jetstream);
  for (const { name, jetstream, answers } of servers) {
    if (answers === true && isSeen(jetstream) && jetstream.enabled && isUnseen(jetstream.streams)) {
      add(`the replicas on ${name}`, jetstream.streams);
    }
  }
  const others = accounts.filter(
    ({ inventory }) => isUnseen(inventory) && inventory.unseen === "no-account-credential",
  );
  if (others.length > 0) {
    add(
      `lost R1 streams of ${others.length === 1 ? "account" : "accounts"} ${others.map(({ name }) => name).join(", ")}: of these only what living servers hold is seen`,
      { unseen: "no-account-credential" },
    );
  }
  for (const { name, inventory } of accounts) {
    if (isUnseen(inventory) && inventory.unseen !== "no-account-credential") {
      const later = inventory.unseen === "refused" ? cures["no-answer"] : cures[inventory.unseen];
      // Of a list it is not told only where a server besides this cluster's may have given it.
      const cure =
        inventory.unseen === "not-told"
          ? "give it a JetStream domain of its own"
          : inventory.unseen === "forbidden"
            ? later
            : (headless ?? later);
      add(`the list of streams of account ${name}: lost R1 streams may be missing`, inventory, cure);
    }
  }
  if (isUnseen(sight.account) && sight.account.unseen !== "no-account-credential") {
    add("the name of this account", sight.account, "allow the subject $SYS.REQ.USER.INFO for this user");
  }
  return spots;
}
