import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { emptyLedger } from "../../cluster/ledger.ts";
import { inTemporaryDirectory } from "../../testing/temporary-directory.ts";
import { findLedgerPath } from "./find-ledger-path.ts";

describe("the ledger of a cluster", () => {
  /** Ledgers by the name of their file, each knowing one server of the clusters named. */
  async function ledgers(state: string, files: Readonly<Record<string, readonly string[]>>): Promise<string> {
    const directory = join(state, "relight", "clusters");
    await mkdir(directory, { recursive: true });
    for (const [file, clusters] of Object.entries(files)) {
      const servers = clusters.map((cluster) => ({ name: `${cluster}-1`, peer: "P", cluster, tags: [] }));
      await writeFile(join(directory, file), JSON.stringify({ ...emptyLedger, servers }));
    }
    return directory;
  }

  it("LG-11: is its own, or that of a cluster which gateways join it with", () =>
    inTemporaryDirectory(async (state) => {
      const directory = await ledgers(state, { "east.json": ["east", "west"], "other.json": ["other"] });
      const find = (cluster: string): Promise<string> => findLedgerPath(cluster, { XDG_STATE_HOME: state });
      assert.equal(await find("west"), join(directory, "east.json"));
      assert.equal(await find("east"), join(directory, "east.json"));
      assert.equal(await find("north"), join(directory, "north.json"), "one that nobody knows has its own");
      await ledgers(state, { "west.json": ["west"] });
      assert.equal(await find("west"), join(directory, "west.json"), "where it has one, that is it");
    }));

  it("is its own where there is none yet, or another file is no ledger", () =>
    inTemporaryDirectory(async (state) => {
      const own = join(state, "relight", "clusters", "west.json");
      assert.equal(await findLedgerPath("west", { XDG_STATE_HOME: state }), own);
      await ledgers(state, {});
      await writeFile(join(state, "relight", "clusters", "east.json"), "west");
      assert.equal(await findLedgerPath("west", { XDG_STATE_HOME: state }), own);
    }));
});
