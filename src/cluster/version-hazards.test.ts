import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clusterRules, versionHazards } from "./version-hazards.ts";

const ids = (...versions: string[]): string[] => versionHazards(versions).map(({ id }) => id);

describe("the rules of cluster recovery by server version", () => {
  it("CP-50: gives up to 2.11, 2.12 to 2.14, and 2.15 their own ways out of a lost quorum", () => {
    const rows = ["2.9.10", "2.11.11", "2.12.3", "2.14.6", "2.15.1"].map((version) => {
      const rules = clusterRules([version]);
      return [
        version,
        rules.emptyReplicasOutvote,
        rules.evictsDeadPeers,
        rules.scaleDownNeedsOfflineFlag,
        rules.metaRescue,
        rules.newNodesGiveMetaQuorum,
      ];
    });
    assert.deepEqual(rows, [
      ["2.9.10", true, false, true, false, true],
      ["2.11.11", true, false, true, false, true],
      ["2.12.3", false, false, true, false, false],
      ["2.14.6", false, false, true, false, false],
      ["2.15.1", false, true, false, true, false],
    ]);
  });

  it("CP-51: takes the capabilities that all servers have, and the hazards of each", () => {
    const mixed = clusterRules(["2.15.1", "2.10.27", "2.15.1"]);
    assert.deepEqual(mixed.versions, ["2.10.27", "2.15.1"]);
    assert.equal(mixed.emptyReplicasOutvote, true);
    assert.equal(mixed.mayPickOfflinePeer, true);
    assert.equal(mixed.evacuate, false);
    assert.equal(mixed.newNodesGiveMetaQuorum, false);
    assert.deepEqual(ids("2.15.1", "2.10.27"), ["membership", "mixed-versions"]);
  });

  it("CP-52: takes the most careful rules where no version is known", () => {
    for (const versions of [[], ["unknown"]]) {
      const rules = clusterRules(versions);
      assert.equal(rules.emptyReplicasOutvote, true);
      assert.equal(rules.scaleDownNeedsOfflineFlag, true);
      assert.equal(rules.newNodesGiveMetaQuorum, false);
      assert.equal(rules.metaRescue, false);
    }
  });

  it("knows when a removal is answered after its commit", () => {
    const answers = ["2.10.29", "2.11.11", "2.11.12", "2.12.2", "2.12.3", "2.15.1"].map(
      (version) => clusterRules([version]).removeAnswersAfterCommit,
    );
    assert.deepEqual(answers, [false, false, true, false, true, true]);
  });

  it("F43: names versions that forget streams, and those whose admin API is open to all", () => {
    assert.deepEqual(ids("2.10.21"), ["lost-streams", "open-admin-api", "membership"]);
    assert.deepEqual(ids("2.11.0"), ["open-admin-api", "membership"]);
    assert.deepEqual(ids("2.15.1"), []);
  });
});
