import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClusterInfo, ReplicaInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { replicasBehind, whatIsBehind } from "./replicas-behind.ts";

const replica = (name: string, seen: Partial<ReplicaInfo> = {}): ReplicaInfo => ({
  ...{ name, current: true, active: 300_000_000, lag: 0 },
  ...seen,
});
const led = (...replicas: readonly ReplicaInfo[]): { readonly cluster: ClusterInfo } => ({
  cluster: { leader: "n1", replicas },
});

describe("what is behind after a restore", () => {
  it("is nothing where all replicas are current, or lack only what is on its way", () => {
    assert.deepEqual(whatIsBehind(led(replica("n2"), replica("n3")), []), { text: undefined, worthWaiting: false });
    const underWay = replica("n3", { current: false, lag: 3, active: 200_000_000 });
    assert.equal(whatIsBehind(led(replica("n2"), underWay), []).text, undefined);
  });

  it("names the servers that still copy, and the one that must not be lost meanwhile", () => {
    const copying = replica("n3", { current: false, lag: 8_000 });
    const { text, worthWaiting } = whatIsBehind(led(replica("n2"), copying), []);
    assert.match(text ?? "", /replicas on n3 have not caught up yet: what n1 holds is not safe/);
    assert.equal(worthWaiting, true);
  });

  it("names consumers whose positions are not everywhere", () => {
    const late = led(replica("n2"), replica("n3", { current: false, active: 0 }));
    const whole = led(replica("n2"), replica("n3"));
    const one = whatIsBehind(whole, [{ name: "C", ...late }]);
    assert.match(one.text ?? "", /^the replicas of consumer "C" have not caught up/);
    const three = whatIsBehind(
      whole,
      ["A", "B", "C"].map((name) => ({ name, ...late })),
    );
    assert.match(three.text ?? "", /^the replicas of 3 consumers \("A", \.\.\.\) have not/);
  });

  it("is not waited for where only servers that are offline lack it", () => {
    const dead = replica("n3", { current: false, offline: true, lag: 8_000 });
    assert.equal(whatIsBehind(led(replica("n2"), dead), []).worthWaiting, false);
  });

  it("is waited for no longer than the patience of the whole run", async () => {
    const behind = led(replica("n2", { current: false, lag: 8_000 }));
    const api = { streamInfo: async () => behind, consumers: async () => ({ consumers: [] }) };
    const patience = { leftMs: 300 };
    let waits = 0;
    const text = await replicasBehind(api as unknown as JetStreamApi, "S", patience, { onWait: () => waits++ });
    assert.match(text ?? "", /n2 have not caught up/);
    assert.ok(patience.leftMs <= 0);
    await replicasBehind(api as unknown as JetStreamApi, "T", patience, { onWait: () => waits++ });
    assert.equal(waits, 1, "the second stream of the run is looked at once");
  });
});
