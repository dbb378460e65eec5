import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StreamInfo } from "../../jetstream/api-types.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import type { AccountView } from "./account-view.ts";
import { pictureAccounts } from "./picture-accounts.ts";
import type { SystemView } from "./system-view.ts";

const created = "2026-01-01T00:00:00Z";
const state = { messages: 5, bytes: 50, first_seq: 1, last_seq: 5 };

/** n1 of the cluster holds ORDERS; beside it leaf1 runs JetStream by itself, or not. */
function system(alone: readonly string[]): SystemView {
  const server = { name: "n1", id: "ID", ver: "2.12.0", time: created };
  const details = [{ name: "ORDERS", created, cluster: { leader: "n1" }, state, consumer_detail: [] }];
  const jsz = { account_details: [{ name: "APP", stream_detail: details }] };
  return { servers: [{ ping: { server }, jsz, health: { status: "ok" } }], alone, askedAt: 0, answeredAt: 1 };
}

/** An account's answers, each by the server named. */
function account(leaders: Readonly<Record<string, string>>): AccountView {
  const streams = Object.entries(leaders).map(([name, leader]) => {
    const config = { name, num_replicas: 1 };
    const info = { created, config, cluster: { leader }, state: { ...state, consumer_count: 0 } };
    return [name, { answer: { kind: "answered" } as const, info: info as unknown as StreamInfo }] as const;
  });
  return { account: "APP", names: Object.keys(leaders), streams: new Map(streams) };
}

/** An account that its servers refuse everything of JetStream. */
const without = (name: string): AccountView => ({
  account: name,
  names: { unseen: "refused", detail: "JetStream not enabled for account" },
  withoutJetStream: true,
  streams: new Map(),
});

async function look(alone: readonly string[], leaders: Readonly<Record<string, string>>) {
  const asked = [{ api: {} as JetStreamApi, view: account(leaders) }];
  const [picture = assert.fail()] = await pictureAccounts({ system: system(alone), asked, timeoutMs: 10 });
  const streams = picture.streams.map(({ name, answer, leader }) => [name, answer.kind, leader]);
  return { inventory: picture.inventory, streams };
}

describe("the streams of an account", () => {
  it("are not missed where it has no JetStream, unless a server holds some", async () => {
    const names = async (name: string): Promise<readonly unknown[]> => {
      const asked = [{ api: {} as JetStreamApi, view: without(name) }];
      const pictures = await pictureAccounts({ system: system([]), asked, timeoutMs: 10 });
      return pictures.map((one) => [one.name, one.inventory === "complete" || one.inventory.unseen]);
    };
    assert.deepEqual(await names("PLAIN"), [["APP", "no-account-credential"]]);
    assert.deepEqual(await names("APP"), [["APP", "refused"]]);
  });

  it("are all that it lists", async () => {
    const { inventory, streams } = await look([], { ORDERS: "n1", OTHER: "n2" });
    assert.equal(inventory, "complete");
    assert.deepEqual(streams, [
      ["ORDERS", "answered", "n1"],
      ["OTHER", "answered", "n2"],
    ]);
  });

  it("are not known to be all where a server besides the cluster's may have answered, and its own are left out", async () => {
    const { inventory, streams } = await look(["leaf1"], { ORDERS: "leaf1", LOCAL: "leaf1" });
    assert.deepEqual(inventory, {
      unseen: "not-told",
      detail: "leaf1 runs JetStream without a domain, beside this cluster, and may have answered",
    });
    assert.deepEqual(streams, [["ORDERS", "refused", "n1"]]);
  });
});
