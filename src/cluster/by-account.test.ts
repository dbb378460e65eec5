import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchSample } from "../testing/sketch-cluster.ts";
import { byAccount } from "./by-account.ts";
import type { Sight } from "./picture.ts";

const seenBy = (sight: Partial<Sight>): { readonly sight: Sight } => {
  const sample = sketchSample(["n1"], []);
  return { sight: { ...sample.sight, ...sight } };
};
const unknown = { unseen: "forbidden" } as const;

describe("whose credential is whose", () => {
  it("is what the accounts said, in the order of the credentials; of two of one account the first counts", () => {
    const found = byAccount(seenBy({ others: ["SHOP", "APP"] }), { account: "first", others: ["second", "third"] });
    assert.deepEqual(
      [...found],
      [
        ["APP", "first"],
        ["SHOP", "second"],
      ],
    );
  });

  it("is not known of one that may not say it, and begins with the further ones where there is no first", () => {
    assert.deepEqual([...byAccount(seenBy({ account: unknown }), { account: "first" })], [["(this account)", "first"]]);
    const none = { unseen: "no-account-credential" } as const;
    assert.deepEqual(
      [...byAccount(seenBy({ account: none, others: ["SHOP"] }), { others: ["second"] })],
      [["SHOP", "second"]],
    );
  });
});
