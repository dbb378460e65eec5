import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isRelightError } from "../../errors.ts";
import { Obfuscator } from "./obfuscator.ts";

const long = "a-token-of-more-than-fifty-two-characters-so-that-one-hmac-does-not-do";

/** What `nats` 0.5.1 wrote into its key file: `nats backup edit --obfuscate`. */
const fromCli = {
  version: 1,
  secret: "B7CfcFw6m4Le/H6tM/rQRPOmL6/CntA2WpiGOFb26Nk=",
  map: {
    "0f7jrfts773usogt": "files",
    "7vsokhfll6tjt181": "{{wildcard(1)}}",
    "88vp11qvm87a84qv": "$JS",
    bb79jqk02vg2a29r: "$SYS",
    bsailqf3cv7ga3u4: "a",
    d29gfv0se9fhk49n644c2h1qjlla1mo9npctq1fl2utn0jp2tjn7: "exactly-fifty-two-characters-long-token-0123456789ab",
    e92erkitanrsfrmp: "worker",
    kics3c2kthrcbsv3f15kjm9h9fgvavpnfivtskm9md1ojhhs42s6i5uncpd4acvprisb185b5aq17clpgdik2ut67u0f5368jhg51li35r7umbfpn0e0jr7dq6v181nndi:
      "x".repeat(130),
    lkrr8q3app107nt4luovequ2le6n8i8us6ipv9qi5r5kt7prri24ui9551vintf5v676o5: long,
    lpokmek6vtf59gj5: "exactly-16-chars",
    ms4nl2p867f45nqv: "config",
    omi07ogpeu74rb49: "order-77",
    po88img5ovi1khua: "語",
    q1ipbfcbnhtj4hvk3: "seventeen-charact",
    ts8akc989550kaml: "größe",
    ufip0bfavhgq9sgp: "orders",
    vg5s5qigpotlq0n1: "日本",
  },
} as const;

const path = "out.keys.json";
const loaded = (): Obfuscator => Obfuscator.fromKeyFile(JSON.stringify(fromCli), path);
const fresh = (): Obfuscator => new Obfuscator(Uint8Array.from(atob(fromCli.secret), (char) => char.charCodeAt(0)));

describe("names that are obfuscated as the nats CLI does it", () => {
  for (const [token, original] of Object.entries(fromCli.map)) {
    it(`"${original.slice(0, 20)}", ${Buffer.byteLength(original)} bytes, becomes the same token`, () => {
      assert.equal(fresh().token(original), token);
    });
  }

  it("keep what a subject is for, and what makes a bucket of a stream", () => {
    const keys = fresh();
    assert.equal(keys.subject("$KV.config.>"), "$KV.ms4nl2p867f45nqv.>");
    assert.equal(keys.subject("$O.files.*.orders"), "$O.0f7jrfts773usogt.*.ufip0bfavhgq9sgp");
    assert.equal(keys.subject("{{wildcard(1)}}.$SYS"), "7vsokhfll6tjt181.bb79jqk02vg2a29r");
    assert.equal(keys.streamName("KV_config"), "KV_ms4nl2p867f45nqv");
    assert.equal(keys.streamName("OBJ_files"), "OBJ_0f7jrfts773usogt");
    assert.equal(keys.streamName("orders"), "ufip0bfavhgq9sgp");
    assert.equal(keys.streamName("KV_"), keys.token("KV_"));
    assert.deepEqual([keys.subject(""), keys.token("")], ["", ""]);
  });

  it("stand in a stream's configuration, which says no more than that", () => {
    const config = fresh().streamConfig({
      ...{ name: "KV_config", subjects: ["$KV.config.>", "orders.*"], max_msgs: 10, num_replicas: 1 },
      ...{ description: "of ours", metadata: { team: "x" }, placement: { cluster: "c" }, mirror: null },
      sources: [
        {
          name: "OBJ_files",
          filter_subject: "$O.files.>",
          external: { api: "$JS.orders", deliver: "" },
          subject_transforms: [{ src: "orders.*", dest: "worker.{{wildcard(1)}}" }],
        },
      ],
      republish: { src: "orders.>", dest: "a.>", headers_only: true },
    });
    assert.deepEqual(config as unknown, {
      ...{ name: "KV_ms4nl2p867f45nqv", subjects: ["$KV.ms4nl2p867f45nqv.>", "ufip0bfavhgq9sgp.*"] },
      ...{ max_msgs: 10, num_replicas: 1, mirror: null },
      sources: [
        {
          name: "OBJ_0f7jrfts773usogt",
          filter_subject: "$O.0f7jrfts773usogt.>",
          external: { api: "88vp11qvm87a84qv.ufip0bfavhgq9sgp", deliver: "" },
          subject_transforms: [{ src: "ufip0bfavhgq9sgp.*", dest: "e92erkitanrsfrmp.{{wildcard(1)}}" }],
        },
      ],
      republish: { src: "ufip0bfavhgq9sgp.>", dest: "bsailqf3cv7ga3u4.>", headers_only: true },
    });
  });

  it("stand in a consumer's configuration; where it stands is as it was", () => {
    const config = {
      name: "worker",
      durable_name: "worker",
      filter_subject: "orders.*",
      deliver_subject: "",
      description: "x",
    };
    const { name, config: hashed } = fresh().consumer({
      name: "worker",
      config: { ...config, metadata: {}, max_deliver: 3 },
    });
    assert.equal(name, "e92erkitanrsfrmp");
    assert.deepEqual(hashed, {
      ...{ name: "e92erkitanrsfrmp", durable_name: "e92erkitanrsfrmp", filter_subject: "ufip0bfavhgq9sgp.*" },
      ...{ deliver_subject: "", max_deliver: 3 },
    });
  });

  it("stand in headers, but for those that servers and clients act on", () => {
    const fields = {
      "Nats-Msg-Id": "order-77",
      "kv-operation": "DEL",
      "Nats-TTL": "5s",
      "Nats-Schedule-Target": "orders.a",
    };
    const hashed = fresh().headers(Object.entries(fields).map(([name, value]) => ({ name, value })));
    assert.deepEqual(
      hashed.map(({ name, value }) => `${name}: ${value}`),
      [
        "Nats-Msg-Id: omi07ogpeu74rb49",
        "kv-operation: DEL",
        "Nats-TTL: 5s",
        "Nats-Schedule-Target: ufip0bfavhgq9sgp.bsailqf3cv7ga3u4",
      ],
    );
  });
});

describe("a token", () => {
  it("depends on the secret and the original only, and is as long, or 16 characters", () => {
    const secret = new Uint8Array(32).fill(1);
    const other = new Obfuscator(new Uint8Array(32).fill(2));
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1, maxLength: 120, unit: fc.constantFrom("a", "Z", "0", "-", "\0", "ö", "語", "😀") }),
        ),
        (originals) => {
          const [one, again] = [new Obfuscator(secret), new Obfuscator(secret)];
          const tokens = originals.map((original) => one.token(original));
          const turned = [...originals].reverse().map((original) => again.token(original));
          assert.deepEqual(tokens, turned.reverse());
          for (const [index, original] of originals.entries()) {
            assert.match(tokens[index] ?? "", /^[0-9a-v]+$/);
            assert.equal(tokens[index]?.length, Math.max(16, Buffer.byteLength(original)));
            assert.notEqual(other.token(original), tokens[index]);
          }
          assert.equal(one.tokens, new Set(originals).size);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("needs a secret of 32 bytes", () => {
    for (const bytes of [0, 31, 33]) assert.throws(() => new Obfuscator(new Uint8Array(bytes)), RangeError);
  });
});

describe("a key file", () => {
  it("of the nats CLI is taken, and written again as it was", () => {
    assert.deepEqual(loaded().toKeyFile(), fromCli);
    assert.equal(loaded().tokens, Object.keys(fromCli.map).length);
  });

  it("grows by what is obfuscated with it", () => {
    const keys = loaded();
    keys.subject("orders.new");
    assert.deepEqual(keys.toKeyFile().map, { ...fromCli.map, dcntmcamefdgus1b: "new" });
  });

  it("reveals what values were, token by token; what it does not know stays", () => {
    const keys = loaded();
    for (const subject of ["$KV.config.größe.>", `orders.${long}`, "*.日本"]) {
      assert.equal(keys.reveal(keys.subject(subject)), subject);
    }
    for (const name of ["KV_config", "OBJ_files", "orders"]) assert.equal(keys.reveal(keys.streamName(name)), name);
    assert.equal(keys.reveal("unknown.ufip0bfavhgq9sgp.KV_other"), "unknown.orders.KV_other");
    assert.equal(keys.reveal(""), "");
  });

  for (const [what, content] of [
    ["that is no JSON", "{"],
    ["that is nothing", "null"],
    ["that is a list", "[]"],
    ["of another version", { ...fromCli, version: 2 }],
    ["without a secret", { version: 1, map: {} }],
    ["without a map", { version: 1, secret: fromCli.secret }],
    ["whose secret is no base64", { ...fromCli, secret: "*".repeat(44) }],
    ["whose secret is cut", { ...fromCli, secret: fromCli.secret.slice(0, 40) }],
    ["whose secret is another", { ...fromCli, secret: `C${fromCli.secret.slice(1)}` }],
    ["that gives a token another meaning", { ...fromCli, map: { ...fromCli.map, ufip0bfavhgq9sgp: "order" } }],
    ["with a token of its own", { ...fromCli, map: { ...fromCli.map, "0000000000000000": "orders" } }],
    ["with what is no text", { ...fromCli, map: { ufip0bfavhgq9sgp: ["orders"] } }],
  ] as const) {
    it(`${what} is refused, and the message names the file`, () => {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      assert.throws(
        () => Obfuscator.fromKeyFile(text, path),
        (error) => isRelightError(error, "BACKUP_INVALID") && error.message.startsWith(path),
      );
    });
  }

  it("are replaced without being noted once there is no room for more, each by the same token every time", () => {
    const secret = Uint8Array.from(atob(fromCli.secret), (char) => char.charCodeAt(0));
    const bounded = new Obfuscator(secret, { values: 3, characters: 1000 });
    const values = ["a", "orders", "files", "config", "worker"];
    const tokens = values.map((value) => bounded.token(value));
    assert.deepEqual(
      tokens,
      values.map((value) => fresh().token(value)),
    );
    assert.equal(bounded.unnoted, 2);
    assert.equal(bounded.token("worker"), tokens[4]);
    assert.deepEqual(Object.values(bounded.toKeyFile().map).sort(), ["a", "files", "orders"]);
    assert.deepEqual([bounded.reveal(tokens[1] ?? ""), bounded.reveal(tokens[4] ?? "")], ["orders", tokens[4]]);
    const few = new Obfuscator(secret, { values: 100, characters: 10 });
    for (const value of values) few.token(value);
    assert.deepEqual(Object.values(few.toKeyFile().map).sort(), ["a", "orders"], "characters are bounded as well");
  });

  it("are made in a moment where a header value has a megabyte, and say no less", () => {
    const value = "v".repeat(1024 * 1024);
    const began = performance.now();
    const token = fresh().token(value);
    assert.ok(performance.now() - began < 20_000);
    assert.equal(token.length, value.length);
    assert.notEqual(
      fresh()
        .token(`${value.slice(1)}w`)
        .slice(0, 50),
      token.slice(0, 50),
    );
    assert.ok(new Set(token.match(/.{16}/g)).size > 65_000, "it does not repeat itself");
  });

  it("of a key file that was given are all kept, however many", () => {
    const keys = Obfuscator.fromKeyFile(JSON.stringify(fromCli), path);
    assert.deepEqual(keys.toKeyFile().map, fromCli.map);
    assert.equal(keys.keyFileText(), `${JSON.stringify(keys.toKeyFile(), undefined, 2)}\n`);
    assert.deepEqual(JSON.parse(new Obfuscator(new Uint8Array(32)).keyFileText()).map, {});
  });
});
