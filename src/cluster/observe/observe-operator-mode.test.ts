import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect } from "../../jetstream/connection/connect.ts";
import { resolveConnectionSettings } from "../../jetstream/connection/resolve-connection-settings.ts";
import { resolveSystemSettings } from "../../jetstream/connection/resolve-system-settings.ts";
import { openSettingsSession } from "../../jetstream/connection/settings-session.ts";
import { LocalServer } from "../../local/local-server.ts";
import { makeOperatorMode } from "../../testing/operator-mode.ts";
import { createStream } from "../../testing/stream-setup.ts";
import { clusterStatus } from "../cluster-status.ts";
import { isSeen } from "../unseen.ts";
import { observeCluster } from "./observe-cluster.ts";

for (const version of ["2.10", "2.15"]) {
  describe(`a server on its own in operator mode, ${version}`, { timeout: 60_000 }, () => {
    it("is one account by both words, and green", async () => {
      await using resources = new AsyncDisposableStack();
      const home = mkdtempSync(join(tmpdir(), "relight-operator-"));
      resources.defer(() => rmSync(home, { recursive: true }));
      const operator = makeOperatorMode();
      const creds = join(home, "user.creds");
      const systemCreds = join(home, "system.creds");
      writeFileSync(creds, operator.user().creds);
      writeFileSync(systemCreds, operator.systemUser().creds);
      const server = resources.use(await LocalServer.start({ version, name: "alone", config: operator.config }));
      const settings = resolveConnectionSettings({ server: server.url, creds, context: false }, {});
      const session = resources.use(await openSettingsSession(settings, { environment: {} }));
      await createStream(session.api.connection, { name: "ORDERS", subjects: ["orders.>"] });
      const systemSettings = resolveSystemSettings({ systemCreds }, settings, {});
      assert.ok(systemSettings);
      const system = await connect(systemSettings, { environment: {} });
      resources.defer(() => system.close());

      const sample = await observeCluster({ account: session.api, system });
      assert.deepEqual([sample.sight.system, sample.sight.account], ["answers", operator.account]);
      assert.deepEqual(
        sample.accounts.map(({ name, inventory, streams }) => [name, inventory, streams.map((stream) => stream.name)]),
        [[operator.account, "complete", ["ORDERS"]]],
      );
      const [stream] = sample.accounts[0]?.streams ?? [];
      assert.ok(stream && isSeen(stream.replicas));
      assert.equal(stream.replicas.length, 1);
      const status = clusterStatus({
        format: "relight-cluster-picture",
        formatVersion: 1,
        earlier: null,
        later: sample,
      });
      assert.deepEqual([status.light, status.notSeen], ["green", []], JSON.stringify(status));
    });
  });
}
