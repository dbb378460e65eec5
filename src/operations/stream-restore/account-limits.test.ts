import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AccountInfo } from "../../jetstream/api-types.ts";
import { apiError } from "../../jetstream/jetstream-api.ts";
import { allowsReplicas } from "./account-limits.ts";

const limits = { max_memory: -1, max_storage: -1, max_streams: -1, max_consumers: -1 };
const account = (tiers?: AccountInfo["tiers"]): AccountInfo => ({
  memory: 0,
  storage: 0,
  streams: 0,
  consumers: 0,
  limits,
  ...(tiers ? { tiers } : {}),
});

describe("the limits of an account", () => {
  it("hold for every number of replicas where it has no tiers", () => {
    assert.ok(allowsReplicas(account(), 1));
    assert.ok(allowsReplicas(account({}), 3));
  });

  it("hold for those that it has a tier of", () => {
    const tiered = account({ R3: { limits } });
    assert.deepEqual([allowsReplicas(tiered, 3), allowsReplicas(tiered, 1)], [true, false]);
  });

  it("are named as what is wanting where a server refuses another number", () => {
    const body = { code: 400, err_code: 10120, description: "no JetStream default or applicable tiered limit present" };
    const { message, hint } = apiError("STREAM.UPDATE.ORDERS", body);
    assert.match(message, /tiered limit present \(10120\)/);
    assert.match(hint, /Give it a tier for this one/);
  });
});
