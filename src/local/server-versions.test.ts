import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultServerVersion, exactVersion, isVersion, pinnedVersions, versionFits } from "./server-versions.ts";

describe("server versions", () => {
  it("takes minor versions for their pinned patches, exact ones as they are, and none for the default", () => {
    assert.equal(exactVersion("2.10"), "2.10.26");
    assert.equal(exactVersion("v2.10"), "2.10.26");
    assert.equal(exactVersion("v2.11.0-RC.2"), "2.11.0-RC.2");
    assert.equal(exactVersion(undefined), defaultServerVersion);
    assert.equal(exactVersion("2.13"), undefined);
  });

  it("pins a patch of the very minor version", () => {
    for (const [minor, exact] of Object.entries(pinnedVersions)) assert.ok(versionFits(exact, minor), minor);
    assert.ok(Object.values(pinnedVersions).includes(defaultServerVersion));
  });

  it("knows what can be asked for", () => {
    for (const wanted of ["2.9", "2.10.26", "v2.15.1", "2.12.0-preview.1"]) assert.ok(isVersion(wanted), wanted);
    for (const wanted of ["", "2", "latest", "2.10.", "2.10.26.1", "../2.10"]) assert.ok(!isVersion(wanted), wanted);
  });

  it("lets a binary do for the wishes that it fits, and not 2.1 for 2.10", () => {
    assert.ok(versionFits("2.10.27", "2.10"));
    assert.ok(versionFits("2.10.27", "v2.10.27"));
    assert.ok(!versionFits("2.10.27", "2.10.26"));
    assert.ok(!versionFits("2.10.27", "2.1"));
    assert.ok(!versionFits("2.1.0", "2.10"));
    assert.ok(!versionFits("2.11.0-RC.2", "2.11.0"));
  });

  it("lets any binary that Relight works with do for no wish", () => {
    assert.ok(versionFits("2.9.0", undefined));
    assert.ok(versionFits("3.0.0", undefined));
    assert.ok(!versionFits("2.8.4", undefined));
    assert.ok(!versionFits("1.4.1", undefined));
  });
});
