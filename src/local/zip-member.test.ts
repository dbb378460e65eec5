import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { writeZip } from "../testing/zip-writer.ts";
import { zipMember } from "./zip-member.ts";

describe("zipMember", () => {
  const server = Buffer.concat([Buffer.alloc(30_000, "text "), randomBytes(10_000)]);
  const archive = (deflate: boolean): Buffer =>
    writeZip([
      { name: "pkg/README", content: Buffer.from("read me") },
      { name: "pkg/nats-server", content: server, deflate },
      { name: "pkg/LICENSE", content: Buffer.alloc(0), deflate: false },
    ]);
  const wanted = (name: string): boolean => name === "pkg/nats-server";

  it("takes out a member, deflated or stored", () => {
    assert.ok(zipMember(archive(true), wanted).equals(server));
    assert.ok(zipMember(archive(false), wanted).equals(server));
  });

  it("is not led astray by a comment at the end", () => {
    const comment = Buffer.from("PK\x05\x06 is how a comment may begin, too; longer than the record it is taken for");
    const zip = Buffer.concat([archive(true), comment]);
    // The comment's length is the last field of the end record.
    const own = archive(true).length;
    zip.writeUInt16LE(comment.length, own - 2);
    assert.ok(zipMember(zip, wanted).equals(server));
  });

  it("says what it does not find", () => {
    assert.throws(() => zipMember(archive(true), (name) => name === "other"), /does not hold the server/);
    assert.throws(() => zipMember(Buffer.from("<html>Not found</html>"), wanted), /not a zip archive/);
    assert.throws(() => zipMember(Buffer.alloc(0), wanted), /not a zip archive/);
  });

  it("never returns what is not the member: cut anywhere, or with any byte of it changed", () => {
    for (const zip of [archive(true), archive(false)]) {
      for (let length = 0; length < zip.length; length += 101) {
        assert.throws(() => zipMember(zip.subarray(0, length), wanted), Error, `cut at ${length}`);
      }
      for (let at = 0; at < zip.length; at += 97) {
        const damaged = Buffer.from(zip);
        damaged[at] = (damaged[at] ?? 0) ^ 0x40;
        try {
          assert.ok(zipMember(damaged, wanted).equals(server), `byte ${at} changed what was read`);
        } catch (error) {
          assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
        }
      }
    }
  });
});
