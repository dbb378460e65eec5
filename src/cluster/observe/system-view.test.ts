import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NatsConnection } from "@nats-io/nats-core";
import { isSeen, isUnseen } from "../unseen.ts";
import { lookAsSystem } from "./system-view.ts";

/** Two servers of a cluster, as a user sees them who may ask for these things. */
function seenBy(allowed: RegExp): NatsConnection {
  const ping = (name: string): object => ({
    server: { name, id: `ID${name}`, cluster: "C", ver: "2.12.0", jetstream: true, time: "2026-01-01T00:00:00Z" },
    statsz: { active_servers: 2, jetstream: { config: {}, meta: { leader: "n1", cluster_size: 2 } } },
  });
  return {
    info: { server_id: "IDn1", cluster: "C", jetstream: true },
    requestMany: async () => ["n1", "n2"].map((name) => ({ json: () => ping(name) })),
    request: async (subject: string) => {
      if (!allowed.test(subject)) throw new Error(`Permissions Violation for Publish to "${subject}"`);
      return { json: () => ({ data: subject.endsWith("HEALTHZ") ? { status: "ok" } : { account_details: [] } }) };
    },
  } as unknown as NatsConnection;
}

describe("what the servers themselves say", () => {
  it("is all of it for a user who may ask for everything", async () => {
    const view = await lookAsSystem(seenBy(/./));
    assert.ok(isSeen(view));
    assert.deepEqual(
      view.servers.map(({ ping, jsz, health }) => [ping.server.name, isSeen(jsz), isSeen(health)]),
      [
        ["n1", true, true],
        ["n2", true, true],
      ],
    );
  });

  it("is nothing for one who may not ask what they hold: nobody must take that for servers that hold nothing", async () => {
    const view = await lookAsSystem(seenBy(/HEALTHZ/));
    assert.ok(isUnseen(view));
    assert.equal(view.unseen, "forbidden");
    assert.match(view.detail ?? "", /IDn1\.JSZ/);
  });

  it("is the rest for one who may not ask how they are", async () => {
    assert.ok(isSeen(await lookAsSystem(seenBy(/JSZ/))));
  });
});
