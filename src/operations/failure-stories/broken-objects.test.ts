import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readStream } from "../../testing/read-stream.ts";
import { type RelightRun, runRelight } from "../../testing/relight-process.ts";
import { ShippedSchemas } from "../../testing/shipped-schemas.ts";
import { StoryServer } from "../../testing/story-server.ts";
import { streamKinds } from "../../testing/stream-kinds.ts";
import { deleteMessage } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";

const schemas = new ShippedSchemas();
const objects = streamKinds.find(({ title }) => title.includes("object"));

for (const version of ["2.10", "2.15"]) {
  describe(`F53: an object store of nats-server ${version} that has lost a part`, () => {
    it("is backed up as it is, and verify names the objects that it breaks", async () => {
      await using story = await StoryServer.start(version);
      const { nc, session } = story;
      assert.ok(objects);
      await objects.create(nc, session.api.serverVersion.text);
      const relight = (...args: string[]): Promise<RelightRun> => runRelight(story.directory, args);
      const verdict = async (name: string): Promise<{ readonly code: number | null; readonly said: string[] }> => {
        const directory = story.path(name);
        await backupStream(session, { stream: "OBJ_files", directory, tool: "relight test" });
        const run = await relight("archive", "verify", directory, "--json");
        const [line = ""] = run.stdout.split("\n");
        schemas.check("archive-verify", JSON.parse(line));
        const { findings } = JSON.parse(line) as { findings: { severity: string; message: string }[] };
        const fatal = findings.filter(({ severity }) => severity === "fatal");
        return { code: run.code, said: fatal.map(({ message }) => message) };
      };
      assert.deepEqual(await verdict("whole"), { code: 0, said: [] });

      const { messages } = await readStream(nc, "OBJ_files");
      const sequenceOf = (subject: string): number => {
        for (let row = 0; row < messages.length; row++) {
          const one = messages.at(row);
          if (one.subject === subject) return one.sequence;
        }
        throw new Error(`no message of ${subject}`);
      };
      // A chunk of one object, and the description of another.
      await deleteMessage(nc, "OBJ_files", sequenceOf("$O.files.C.NUIDREPORT0000000000A1"), false);
      const meta = `$O.files.M.${Buffer.from("replaced.bin").toString("base64url")}`;
      await deleteMessage(nc, "OBJ_files", sequenceOf(meta), false);
      const { code, said } = await verdict("broken");
      assert.equal(code, 13);
      assert.deepEqual(said.toSorted(), [
        'object "(NUIDREPLACED00000000D2)": these chunks have no description: the object was not put whole, or its description is gone',
        'object "report.pdf": 5 of its 6 chunks are there',
      ]);
      const listed = await relight("archive", "ls", story.path("broken"));
      assert.match(listed.stdout, /report\.pdf .* 5 of its 6 chunks are there/);
      assert.match(listed.stdout, /Grüße aus 東京\.txt .* ✓ digest right/);
    });
  });
}
