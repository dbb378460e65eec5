import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isRelightError } from "../../errors.ts";
import { expandPath, readReference, readSecret } from "./file-reference.ts";

describe("a reference to a file or a secret", () => {
  let home = "";
  const environment = (): Record<string, string> => ({ HOME: home, DIR: home, SECRET: "from the environment" });
  const read = async (value: string): Promise<string> =>
    (await readReference({ value, origin: "--creds" }, "the credentials file", environment())).toString();
  const secret = (value: string): Promise<string> =>
    readSecret({ value, origin: "--password" }, "the password", environment());
  const refused = (promise: Promise<unknown>, pattern: RegExp): Promise<void> =>
    assert.rejects(promise, (error) => isRelightError(error, "CREDENTIALS_INVALID") && pattern.test(error.message));

  before(() => {
    home = mkdtempSync(join(tmpdir(), "relight-reference-"));
    writeFileSync(join(home, "a.creds"), "from the file\n");
  });
  after(() => rmSync(home, { recursive: true }));

  it("has ~ and variables in it replaced", () => {
    const at = { HOME: "/h", A: "a", B: "b" };
    assert.equal(expandPath("~/x", at), "/h/x");
    assert.equal(expandPath("~", at), "/h");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: contexts spell variables like this
    assert.equal(expandPath("$A/${B}/$C/x", at), "a/b//x");
    assert.equal(expandPath("$A$B.creds", at), "ab.creds");
    assert.equal(expandPath("/x/~/y", at), "/x/~/y");
    assert.equal(expandPath("~other/x", at), "~other/x");
  });

  it("is a path, or one after file://", async () => {
    for (const value of [
      join(home, "a.creds"),
      `file://${home}/a.creds`,
      "~/a.creds",
      "$DIR/a.creds",
      "file://~/a.creds",
    ]) {
      assert.equal(await read(value), "from the file\n");
    }
  });

  it("is a variable after env://, and text after data:;base64,", async () => {
    assert.equal(await read("env://SECRET"), "from the environment");
    assert.equal(await read(`data:;base64,${Buffer.from("inline").toString("base64")}`), "inline");
  });

  it("that leads nowhere is an error with the path and where it came from", async () => {
    await refused(read(join(home, "b.creds")), /the credentials file .*b\.creds \(--creds\).*there is no such file/);
    await refused(read(home), /it is a directory/);
    await refused(read("env://NOPE"), /the variable NOPE, which is not set/);
    await refused(read("data:,plain"), /without base64/);
  });

  it("that needs another program is refused", async () => {
    await refused(read("op://vault/item"), /op: reference/);
    await refused(read("nsc://op/acc/user"), /nsc: reference/);
    await refused(secret("op://vault/item"), /op: reference/);
  });

  it("is the secret itself unless it is a reference, whose line end is dropped", async () => {
    assert.equal(await secret("pa:ss"), "pa:ss");
    assert.equal(await secret("http://x"), "http://x");
    assert.equal(await secret(" blanks stay "), " blanks stay ");
    assert.equal(await secret("env://SECRET"), "from the environment");
    assert.equal(await secret(`file://${home}/a.creds`), "from the file");
  });
});
