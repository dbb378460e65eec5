import { readFileSync } from "node:fs";
import type { NatsConnection } from "@nats-io/nats-core";
import { noWords } from "../cluster/plan/plan-request.ts";
import { recoverCluster } from "../operations/cluster-recovery/recover-cluster.ts";
import type { RecoveryEvent } from "../operations/cluster-recovery/recovery-request.ts";
import { openTestSession } from "./open-test-session.ts";
import { connectAsSystem } from "./recovery-cluster.ts";

/** What the process of a recovery that kills itself is told, as JSON in its first argument. */
export interface KilledRecovery {
  readonly url: string;
  readonly gone: readonly string[];
  readonly ledger: string;
  readonly backups: string;
  /** The file of a look that was taken before. */
  readonly earlier: string;
  readonly killAt: KillPoint;
}

/** The moment that it ends itself at: at a request that is about to be sent or was answered, or at an event; null: never. */
export type KillPoint =
  | { readonly request: string; readonly when: "before" | "after" }
  | { readonly event: RecoveryEvent["kind"]; readonly step: string; readonly text?: string }
  | null;

const told = JSON.parse(process.argv[2] ?? "") as KilledRecovery;
const { killAt } = told;
const end = (): void => void process.kill(process.pid, "SIGKILL");

function watch(connection: NatsConnection): void {
  if (killAt === null || !("request" in killAt)) return;
  const request = connection.request.bind(connection);
  connection.request = async (subject, ...rest) => {
    const meant = subject.includes(killAt.request);
    if (meant && killAt.when === "before") end();
    const answer = await request(subject, ...rest);
    if (meant) end();
    return answer;
  };
}

await using session = await openTestSession(told.url, "4s");
const system = await connectAsSystem(told.url);
watch(session.api.connection);
watch(system);
const outcome = await recoverCluster(
  {
    system,
    account: session,
    words: { ...noWords, gone: told.gone },
    backups: [told.backups],
    ledger: told.ledger,
    earlier: JSON.parse(readFileSync(told.earlier, "utf8")),
    maxWaitMs: 60_000,
    tool: "test",
  },
  {
    onEvent: (event) => {
      if (killAt === null || !("event" in killAt) || event.kind !== killAt.event || !("step" in event)) return;
      const text = event.kind === "progress" ? event.text : "";
      if (event.step.id === killAt.step && text.includes(killAt.text ?? "")) end();
    },
  },
);
await system.close();
process.stdout.write(JSON.stringify(outcome));
