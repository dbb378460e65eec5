import type { ArchiveProblem } from "./archive-report.ts";

/** How many problems of one kind are told one by one. */
const told = 20;

/**
 * The first problems of every kind, and how many more there are of each: a damaged or hostile archive can have as many as it has
 * entries. Pure.
 */
export function fewOfEach(problems: Iterable<ArchiveProblem>): ArchiveProblem[] {
  const few: ArchiveProblem[] = [];
  const counts = new Map<string, number>();
  for (const problem of problems) {
    const kind = `${problem.code} ${problem.severity}`;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    if (count <= told) few.push(problem);
  }
  for (const [kind, count] of counts) {
    if (count <= told) continue;
    const [code, severity] = kind.split(" ") as [ArchiveProblem["code"], ArchiveProblem["severity"]];
    const message = `${count - told} more problems of this kind (${code})`;
    few.push({ code, severity, message, count: count - told });
  }
  return few;
}
