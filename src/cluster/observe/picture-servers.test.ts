import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSeen } from "../unseen.ts";
import { pictureServers } from "./picture-servers.ts";
import type { HealthzAnswer } from "./server-answers.ts";
import type { SystemView } from "./system-view.ts";

function healthOf(...errors: readonly string[]): readonly string[] {
  const health = {
    status: errors.length === 0 ? "ok" : "unavailable",
    ...(errors.length === 0 ? {} : { errors: errors.map((error) => ({ error })) }),
  } as HealthzAnswer;
  const ping = { server: { name: "n1", id: "N1", ver: "2.15.1", time: "2026-01-01T12:00:00Z" } };
  const view = { servers: [{ ping, jsz: { unseen: "no-answer" }, health }], askedAt: 0, answeredAt: 0 };
  const [server] = pictureServers(view as unknown as SystemView);
  assert.ok(server && isSeen(server.health));
  return server.health.errors;
}

describe("what a server says of its health", () => {
  it("WA-03: is the same in whatever order it found its faults", () => {
    const faults = ["stream 'APP > A' is not current", "stream 'APP > B' is not current"] as const;
    const [first, second] = faults;
    assert.deepEqual(healthOf(second, first), faults);
    assert.deepEqual(healthOf(first, second), faults);
  });

  it("has a word also where it tells no fault", () => {
    assert.deepEqual(healthOf(), []);
  });
});
