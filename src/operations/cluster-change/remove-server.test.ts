import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { clusterVersions, wideClusterTests } from "../../testing/cluster-versions.ts";
import { compareStreams } from "../../testing/compare-streams.ts";
import { RecoveryCluster } from "../../testing/recovery-cluster.ts";
import { ShippedSchemas } from "../../testing/shipped-schemas.ts";
import { recoveryPlaces } from "../cluster-recovery/recovery-places.ts";
import type { ChangeOutcome } from "./change-outcome.ts";
import type { ChangeOptions } from "./change-stream.ts";
import { type RemoveServerRequest, removeServer } from "./remove-server.ts";

const schemas = new ShippedSchemas();

for (const version of clusterVersions("2.15")) {
  describe(`removeServer, nats-server ${version}`, { timeout: 200_000 }, () => {
    let at: RecoveryCluster;
    let group: readonly string[];
    let victim: string;

    before(async () => {
      at = await RecoveryCluster.start({ version, size: 4 });
      group = await at.fillReplicated("THREE", 3);
      victim = group[1] ?? "";
      await at.fillOneOn(victim, "ONE");
      await at.goodDay();
    });
    after(() => at?.[Symbol.asyncDispose]());

    async function remove(
      server: string,
      request: Partial<RemoveServerRequest> = {},
      options: ChangeOptions = {},
    ): Promise<ChangeOutcome> {
      const wanted: RemoveServerRequest = {
        server,
        system: at.system,
        account: at.session,
        words: { released: [], restore: [], drain: [], withoutSpare: false },
        ledger: at.at("ledger.json"),
        force: false,
        dryRun: false,
        gapMs: 1_500,
        tool: "test",
        ...request,
      };
      const outcome = await removeServer(wanted, options);
      schemas.check("cluster-change", outcome);
      return outcome;
    }
    /** Where the server that was stopped led something, that elects first. */
    async function removeSettled(server: string): Promise<ChangeOutcome> {
      for (const until = Date.now() + 30_000; ; ) {
        const outcome = await remove(server);
        if (!/leader|not seen in two/.test(JSON.stringify(outcome.blockers)) || Date.now() > until) return outcome;
      }
    }
    const codes = ({ blockers }: ChangeOutcome): readonly string[] => [...new Set(blockers.map(({ code }) => code))];

    it("removes nothing that answers, not by force either, and nothing that nobody knows", async () => {
      for (const force of [false, true]) {
        const outcome = await remove(victim, { force });
        assert.deepEqual([outcome.status, codes(outcome)], ["refused", ["answers"]]);
      }
      await assert.rejects(
        remove("n9"),
        (error) => isRelightError(error, "USAGE") && /n1, n2, n3, n4/.test(error.hint),
      );
    });

    it("F33: removes nothing whose last copy is in no backup; says what becomes of every stream on it", async () => {
      await at.cluster.node(victim).terminate("SIGTERM");
      await at.reconnect();
      const outcome = await removeSettled(victim);
      assert.deepEqual([outcome.status, codes(outcome)], ["refused", ["r1-uncovered"]], JSON.stringify(outcome));
      const seen = outcome.step?.evidence.join("\n") ?? "";
      assert.match(seen, /APP\/ONE: every replica is on what is gone/);
      assert.match(seen, /APP\/THREE: n\d can take its replica/);
    });

    it("F31: removes it where a backup covers that, is done when all is whole, and says what is left to be done", async () => {
      const [contents] = await at.contents("THREE");
      const shown = await remove(victim, { backups: [at.at("all")], dryRun: true });
      assert.equal(shown.status, "planned", JSON.stringify(shown));
      const outcome = await remove(victim, { backups: [at.at("all")] });
      assert.equal(outcome.status, "done", JSON.stringify(outcome));
      assert.match(outcome.summary, /verified after [\d.]+ s/);
      assert.match(outcome.left.join("\n"), /restore: [^\n]*APP\/ONE[\s\S]*relight cluster apply --gone/);
      const { cluster } = await at.session.api.streamInfo("THREE");
      assert.ok(
        cluster?.replicas?.length === 2 && cluster.replicas.every(({ current, name }) => current && name !== victim),
      );
      const [now] = await at.contents("THREE");
      assert.ok(contents && now);
      assert.deepEqual(compareStreams(contents, now), []);
      const again = await remove(victim);
      assert.equal(again.status, "nothing", JSON.stringify(again));
    });

    it("leaves streams short of a replica by the operator's word only", {
      skip: !wideClusterTests && "npm run test:cluster",
    }, async () => {
      const recovered = await at.recover({ gone: [victim] }, { backups: [at.at("all")] });
      assert.equal(recovered.status, "recovered", JSON.stringify(recovered));
      const { cluster } = await at.session.api.streamInfo("ONE");
      const next = group.find((name) => name !== victim && name !== cluster?.leader) ?? "";
      await at.cluster.node(next).terminate("SIGTERM");
      await at.reconnect();
      const refused = await removeSettled(next);
      assert.deepEqual([refused.status, codes(refused)], ["refused", ["comes-first"]]);
      assert.match(refused.blockers[0]?.text ?? "", /add-node/);
      const { lock } = recoveryPlaces(at.at("ledger.json"));
      const locked: boolean[] = [];
      const onEvent: ChangeOptions["onEvent"] = ({ kind }) => {
        if (kind === "step-begun" || kind === "step-ended") locked.push(existsSync(lock));
      };
      const forced = await remove(next, { force: true }, { onEvent });
      assert.deepEqual([forced.status, forced.forced], ["done", true], JSON.stringify(forced));
      assert.deepEqual(locked, [true, true], "nobody else may begin a recovery meanwhile");
      const info = await at.session.api.streamInfo("THREE");
      assert.equal(info.cluster?.replicas?.length, 1);
      assert.equal(info.state.messages, 400);
    });
  });
}
