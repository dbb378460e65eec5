import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { editArchiveBytes } from "../../testing/edit-archive-bytes.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { packS2, unpackS2, untar } from "../../testing/test-archive.ts";

const config = { name: "ALL", sources: [{ name: "A" }, { name: "B" }], storage: "file" };

/** `sources.db` of an archive with one message for each value of the header, in this order. */
async function progressOf(
  values: readonly string[],
  restoredOrigins?: Readonly<Record<string, number>>,
): Promise<Buffer | undefined> {
  const messages = values.map((value, index) => {
    const headers = value === "" ? "" : `NATS/1.0\r\nX: 1\r\nNats-Stream-Source: ${value}\r\n\r\n`;
    return { sequence: index + 1, name: "a", payload: "p", headers };
  });
  const { archive } = editArchiveBytes(packS2(archiveV2({ messages })), {
    target: { format: "v1", config, created: "2026-01-02T03:04:05Z", restoredOrigins },
  });
  const file = (await untar(unpackS2(archive))).find(({ name }) => name === "sources.db");
  return file && Buffer.from(file.content);
}

/** A length and the text. */
const text = (value: string): string =>
  `${Buffer.from([value.length]).toString("hex")}${Buffer.from(value).toString("hex")}`;

describe("how far a stream has come in its sources", () => {
  const copied = ["A 7 > > a oldIdent", "B 300 b.* c.$1 b.1 otherId", "", "A 9 > > a oldIdent"];

  it("V1-78 is the last message of each, with the identity of those left open that were restored", async () => {
    const file = await progressOf(copied, { A: 50 });
    const expected = [
      "01", // version
      "0200000000000000", // entries
      "0500000000000000", // the stream ends at 4
      `${text("A > >")}09${text("")}`,
      `${text("B b.* c.$1")}ac02${text("otherId")}`,
    ];
    assert.equal(file?.toString("hex"), expected.join(""));
  });

  it("V1-78 goes no further than the origin does that was restored", async () => {
    const file = await progressOf(copied, { A: 8 });
    assert.ok(file?.toString("hex").includes(`${text("A > >")}08${text("")}`));
  });

  it("V1-78 is left to the server where no origin was restored", async () => {
    assert.equal(await progressOf(copied), undefined);
    assert.equal(await progressOf(copied, { C: 5 }), undefined);
  });

  it("V1-78 is left to the server for what only servers before 2.10 copied, and no more than that", async () => {
    const old = ["A 7", "$JS.ACK.A.x.1.7.1.0.0"];
    assert.equal(await progressOf(old, { A: 50 }), undefined);
    const alone = (await progressOf(copied, { A: 50 }))?.toString("hex");
    const after = (await progressOf([...old, ...copied], { A: 50 }))?.toString("hex");
    // But for the stream's last sequence.
    assert.equal(after, alone?.replace("0500000000000000", "0700000000000000"));
  });
});
