import { relative, resolve } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";

export interface TestFileResult {
  readonly file: string;
  readonly seconds: number;
  /** Names of tests with those of their suites: "startServer > starts 2.9 ...". */
  readonly passed: readonly string[];
  readonly skipped: readonly string[];
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
  /** What the file printed. */
  readonly output: string;
}

/** What the runner adds to errors: for a test its kind and cause, for a file how its process ended. */
interface RunnerError extends Error {
  readonly failureType?: string;
  readonly exitCode?: number;
  readonly signal?: string | null;
}

/** The part of a file's time that each of its tests has, so that the one which hangs is named. */
const partForTests = 0.9;

/**
 * Runs one test file in a process of its own. What fails outside of tests fails too: hooks and suites, a file that
 * crashes, one that does not end within its limit because something was left open, and one that tests nothing.
 */
export async function runTestFile(file: string, limitMs: number, stop: AbortSignal): Promise<TestFileResult> {
  const began = performance.now();
  const names: string[] = [];
  const passed: string[] = [];
  const skipped: string[] = [];
  const failed: { name: string; reason: string }[] = [];
  const output: string[] = [];
  const own = relative(process.cwd(), file);
  const isFile = (name: string): boolean => resolve(name) === file;
  const fullName = (name: string, nesting: number): string => [...names.slice(0, nesting), name].join(" > ");

  const limit = AbortSignal.timeout(limitMs);
  const events = run({
    files: [file],
    timeout: limitMs * partForTests,
    signal: AbortSignal.any([limit, stop]),
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  events.on("test:start", ({ name, nesting }) => {
    names[nesting] = name;
  });
  events.on("test:pass", ({ name, nesting, skip, todo, details }) => {
    const full = fullName(name, nesting);
    if (isSet(skip) || isSet(todo)) skipped.push(`${full} (${reasonOf(skip ?? todo)})`);
    else if (details.type === "suite") return;
    else if (nesting === 0 && isFile(name)) failed.push({ name: own, reason: "the file tests nothing" });
    else passed.push(full);
  });
  events.on("test:fail", ({ name, nesting, todo, details }) => {
    const full = fullName(name, nesting);
    const { failureType, cause, exitCode, signal } = details.error as RunnerError;
    if (isSet(todo)) skipped.push(`${full} (${reasonOf(todo)})`);
    // A suite with tests that failed: those are listed themselves.
    else if (failureType === "subtestsFailed") return;
    else if (nesting > 0 || !isFile(name)) failed.push({ name: full, reason: explain(cause ?? details.error) });
    else if (limit.aborted) failed.push({ name: own, reason: `it did not end within ${limitMs / 1000} s` });
    // Where a test failed, the file's process ends with an error for that reason alone.
    else if (failed.length === 0) {
      const reason = `its process ended with ${signal ?? `code ${exitCode}`}`;
      failed.push({ name: own, reason: stop.aborted ? "stopped" : reason });
    }
  });
  for (const kind of ["test:stdout", "test:stderr"] as const) events.on(kind, ({ message }) => output.push(message));
  // Those of a file, such as of an error after its tests; those of none are the runner's own statistics.
  events.on("test:diagnostic", (event) => {
    if (event.file !== undefined) output.push(`${event.message}\n`);
  });
  for await (const _ of events);
  if (passed.length + skipped.length + failed.length === 0) {
    failed.push({ name: own, reason: "nothing was heard of it" });
  }
  const seconds = (performance.now() - began) / 1000;
  return { file, seconds, passed, skipped, failed, output: output.join("") };
}

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false;

const reasonOf = (mark: string | boolean | undefined): string => (typeof mark === "string" ? mark : "skipped");

/** The error with the frames of the project and its dependencies, without those of the runner. */
function explain(error: unknown): string {
  const text = error instanceof Error ? inspect(error, { colors: false }) : String(error);
  return text
    .split("\n")
    .filter((line) => !/^\s+at .*\(?node:internal\//.test(line))
    .join("\n");
}
