import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readCommandLine, readConfigText } from "./server-stores.ts";

describe("the arguments of a nats-server", () => {
  it("name its store and its configuration, with one dash or two, the value behind = or next", () => {
    const nothing = { storeDirectory: undefined, configFile: undefined };
    assert.deepEqual(readCommandLine(["-js", "-sd", "/data"]), { ...nothing, storeDirectory: "/data" });
    assert.deepEqual(readCommandLine(["--store_dir=/da ta", "-p", "0"]), { ...nothing, storeDirectory: "/da ta" });
    assert.deepEqual(readCommandLine(["-c", "a.conf"]), { ...nothing, configFile: "a.conf" });
    assert.deepEqual(readCommandLine(["--config", "/etc/nats.conf"]), { ...nothing, configFile: "/etc/nats.conf" });
    assert.deepEqual(readCommandLine(["-js", "-DV", "--cluster=nats://h:1"]), nothing);
    assert.deepEqual(readCommandLine(["-sd"]), nothing);
  });
});

describe("the configuration of a nats-server", () => {
  const stores = (text: string): readonly string[] => readConfigText(text).storeDirectories;

  it("names its store in every way that servers read", () => {
    assert.deepEqual(stores('jetstream { store_dir: "/da ta" }'), ["/da ta"]);
    assert.deepEqual(stores("jetstream: {max_mem: 1G, store_dir = '/data'}"), ["/data"]);
    assert.deepEqual(stores("port: 4222\nstore_dir /data\n"), ["/data"]);
    assert.deepEqual(stores('{"jetstream":{"store_dir":"/data"}}'), ["/data"]);
    assert.deepEqual(stores("jetstream {\n  storedir: /data;\n}"), ["/data"]);
    assert.deepEqual(stores("jetstream {\n\tSTORE: /data\n}"), ["/data"]);
    assert.deepEqual(stores("jetstream { store_dir: $STORE }"), ["$STORE"]);
  });

  it("names none in a comment, or where it is another word", () => {
    assert.deepEqual(stores("# store_dir: /old\n// store_dir: /older\njetstream: enabled"), []);
    assert.deepEqual(stores("restore_dir: /x\nmax_file_store: 1G"), []);
  });

  it("names the files that it includes", () => {
    assert.deepEqual(readConfigText("include ./js.conf\nauthorization { include 'auth.conf' }").includes, [
      "./js.conf",
      "auth.conf",
    ]);
  });
});
