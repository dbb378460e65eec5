import { createInterface } from "node:readline/promises";
import type { PlanStep } from "../cluster/plan/cluster-plan.ts";
import { readable, targetOf } from "./output/cluster-plan.ts";

/**
 * Asks on the terminal whether a step that cannot be taken back, or that decides what is kept, is to be done. Anything but "yes" or
 * "y" is no. Throws what the signal says when it is aborted; Ctrl-C at the question is Ctrl-C of the command.
 */
export async function confirmStep(step: PlanStep, signal: AbortSignal): Promise<boolean> {
  const lines = [
    "",
    `${step.kind} ${targetOf(step)}`,
    `     Why:  ${step.why}`,
    `     Risk: ${step.risk}`,
    ...step.evidence.slice(0, 4).map((text) => `     Seen: ${readable(text)}`),
    `     Undo: ${step.undo ?? "none: there is no way back"}`,
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    const answer = await terminal.question("Do it? [y/N] ", { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
