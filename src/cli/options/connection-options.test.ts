import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command, CommanderError } from "commander";
import {
  type ConnectionFlags,
  resolveConnectionSettings,
} from "../../jetstream/connection/resolve-connection-settings.ts";
import { addConnectionOptions, connectionFlags } from "./connection-options.ts";
import { durationOption } from "./duration.ts";

/** The flags that are set after `relight stream ls <words>`, with the options on the program or on the last command. */
function flagsOf(words: readonly string[], on: "program" | "command" = "command"): Partial<ConnectionFlags> {
  const program = new Command("relight").exitOverride().configureOutput({ writeErr: () => {} });
  const command = program
    .command("stream")
    .command("ls")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  addConnectionOptions(on === "program" ? program : command);
  let flags: ConnectionFlags = {};
  command.action(() => {
    flags = connectionFlags(command);
  });
  program.parse(["stream", "ls", ...words], { from: "user" });
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

describe("the connection options of the command line", () => {
  it("are those of the nats CLI", () => {
    const words =
      "-s a --user b --password c --token d --creds e --nkey f --jwt g --seed h --tlscert i --tlskey j --tlsca k" +
      " --tlsfirst --timeout 1s --socks-proxy none --js-api-prefix l --js-domain m --inbox-prefix n" +
      " --connection-name o --context p";
    const flags = {
      server: "a",
      user: "b",
      password: "c",
      token: "d",
      creds: "e",
      nkey: "f",
      jwt: "g",
      seed: "h",
      tlscert: "i",
      tlskey: "j",
      tlsca: "k",
      tlsfirst: true,
      timeout: "1s",
      socksProxy: "none",
      jsApiPrefix: "l",
      jsDomain: "m",
      inboxPrefix: "n",
      connectionName: "o",
      context: "p",
    };
    assert.deepEqual(flagsOf(words.split(" ")), flags);
    assert.deepEqual(flagsOf(words.split(" "), "program"), flags);
  });

  it("give nothing that was not typed, so that the environment and the context can", () => {
    assert.deepEqual(flagsOf([]), {});
    const settings = resolveConnectionSettings(flagsOf([]), {
      NATS_URL: "nats://h:1",
      XDG_CONFIG_HOME: "/nonexistent",
    });
    assert.equal(settings.servers[0]?.url, "nats://h:1");
  });

  it("can be switched off: --no-context, --no-tlsfirst", () => {
    assert.deepEqual(flagsOf(["--no-context", "--no-tlsfirst"]), { context: false, tlsfirst: false });
  });

  it("have the CLI's other spellings", () => {
    assert.deepEqual(flagsOf(["--tls-first", "--domain", "hub"]), { tlsfirst: true, jsDomain: "hub" });
  });

  it("stand under a heading of their own in the help, with the variables", () => {
    const help = addConnectionOptions(new Command("ls")).helpInformation();
    assert.match(help, /^Connection:\n\s+-s, --server <url>\s.*\(\$NATS_URL\)$/m);
    for (const variable of ["CREDS", "NKEY", "USER", "PASSWORD", "TOKEN", "CONTEXT", "CERT", "KEY", "CA", "TIMEOUT"]) {
      assert.ok(help.includes(`($NATS_${variable})`), variable);
    }
    assert.doesNotMatch(help, /--tls-first|--domain/);
  });
});

describe("an option that is a duration", () => {
  const parse = (...words: readonly string[]): unknown => {
    const command = new Command("x").exitOverride().configureOutput({ writeErr: () => {} });
    command.addOption(durationOption("--wait <duration>", "How long", "15s"));
    return command.parse(words, { from: "user" }).opts().wait;
  };

  it("is given in milliseconds", () => {
    assert.equal(parse("--wait", "1m30s"), 90_000);
    assert.equal(parse(), 15_000);
  });

  it("refuses anything else, naming the option", () => {
    for (const text of ["5", "soon", "-5s"]) {
      assert.throws(
        () => parse(`--wait=${text}`),
        (error) => error instanceof CommanderError && /--wait.*must be a duration/.test(error.message),
      );
    }
  });
});
