import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf } from "../../testing/check-plan.ts";
import {
  n3Gone,
  type Situation,
  shortOfN3,
  sketchRequest,
  withMeta,
  withSpare,
} from "../../testing/sketch-situation.ts";
import type { JetStreamPicture, StreamPicture, StreamSettings } from "../picture.ts";

/** What is said against n4, the only server that could take n3's replica; null: it can. */
function against(situation: Partial<Situation>, settings: Partial<StreamSettings> = {}): string | null {
  const { config, ...rest } = shortOfN3();
  assert.ok("replicas" in config);
  const streams: readonly StreamPicture[] = [{ ...rest, config: { ...config, ...settings } }];
  const { steps } = planOf({ servers: withSpare, ...n3Gone, streams, ...situation });
  const add = steps.find(({ kind }) => kind === "add-node");
  if (add === undefined) return null;
  assert.match(add.evidence.join(), /^n4: /);
  return add.evidence.join().replace("n4: ", "");
}

const [any] = sketchRequest({ servers: ["n4"] }).picture.later.servers;
const jetstream = (changes: Partial<JetStreamPicture> = {}): JetStreamPicture => {
  assert.ok(any && "enabled" in any.jetstream);
  return { ...any.jetstream, ...changes };
};

describe("which server can take a replica", () => {
  it("CP-21: one that is like the placement asks, and nothing speaks against", () => {
    assert.equal(against({}), null);
    assert.equal(against({ server: { n4: { tags: ["SSD"] } } }, { placement: { tags: ["ssd"] } }), null);
    assert.equal(against({}, { placement: { tags: ["!hdd"] } }), null);
    assert.equal(
      against({ server: { n4: { jetstream: jetstream({ freeStorage: 60_000 }) } } }, { maxBytes: 60_000 }),
      null,
    );
  });

  it("CP-21: none that is no member, is to be emptied, or did not tell of its storage", () => {
    const stranger: Situation["later"] = (sample) => {
      assert.ok("peers" in sample.meta && Array.isArray(sample.meta.peers));
      const peers = (sample.meta.peers as readonly { readonly name: string | null }[]).filter(
        ({ name }) => name !== "n4",
      );
      return withMeta(sample, { peers, size: 3, quorumNeeded: 2 });
    };
    assert.equal(against({ later: stranger }), "is no member of the meta group");
    assert.equal(against({ words: { gone: ["n3"], drain: ["n4"] } }), "is being drained");
  });

  it("CP-21: none of another cluster, that is tagged otherwise, or tagged to have no JetStream", () => {
    assert.equal(against({ server: { n4: { cluster: "OTHER" } } }), "is in cluster OTHER");
    assert.equal(against({}, { placement: { tags: ["ssd"] } }), "has not the tag ssd");
    assert.equal(against({ server: { n4: { tags: ["hdd"] } } }, { placement: { tags: ["!hdd"] } }), "has the tag hdd");
    assert.equal(against({ server: { n4: { tags: ["!jetstream"] } } }), "has the tag !jetstream");
  });

  it("CP-21: none without room for the most that the stream may hold", () => {
    const server = { n4: { jetstream: jetstream({ freeStorage: 59_999 }) } };
    assert.equal(against({ server }, { maxBytes: 60_000 }), "has 59999 bytes free only");
  });

  it("CP-21: none that has no value of the unique tag, or one that another replica has", () => {
    const unique = jetstream({ uniqueTag: "az:" });
    const zones = (last: readonly string[]): Partial<Situation> => ({
      server: {
        n1: { jetstream: unique, tags: ["az:a"] },
        n2: { jetstream: unique, tags: ["az:b"] },
        n4: { jetstream: unique, tags: last },
      },
    });
    assert.equal(against(zones(["az:c"])), null);
    assert.equal(against(zones(["AZ:B"])), "has the tag az:b, as n2 has");
    assert.equal(against(zones([])), "has no tag az:");
  });
});
