import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { resolveConnectionSettings } from "../../jetstream/connection/resolve-connection-settings.ts";
import { openSettingsSession } from "../../jetstream/connection/settings-session.ts";
import type { Session } from "../../jetstream/session.ts";
import { LocalServer } from "../../local/local-server.ts";
import { assertSameStream } from "../../testing/compare-streams.ts";
import { fillStream } from "../../testing/fill.ts";
import { makeOperatorMode } from "../../testing/operator-mode.ts";
import { readStream, type StreamContents } from "../../testing/read-stream.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { backupStream } from "../stream-backup/backup-stream.ts";
import { readBackup } from "../stream-restore/read-backup.ts";
import { type ExtractOptions, extractArchive } from "./extract-archive.ts";

for (const version of ["2.10", "2.14", "2.15"]) {
  describe(`a stream that is extracted into the store of a nats-server ${version} in operator mode`, () => {
    it("belongs to the account whose public key is given, and to no account without one", async () => {
      await using resources = new AsyncDisposableStack();
      const home = mkdtempSync(join(tmpdir(), "relight-operator-"));
      resources.defer(() => rmSync(home, { recursive: true }));
      const operator = makeOperatorMode();
      const creds = join(home, "user.creds");
      writeFileSync(creds, operator.user().creds);
      const server = resources.use(await LocalServer.start({ version, config: operator.config }));
      const open = (): Promise<Session> => {
        const settings = resolveConnectionSettings({ server: server.url, creds, context: false }, {});
        return openSettingsSession(settings, { environment: {} });
      };
      const backup = join(home, "backup");
      let contents: StreamContents;
      {
        await using session = await open();
        const nc = session.api.connection;
        await createStream(nc, { name: "ORDERS", subjects: ["orders.>"] });
        await createStream(nc, { name: "OTHER", subjects: ["other"] });
        await fillStream(nc, "ORDERS", { messages: 200, size: 300, kind: "json", subjects: ["orders.new"] });
        contents = await readStream(nc, "ORDERS");
        await backupStream(session, { stream: "ORDERS", directory: backup, tool: "relight test" });
        await session.api.request("STREAM.DELETE.ORDERS", {});
      }
      await server.terminate("SIGTERM");

      const [stored] = await readBackup(backup);
      assert.ok(stored);
      const { storeDirectory } = server;
      const extract = (options: Partial<ExtractOptions>): Promise<unknown> =>
        extractArchive(stored, { storeDirectory, ...options });
      await assert.rejects(
        extract({}),
        (error) =>
          isRelightError(error, "RESTORE_REFUSED") &&
          /in operator mode, which has no account \$G/.test(error.message) &&
          error.hint.includes(`--account ${operator.account}`),
      );
      await extract({ account: operator.account });
      for (let start = 0; start < 2; start++) {
        await server.launch();
        await using session = await open();
        assert.deepEqual((await session.api.streamNames()).toSorted(), ["ORDERS", "OTHER"]);
        assertSameStream(contents, await readStream(session.api.connection, "ORDERS"), { created: true });
        await server.kill();
      }
    });
  });
}
