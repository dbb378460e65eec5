import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isRelightError, type RelightError } from "../../errors.ts";
import { contextFolder, loadContext, selectedContext } from "./nats-context.ts";

describe("a context of the nats CLI", () => {
  let home = "";
  let environment: Record<string, string> = {};
  const path = (name: string): string => join(home, "config", "nats", "context", `${name}.json`);
  const write = (name: string, content: string): void => writeFileSync(path(name), content);
  const refusal = (name: string): RelightError => {
    try {
      loadContext(name, environment);
    } catch (error) {
      assert.ok(isRelightError(error, "CONTEXT_INVALID"), String(error));
      return error;
    }
    assert.fail(`"${name}" was accepted`);
  };

  before(() => {
    home = mkdtempSync(join(tmpdir(), "relight-context-"));
    environment = { XDG_CONFIG_HOME: join(home, "config"), HOME: home };
    mkdirSync(join(home, "config", "nats", "context"), { recursive: true });
  });
  after(() => rmSync(home, { recursive: true }));

  it("is looked for below XDG_CONFIG_HOME, and else below ~/.config", () => {
    assert.equal(contextFolder({ XDG_CONFIG_HOME: "/x", HOME: "/h" }), join("/x", "nats"));
    assert.equal(contextFolder({ HOME: "/h" }), join("/h", ".config", "nats"));
    assert.equal(contextFolder({ XDG_CONFIG_HOME: "", HOME: "/h" }), join("/h", ".config", "nats"));
  });

  it("is read by its name, as the CLI writes it, without the fields that are empty", () => {
    // All the fields that `nats context save` writes.
    write(
      "full",
      JSON.stringify({
        description: "the lot",
        url: "nats://h:1",
        socks_proxy: "",
        token: "",
        user: "bob",
        password: "pw",
        creds: "",
        nkey: "",
        cert: "c",
        key: "k",
        ca: "ca",
        nsc: "",
        jetstream_domain: "hub",
        jetstream_api_prefix: "",
        jetstream_event_prefix: "",
        inbox_prefix: "_I",
        user_jwt: "",
        user_seed: "",
        color_scheme: "",
        tls_first: true,
        windows_cert_store: "",
        windows_cert_match_by: "",
        windows_cert_match: "",
        windows_ca_certs_match: null,
      }),
    );
    assert.deepEqual(loadContext("full", environment), {
      name: "full",
      path: path("full"),
      fields: {
        url: "nats://h:1",
        user: "bob",
        password: "pw",
        cert: "c",
        key: "k",
        ca: "ca",
        jetstream_domain: "hub",
        inbox_prefix: "_I",
        tls_first: true,
      },
    });
  });

  it("may have fields that Relight does not know", () => {
    write("future", '{"url":"h","something_new":{"a":1}}');
    assert.deepEqual(loadContext("future", environment).fields, { url: "h" });
  });

  it("may be named by the path of a .json file", () => {
    write("elsewhere", '{"url":"h"}');
    const context = loadContext(path("elsewhere"), environment);
    assert.equal(context.name, "elsewhere");
    assert.equal(context.path, path("elsewhere"));
  });

  it("is selected by context.txt, or not at all", () => {
    assert.equal(selectedContext(environment), undefined);
    writeFileSync(join(home, "config", "nats", "context.txt"), "full\n");
    assert.equal(selectedContext(environment), "full");
    writeFileSync(join(home, "config", "nats", "context.txt"), "\n");
    assert.equal(selectedContext(environment), undefined);
    rmSync(join(home, "config", "nats", "context.txt"));
  });

  it("that does not exist is an error with its path and the contexts that there are", () => {
    const error = refusal("nope");
    assert.match(error.message, /there is no context "nope" \(.*nope\.json\)/);
    assert.match(error.hint, /elsewhere, full, future/);
  });

  it("that is a path must exist, and a name cannot leave the folder", () => {
    for (const name of ["../full", "a/b", "a\\b", join(home, "nope.json")]) refusal(name);
  });

  it("that is not JSON is an error with its path, and shows nothing of the content", () => {
    write("broken", '{"url":"h","password":"s3cret",\n"token": t0ken}');
    const error = refusal("broken");
    assert.ok(error.message.includes(path("broken")));
    assert.doesNotMatch(`${error.message} ${error.hint} ${error.cause}`, /s3cret|t0ken/);
    write("list", "[]");
    refusal("list");
    write("nothing", "");
    refusal("nothing");
  });

  it("with a field of the wrong type is an error that names the field", () => {
    write("number", '{"url":4222}');
    assert.match(refusal("number").message, /"url"/);
    write("text", '{"tls_first":"yes"}');
    assert.match(refusal("text").message, /"tls_first"/);
  });

  it("with nsc or the Windows certificate store is an error that says what to do instead", () => {
    write("nsc", '{"nsc":"nsc://op/acc/user"}');
    assert.match(refusal("nsc").message, /--creds/);
    write("windows", '{"windows_cert_store":"user"}');
    assert.match(refusal("windows").message, /cert, key and ca/);
  });
});
