import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchSample } from "../../testing/sketch-cluster.ts";
import type { Sample } from "../picture.ts";
import { emptyVigil, keepVigil, type ServerVigil, type Vigil } from "./vigil.ts";

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
const look = (seconds: number, ...servers: readonly string[]): Sample =>
  sketchSample(servers, [], { takenAt: at(seconds) });
const blind = (seconds: number): Sample => {
  const sample = look(seconds);
  return { ...sample, sight: { ...sample.sight, system: { unseen: "no-answer" } } };
};
const after = (...samples: readonly Sample[]): Vigil => samples.reduce(keepVigil, emptyVigil);
const n3 = (...samples: readonly Sample[]): ServerVigil | undefined => after(...samples).servers.get("n3");

describe("what a watch saw of a server", () => {
  it("WA-01: is when it last answered, and since when it has not", () => {
    assert.deepEqual(n3(look(0, "n3"), look(5, "n3")), { answeredAt: at(5), silentSince: null });
    assert.deepEqual(n3(look(0, "n3"), look(5, "!n3"), look(10, "!n3")), { answeredAt: at(0), silentSince: at(5) });
    assert.deepEqual(n3(look(0, "!n3")), { answeredAt: null, silentSince: at(0) });
  });

  it("WA-01: begins anew when it answered once", () => {
    assert.equal(n3(look(0, "!n3"), look(5, "n3"), look(10, "!n3"))?.silentSince, at(10));
  });

  it("WA-02: begins anew after a look in which nothing was seen", () => {
    assert.equal(n3(look(0, "n3"), look(5, "!n3"), blind(10))?.silentSince, null);
    assert.equal(n3(look(0, "n3"), look(5, "!n3"), blind(10), look(15, "!n3"))?.silentSince, at(15));
  });

  it("WA-02: and after more than a minute without any, as of a machine that slept", () => {
    assert.equal(n3(look(0, "n3"), look(5, "!n3"), look(65, "!n3"))?.silentSince, at(5));
    assert.equal(n3(look(0, "n3"), look(5, "!n3"), look(66, "!n3"))?.silentSince, at(66));
  });
});
