import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryScanLayout } from "../../testing/natsarc-layout.ts";
import { archiveV2 } from "../../testing/natsarc-writer.ts";
import { RandomBytes } from "../../testing/random-bytes.ts";
import { salvageBytes } from "../../testing/salvage-bytes.ts";
import { packS2, unpackS2 } from "../../testing/test-archive.ts";
import { live } from "../../testing/v1-entries.ts";

const random = new RandomBytes("salvage v2");
const count = 300;
const decoded = archiveV2({
  consumers: { reader: { config: { durable_name: "reader" } } },
  messages: Array.from({ length: count }, (_, row) => ({
    sequence: row + 1,
    name: `a.${row % 5}`,
    ...(row % 3 === 0 ? { headers: `NATS/1.0\r\nRow: ${row}\r\n\r\n` } : {}),
    payload: row % 10 === 0 ? new Uint8Array(700) : random.next(200 + (row % 7) * 100),
  })),
});
const config = { name: "S" };

/** Every message of an archive, as text. */
function entries(bytes: Uint8Array): string[] {
  const layout = entryScanLayout(bytes);
  return layout.flatMap(({ offset, sequence }, row) => {
    const end = layout[row + 1]?.offset ?? bytes.length;
    return sequence > 0 ? [Buffer.from(bytes.subarray(offset, end)).toString("base64")] : [];
  });
}

describe("salvage of v2 archives", () => {
  const blockSize = 4 * 1024;
  const own = new Set(entries(decoded));
  assert.equal(own.size, count);

  it("SV-20: an undamaged archive comes out as it is, with nothing lost", () => {
    const { salvage, report } = salvageBytes(packS2(decoded));
    assert.deepEqual([salvage.damages, [...salvage.lost], salvage.openEnd], [[], [], false]);
    assert.deepEqual([live(report), report.consumers.length, report.problems], [[[1, count]], 1, []]);
  });

  for (const compress of [false, true]) {
    it(`SV-21: a bit that flipped costs the messages of its block${compress ? ", compressed" : ""}, and they are listed`, () => {
      const archive = packS2(decoded, { compress, blockSize });
      let worst = 0;
      for (let at = 10; at < archive.length; at += 397) {
        const copy = archive.slice();
        copy[at] = (copy[at] as number) ^ 0x10;
        const { salvage, report, mended } = salvageBytes(copy, {
          config,
          format: "v2",
          firstSequence: 1,
          lastSequence: count,
        });
        const gone = count - report.live.messages;
        worst = Math.max(worst, gone);
        assert.equal(salvage.lost.count, gone, `byte ${at}`);
        assert.ok(salvage.damages.length > 0, `byte ${at}`);
        assert.deepEqual(
          entries(unpackS2(mended)).filter((entry) => !own.has(entry)),
          [],
          `byte ${at}`,
        );
      }
      // A block holds eight of these messages, and parts of two more.
      assert.ok(worst > 0 && worst <= 20, `${worst}`);
    });
  }

  it("SV-22: of an archive that is cut off, everything before that is read, and the rest is listed", () => {
    const archive = packS2(decoded, { compress: false, blockSize });
    for (let at = archive.length - 1; at > 2_000; at -= 9_973) {
      const { salvage, report } = salvageBytes(archive.subarray(0, at));
      const gone = count - report.live.messages;
      assert.deepEqual([...salvage.lost], gone === 0 ? [] : [[count - gone + 1, count]]);
      assert.ok(report.live.messages >= Math.floor((count * at) / archive.length) - 15);
    }
  });
});
