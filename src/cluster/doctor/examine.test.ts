import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sketchPeer, sketchPicture, sketchSample, sketchServer, sketchStream } from "../../testing/sketch-cluster.ts";
import {
  backup,
  consumer,
  empty,
  ghost,
  good,
  healthy,
  jetstreamOf,
  memoryOnly,
  now,
  remembered,
  replica,
  three,
  verified,
  whole,
  withMeta,
  withServers,
  withStream,
} from "../../testing/sketch-health.ts";
import { emptyLedger } from "../ledger.ts";
import { mergeLedger } from "../merge-ledger.ts";
import type { Sample } from "../picture.ts";
import type { Background } from "./background.ts";
import { checks, examine } from "./examine.ts";
import type { Severity } from "./finding.ts";

interface Case {
  readonly title: string;
  readonly later: Sample;
  /** The same, unless it is said. */
  readonly earlier?: Sample | null;
  readonly background?: Partial<Background>;
  readonly id: string;
  readonly severity: Severity;
  readonly evidence: RegExp;
}

const cases: readonly Case[] = [
  {
    title: "an R1 stream",
    later: sketchSample(three, [sketchStream("ONE", { peers: ["+n1"], leader: "n1" })]),
    id: "D1",
    severity: "info",
    evidence: /^APP > ONE$/,
  },
  {
    title: "an R1 stream in memory",
    later: sketchSample(three, [memoryOnly]),
    id: "D1",
    severity: "warning",
    evidence: /^APP > TMP$/,
  },
  {
    title: "an R2 stream",
    later: sketchSample(three, [sketchStream("TWO", { peers: ["+n1", "+n2"], leader: "n1" })]),
    id: "D1",
    severity: "warning",
    evidence: /^APP > TWO: R2$/,
  },
  {
    title: "what a killed restore left",
    later: sketchSample(three, [good, sketchStream("S_relight_d9CFA4WvEZKRWLzdJcP0Ki", whole)]),
    id: "D19",
    severity: "warning",
    evidence: /^APP > S_relight_d9CFA4WvEZKRWLzdJcP0Ki, for S$/,
  },
  { title: "lazy sync", later: healthy, id: "D3", severity: "info", evidence: /^n1: synced every 120 s$/ },
  {
    title: "all replicas in one zone",
    later: {
      ...sketchSample([...three, "n4"], [good]),
      servers: [...three, "n4"].map((name) => sketchServer(name, { tags: [name === "n4" ? "az:b" : "az:a"] })),
    },
    id: "D4",
    severity: "warning",
    evidence: /^APP > S: all 3 replicas at az:a$/,
  },
  {
    title: "no slack left",
    later: sketchSample(["n1", "n2", "!n3"], [{ ...good, replicas: [replica("n1", 10), replica("n2", 10)] }]),
    id: "D5",
    severity: "critical",
    evidence: /^meta group: 2 of 3 members are up, and 2 are needed$/,
  },
  {
    title: "streams without slack",
    later: sketchSample(
      [...three, "n4", "!n5"],
      [{ ...good, name: "EDGE", peers: [sketchPeer("+n1"), sketchPeer("+n2"), sketchPeer("-n5")] }],
    ),
    id: "D5",
    severity: "critical",
    evidence: /^streams on as few replicas as they need: APP > EDGE$/,
  },
  {
    title: "no meta leader",
    later: withMeta({ leader: null, whyNoLeader: "nobody knows one" }),
    id: "D6",
    severity: "critical",
    evidence: /^nobody knows one$/,
  },
  {
    title: "a ghost, and an even size",
    later: withMeta({ size: 4, quorumNeeded: 3, peers: [...three.map((name) => sketchPeer(`+${name}`)), ghost] }),
    id: "D6",
    severity: "warning",
    evidence: /^peer id 44jzkV9D$/,
  },
  {
    title: "an even number of members",
    later: withMeta({ size: 4, quorumNeeded: 3 }),
    id: "D6",
    severity: "warning",
    evidence: /^4 members, 3 are needed$/,
  },
  {
    title: "a server that came back after its removal",
    later: withMeta({ peers: [sketchPeer("+n1"), sketchPeer("+n2")] }),
    id: "D6",
    severity: "critical",
    evidence: /^n3$/,
  },
  {
    title: "a quorum that a rescue has lowered",
    later: withMeta({ rescue: true, quorumNeeded: 1 }),
    id: "D6",
    severity: "critical",
    evidence: /^1 of 3 members are enough for now$/,
  },
  {
    title: "a stream short of a replica",
    later: withStream({ peers: [sketchPeer("+n1"), sketchPeer("+n2")] }),
    id: "D7",
    severity: "warning",
    evidence: /^APP > S: it has 2 of 3 replicas$/,
  },
  {
    title: "a change that hangs",
    later: withStream({ desired: { peers: ["n4"], type: "blocked", description: "no suitable peer" } }),
    id: "D7",
    severity: "warning",
    evidence: /^APP > S: no suitable peer$/,
  },
  {
    title: "a stream without a leader",
    later: withStream({ leader: null, claimants: [] }),
    id: "D8",
    severity: "critical",
    evidence: /^APP > S: 3 of 3 replicas are up and none of them leads$/,
  },
  {
    title: "a consumer without a leader",
    later: withStream({
      consumers: [{ ...consumer, leader: null }],
    }),
    id: "D8",
    severity: "critical",
    evidence: /^APP > S > billing$/,
  },
  {
    title: "a stream that two servers say they lead",
    later: withStream({ claimants: ["n1", "n2"] }),
    id: "D8",
    severity: "critical",
    evidence: /^APP > S: n1 and n2$/,
  },
  {
    title: "a leader with an empty store",
    later: withStream({ replicas: [replica("n1", 0), replica("n2", 500), replica("n3", 0)] }),
    id: "D9",
    severity: "critical",
    evidence: /^APP > S: n2 has 500 messages, 1 to 500; leader n1 has 0/,
  },
  {
    title: "a replica that lost messages",
    later: withStream({ replicas: [replica("n1", 10), replica("n2", 10, 10, 3), replica("n3", 10)] }),
    id: "D9",
    severity: "critical",
    evidence: /^APP > S on n2: 3 messages$/,
  },
  {
    title: "replicas that hold different messages",
    later: withStream({ replicas: [replica("n1", 10), replica("n2", 10, 9), replica("n3", 10)] }),
    id: "D9",
    severity: "warning",
    evidence: /^APP > S: n2 has 9 messages, 1 to 10; leader n1 has 10/,
  },
  {
    title: "replicas that hold as many messages, of another size",
    later: withStream({ replicas: [replica("n1", 10), replica("n2", 10, 10, 0, 999), replica("n3", 10)] }),
    id: "D9",
    severity: "warning",
    evidence: /^APP > S: n2 has .*, 999 bytes; leader n1 has .*, 1000 bytes$/,
  },
  {
    title: "JetStream that is off",
    later: withServers({ jetstream: { ...jetstreamOf(healthy), enabled: false } }),
    id: "D12",
    severity: "critical",
    evidence: /^n1$/,
  },
  {
    title: "a full disk",
    later: withServers({ jetstream: { ...jetstreamOf(healthy), freeStorage: 1e7 } }),
    id: "D12",
    severity: "warning",
    evidence: /^n1: 1\.0 % of its limit is free$/,
  },
  {
    title: "an unwell server",
    later: withServers({ health: { ok: false, errors: ["stream is not current"] } }),
    id: "D12",
    severity: "warning",
    evidence: /^n1: stream is not current$/,
  },
  {
    title: "an old server, which lets anybody remove servers",
    later: withServers({ version: "2.10.26" }),
    id: "D13",
    severity: "warning",
    evidence: /^n1: 2\.10\.26$/,
  },
  {
    title: "proposals that wait",
    later: withMeta({ pending: 5_000 }),
    id: "D15",
    severity: "warning",
    evidence: /^meta leader: 5000 proposals$/,
  },
  {
    title: "requests that wait",
    later: withServers({ jetstream: { ...jetstreamOf(healthy), pendingApi: 5_000 } }),
    id: "D15",
    severity: "warning",
    evidence: /^n1: 5000 requests$/,
  },
  {
    title: "a clock",
    later: withServers({ clockSkewMs: 4_000 }),
    id: "D16",
    severity: "warning",
    evidence: /^n1: 4\.0 s$/,
  },
  {
    title: "a silent server",
    later: sketchSample(["n1", "n2", "!n3"], [good]),
    id: "D17",
    severity: "critical",
    evidence: /^n3$/,
  },
  {
    title: "a server that answers in part",
    later: withServers({ health: { unseen: "no-answer" } }),
    id: "D17",
    severity: "warning",
    evidence: /^n1: answers, and does not tell its health$/,
  },
  {
    title: "a stream that no other server can take a replica of",
    later: healthy,
    id: "D5",
    severity: "info",
    evidence: /^n1: APP > S; needed then: one more server in cluster C$/,
  },
  {
    title: "a stream in no backup",
    later: healthy,
    background: { backups: [] },
    id: "D2",
    severity: "warning",
    evidence: /^APP > S$/,
  },
  {
    title: "an old backup",
    later: healthy,
    background: { backups: [{ ...backup(7), takenAt: "2025-12-30T00:00:00Z" }] },
    id: "D2",
    severity: "warning",
    evidence: /^APP > S: 60 h old, lacks the last 3 sequences/,
  },
  {
    title: "a stream that ends before its backup does",
    later: healthy,
    background: { backups: [backup(500)] },
    id: "D2",
    severity: "critical",
    evidence: /^APP > S: ends at 10, and its backup of .* at 500$/,
  },
  {
    title: "an R1 stream that was created anew, empty",
    later: sketchSample(three, [
      sketchStream("S", { peers: ["+n1"], leader: "n1" }, { state: empty, replicas: [replica("n1", 0)] }),
    ]),
    background: { ledger: remembered({}) },
    id: "D10",
    severity: "critical",
    evidence: /^APP\/S held sequences up to 10 .*and is empty now, with the same creation time$/,
  },
  {
    title: "a stream that is gone",
    later: sketchSample(three, []),
    background: { ledger: remembered({}) },
    id: "D10",
    severity: "warning",
    evidence: /^APP\/S was there on .* and is not known any more$/,
  },
  {
    title: "a consumer that went back",
    later: withStream({ consumers: [{ ...consumer, delivered: 0, ackFloor: 0 }] }),
    background: { ledger: mergeLedger(emptyLedger, sketchPicture(withStream({ consumers: [consumer] }))) },
    id: "D10",
    severity: "warning",
    evidence: /^consumer APP\/S > billing had acknowledged up to 5, and is at 0 now$/,
  },
  {
    title: "a stream whose content nobody could read",
    later: healthy,
    background: { verified: [{ ...verified, verdict: "unproven", reason: "a work queue" }] },
    id: "D11",
    severity: "info",
    evidence: /^APP > S: a work queue$/,
  },
  {
    title: "a replica that cannot be read",
    later: healthy,
    background: {
      verified: [{ ...verified, verdict: "damaged", reason: "n2: 4 messages cannot be read; whole on n1, n3" }],
    },
    id: "D11",
    severity: "critical",
    evidence: /^APP > S: n2: 4 messages cannot be read/,
  },
  {
    title: "a server that was removed and is a member again",
    later: healthy,
    background: { ledger: remembered({ removedAt: "2025-12-31T00:00:00Z" }) },
    id: "D14",
    severity: "warning",
    evidence: /^n3 was removed on 2025-12-31 00:00:00 UTC and is a member again/,
  },
  {
    title: "a server that was removed, is back, and is no member",
    later: withMeta({ peers: [sketchPeer("+n1"), sketchPeer("+n2")] }),
    background: { ledger: remembered({ removedAt: "2025-12-31T00:00:00Z" }) },
    id: "D14",
    severity: "critical",
    evidence: /^n3 was removed on 2025-12-31 00:00:00 UTC and is back under its old name: it is no member/,
  },
  {
    title: "a server with very many groups",
    later: withServers({ jetstream: { ...jetstreamOf(healthy), haAssets: 1_001 } }),
    id: "D20",
    severity: "info",
    evidence: /^n1: 1001$/,
  },
  {
    title: "a monitoring port for all, and none that only the machine reaches",
    later: healthy,
    background: {
      monitoring: [
        { server: "n1", host: "0.0.0.0", port: 8222 },
        { server: "n2", host: "127.0.0.1", port: 8222 },
      ],
    },
    id: "D18",
    severity: "info",
    evidence: /^n1: 0\.0\.0\.0:8222$/,
  },
];

describe("examine", () => {
  for (const { title, later, earlier = later, background, id, severity, evidence } of cases) {
    it(`${id}: ${title}`, () => {
      const { findings } = examine(sketchPicture(later, earlier), { now, ...background });
      const found = findings.filter((finding) => finding.id === id);
      assert.ok(
        found.some((finding) => finding.severity === severity && finding.evidence.some((line) => evidence.test(line))),
        JSON.stringify(found, undefined, 1),
      );
      for (const finding of findings)
        assert.ok(finding.evidence.length > 0 && finding.cure.endsWith("."), finding.title);
    });
  }

  it("finds nothing to fix in a healthy cluster", () => {
    const everything = { now, ledger: remembered({}), backups: [backup(10)], verified: [], monitoring: [] };
    const { findings, passed, skipped } = examine(sketchPicture(healthy), everything);
    assert.deepEqual(
      findings.map(({ id, severity }) => [id, severity]),
      [
        ["D3", "info"],
        // Three servers, three replicas: nobody takes the place of a fourth.
        ["D5", "info"],
      ],
    );
    assert.equal(passed.length, checks.length - 2);
    assert.deepEqual(skipped, []);
  });
});
