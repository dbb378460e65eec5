/** Every kind of stream with one replica and with three, through a backup and a restore on clusters of three nodes. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { LocalCluster } from "../../local/local-cluster.ts";
import { type BackedUpAccount, backUpAccount, deleteAccount } from "../../testing/matrix/backed-up-account.ts";
import { settleCluster, stepDownAll } from "../../testing/matrix/clustered-streams.ts";
import { differencesOf, restoreAccount, unexpectedOutcome } from "../../testing/matrix/restored-account.ts";
import { openTestSession } from "../../testing/open-test-session.ts";
import { createStreamKinds, kindsFor } from "../../testing/stream-kinds.ts";

const all = process.env.RELIGHT_MATRIX === "all";
/** What differs in a cluster is consumers, gaps and the blocks' way to the followers; the others run in test:matrix. */
const chosen = "headers empty purged gaps key-value work-queue interest consumers memory multi-block".split(" ");

for (const version of all ? ["2.10", "2.12", "2.14", "2.15"] : ["2.15"]) {
  describe(`streams in a cluster of nats-server ${version}`, { timeout: 400_000 }, () => {
    // In a cluster a restored stream is a new one by its creation time, and 2.15 copies everything anew from such, once another
    // replica than the one it was restored to leads. The plan warns of it; restored-sources.test.ts has more.
    const copiesAgain = (kind: string, replicas: number): boolean =>
      kind === "sources" && version === "2.15" && replicas > 1;
    let directory: string;
    let cluster: LocalCluster;
    let nc: NatsConnection;

    // Each on a cluster of its own: on 2.10 what has the names of streams that were just deleted may not be removed from work queues.
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), "relight-matrix-"));
      cluster = await LocalCluster.start({ version, maxPayload: all ? 16 * 1024 * 1024 : undefined });
      nc = await connect({ servers: [...cluster.urls] });
    });
    afterEach(async () => {
      await nc?.close();
      await cluster?.stop();
      await rm(directory, { recursive: true, force: true });
    });

    for (const replicas of [1, 3]) {
      it(`come back with ${replicas} of ${replicas} replicas, message by message`, async (t) => {
        const kinds = kindsFor(nc, { replicas }).filter(({ name }) =>
          all ? !copiesAgain(name, replicas) : chosen.includes(name),
        );
        const created = await createStreamKinds(nc, kinds, { replicas });
        await settleCluster(nc, replicas);
        await using session = await openTestSession(cluster.url);
        const account: BackedUpAccount = await backUpAccount(session, nc, created, join(directory, `${replicas}`));
        await deleteAccount(session, created);

        const results = await restoreAccount(session, account);
        const wrong = account.streams.map(({ name }) => unexpectedOutcome(name, results.get(name), "restored"));
        assert.deepEqual(
          wrong.filter((line) => line !== undefined),
          [],
        );
        await settleCluster(nc, replicas);
        const pair = { from: cluster.version, to: cluster.version, clustered: true };
        // Seen once, and never again in 26 runs: consumers of a work queue that showed num_pending 0 instead of 180 here. If
        // that settles by itself it is said; if it stays, messages may not be handed out, and this fails.
        const waited = Date.now();
        let differences = await differencesOf(nc, account.streams, pair);
        const first = differences;
        for (; differences !== "" && Date.now() - waited < 20_000; await sleep(500)) {
          differences = await differencesOf(nc, account.streams, pair);
        }
        if (first !== "")
          t.diagnostic(`after ${Date.now() - waited} ms ${differences === "" ? "gone" : "still there"}: ${first}`);
        assert.equal(differences, "");

        if (replicas > 1) {
          // Another replica answers now, with what it was sent.
          await stepDownAll(nc);
          assert.equal(await differencesOf(nc, account.streams, pair), "", "after another replica became the leader");
        }
      });
    }
  });
}
