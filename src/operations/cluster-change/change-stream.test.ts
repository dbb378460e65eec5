import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { StreamChange } from "../../cluster/change/stream-change.ts";
import { clusterRules } from "../../cluster/version-hazards.ts";
import { isRelightError } from "../../errors.ts";
import { isWide } from "../../testing/cluster-harness/scenario-versions.ts";
import { clusterVersions } from "../../testing/cluster-versions.ts";
import { compareStreams } from "../../testing/compare-streams.ts";
import { RecoveryCluster } from "../../testing/recovery-cluster.ts";
import { ShippedSchemas } from "../../testing/shipped-schemas.ts";
import { recoveryPlaces } from "../cluster-recovery/recovery-places.ts";
import { FileLock } from "../files/file-lock.ts";
import type { ChangeOutcome } from "./change-outcome.ts";
import { type ChangeStreamRequest, changeStream } from "./change-stream.ts";

const schemas = new ShippedSchemas();

for (const version of clusterVersions("2.10", "2.15")) {
  describe(`changeStream, nats-server ${version}`, { timeout: 200_000 }, () => {
    let at: RecoveryCluster;
    let group: readonly string[];
    let spare: string;

    before(async () => {
      at = await RecoveryCluster.start({ version, size: 4 });
      group = await at.fillReplicated("THREE", 3);
      spare = ["n1", "n2", "n3", "n4"].find((name) => !group.includes(name)) ?? "";
      await at.fillOneOn("n2", "ONE");
    });
    after(() => at?.[Symbol.asyncDispose]());

    /** Where a leader was elected between its two looks, as on a busy machine now and then, it is asked again. */
    async function change(wanted: StreamChange, request: Partial<ChangeStreamRequest> = {}): Promise<ChangeOutcome> {
      for (const until = Date.now() + 30_000; ; ) {
        const outcome = await changeOnce(wanted, request);
        const electing = outcome.blockers.some(
          ({ code, text }) => code === "meta-leader" || /has no leader that two looks agree on/.test(text),
        );
        if (!electing || Date.now() > until) return outcome;
      }
    }

    async function changeOnce(wanted: StreamChange, request: Partial<ChangeStreamRequest>): Promise<ChangeOutcome> {
      const outcome = await changeStream({
        change: wanted,
        account: at.session,
        system: at.system,
        ledger: at.at("ledger.json"),
        force: false,
        dryRun: false,
        tool: "test",
        gapMs: 1_500,
        ...request,
      });
      schemas.check("cluster-change", outcome);
      return outcome;
    }
    const leaderOf = async (stream: string): Promise<string> =>
      (await at.session.api.streamInfo(stream)).cluster?.leader ?? "";

    it("lets another replica lead, the wanted one where the version can; without the system account too", async () => {
      const before = await leaderOf("THREE");
      const any = await change({ verb: "step-down", stream: "THREE", preferred: null }, { system: undefined });
      assert.equal(any.status, "done", JSON.stringify(any));
      assert.notEqual(await leaderOf("THREE"), before);
      const next = group.find((name) => name !== before) ?? "";
      const now = await leaderOf("THREE");
      const wanted = now === next ? before : next;
      const chosen = await change({ verb: "step-down", stream: "THREE", preferred: wanted }, { system: undefined });
      if (clusterRules([at.cluster.version]).preferredLeader) {
        assert.equal(chosen.status, "done", JSON.stringify(chosen));
        assert.equal(await leaderOf("THREE"), wanted);
      } else {
        assert.deepEqual([chosen.status, chosen.blockers[0]?.code], ["refused", "version"]);
        assert.equal(await leaderOf("THREE"), now, "nothing was touched");
      }
    });

    it("F33: refuses to take the only replica away, and touches nothing", async () => {
      const contents = await at.contents("ONE");
      const outcome = await change({ verb: "peer-remove", stream: "ONE", server: "n2" });
      assert.deepEqual([outcome.status, outcome.blockers[0]?.code, outcome.record], ["refused", "last-copy", null]);
      assert.deepEqual(compareStreams(contents[0] as never, (await at.contents("ONE"))[0] as never), []);
    });

    it("moves it to another server with every message and consumer, again and again", async () => {
      const [contents] = await at.contents("ONE");
      // 2.10 itself forgets consumers' positions from the second move on.
      for (let moves = isWide ? 4 : 1; moves > 0; moves--) {
        const home = await leaderOf("ONE");
        const outcome = await change({ verb: "move", stream: "ONE", server: home });
        assert.equal(outcome.status, "done", JSON.stringify(outcome));
        assert.notEqual(await leaderOf("ONE"), home);
        assert.equal((await at.session.api.streamInfo("ONE")).config.num_replicas, 1);
        const [moved] = await at.contents("ONE");
        assert.ok(contents && moved);
        assert.deepEqual(compareStreams(contents, moved), []);
      }
    });

    it("replaces a replica, and is done when the new one has all", async () => {
      const [contents] = await at.contents("THREE");
      const leader = await leaderOf("THREE");
      const victim = group.find((name) => name !== leader) ?? "";
      const shown = await change({ verb: "peer-remove", stream: "THREE", server: victim }, { dryRun: true });
      assert.equal(shown.status, "planned", JSON.stringify(shown));
      const declined = await change(
        { verb: "peer-remove", stream: "THREE", server: victim },
        { confirm: async () => false },
      );
      assert.equal(declined.status, "declined");
      const outcome = await change({ verb: "peer-remove", stream: "THREE", server: victim });
      assert.equal(outcome.status, "done", JSON.stringify(outcome));
      const { cluster } = await at.session.api.streamInfo("THREE");
      assert.deepEqual(
        [...(await at.homes("THREE"))].sort(),
        group
          .filter((name) => name !== victim)
          .concat(spare)
          .sort(),
      );
      assert.ok(cluster?.replicas?.every(({ current }) => current));
      const [after] = await at.contents("THREE");
      assert.ok(contents && after);
      assert.deepEqual(compareStreams(contents, after), []);
    });

    it("refuses where no server can take the replica, as those before 2.15 would drop it all the same", async () => {
      const members = await at.fillReplicated("FOUR", 3);
      const fourth = ["n1", "n2", "n3", "n4"].find((name) => !members.includes(name)) ?? "";
      await at.cluster.node(fourth).terminate("SIGTERM");
      await at.reconnect();
      const outcome = await change({ verb: "peer-remove", stream: "FOUR", server: members[1] ?? "" });
      assert.deepEqual([outcome.status, outcome.blockers.map(({ code }) => code)], ["refused", ["no-candidate"]]);
      assert.equal((await at.session.api.streamInfo("FOUR")).cluster?.replicas?.length, 2);
      const forced = await change({ verb: "peer-remove", stream: "FOUR", server: members[1] ?? "" }, { force: true });
      assert.equal(forced.forced, true);
      const { cluster: left } = await at.session.api.streamInfo("FOUR");
      if (clusterRules([at.cluster.version]).mayPickOfflinePeer) {
        // It was given to the dead one: done, and not whole.
        assert.equal(forced.status, "done", JSON.stringify(forced));
        assert.match(forced.left.join(), new RegExp(`has 2 of 3 replicas that answer; ${fourth} does not answer`));
      } else {
        assert.equal(forced.status, "failed", JSON.stringify(forced));
        assert.equal(left?.replicas?.length, 1, "it dropped the peer");
      }
    });

    it("says at once that a name is none, and waits for nobody who is at work on the cluster", async () => {
      await assert.rejects(change({ verb: "move", stream: "NOPE", server: "n1" }), (error) =>
        isRelightError(error, "STREAM_NOT_FOUND"),
      );
      await assert.rejects(change({ verb: "move", stream: "THREE", server: "n9" }), (error) =>
        isRelightError(error, "USAGE"),
      );
      await using _ = await FileLock.take(recoveryPlaces(at.at("ledger.json")).lock, { waitMs: 0, what: "it" });
      await assert.rejects(change({ verb: "step-down", stream: "THREE", preferred: null }), (error) =>
        isRelightError(error, "LOCKED"),
      );
    });
  });
}
