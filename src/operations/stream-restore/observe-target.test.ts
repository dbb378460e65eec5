import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RelightError } from "../../errors.ts";
import type { Session } from "../../jetstream/session.ts";
import { observeTarget } from "./observe-target.ts";

describe("the account that is restored into", () => {
  it("is asked for its streams one by one in a recovery: those that do not answer are waited for once, together", async () => {
    const asked: string[] = [];
    const api = {
      accountInfo: async () => ({ streams: 3 }),
      streams: () => assert.fail("the list waits for each page"),
      streamNames: async () => ["A", "B", "C", "D"],
      request: async (subject: string) => {
        asked.push(subject);
        if (/[BD]$/.test(subject)) {
          await sleep(10);
          throw new RelightError("TIMEOUT", "no answer");
        }
        return { config: { name: subject.at(-1) } };
      },
      connection: { info: { cluster: "C" } },
    };
    const { streams, missing, clustered } = await observeTarget({ api } as unknown as Session, { oneByOne: true });
    assert.deepEqual(
      streams.map(({ config }) => config.name),
      ["A", "C"],
    );
    assert.deepEqual([missing, clustered, asked.length], [["B", "D"], true, 4]);
  });
});
