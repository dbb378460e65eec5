import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** The code blocks of a page that have a name ("```ts name=backup"), by name. */
export function readExamples(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(root, page), "utf8");
  const blocks = text.matchAll(/^```ts name=([a-z]+)\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, name = "", code = ""]) => [name, code]));
}

/**
 * A project of somebody who has installed Relight, in an empty directory: `relight` resolves by the package's own
 * `exports`, to the sources instead of the build, and everything else as here.
 */
export class ExampleProject {
  readonly #directory: string;

  constructor(directory: string, examples: ReadonlyMap<string, string>) {
    this.#directory = directory;
    const modules = join(directory, "node_modules");
    mkdirSync(join(modules, "relight"), { recursive: true });
    for (const name of ["@nats-io", "@types"]) symlinkSync(join(root, "node_modules", name), join(modules, name));
    symlinkSync(join(root, "src"), join(modules, "relight", "src"));
    const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly exports: Readonly<Record<string, { readonly default?: string }>>;
    };
    const exports = Object.entries(own.exports).flatMap(([path, target]) => {
      const source = target.default?.replace("./dist/", "./src/").replace(/\.js$/, ".ts");
      return source === undefined ? [] : [[path, source]];
    });
    const manifest = { name: "relight", type: "module", exports: Object.fromEntries(exports) };
    writeFileSync(join(modules, "relight", "package.json"), JSON.stringify(manifest));
    writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
    for (const [name, code] of examples) writeFileSync(join(directory, `${name}.ts`), code);
    const config = { extends: join(root, "tsconfig.json"), include: ["*.ts"] };
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config));
  }

  /** What the compiler finds in the examples; empty where there is nothing. */
  async typeErrors(): Promise<string> {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    try {
      await run(process.execPath, [tsc, "--noEmit", "-p", "."], { cwd: this.#directory });
      return "";
    } catch (error) {
      return (error as { readonly stdout: string }).stdout;
    }
  }

  /** Runs one example in this directory; what it prints. Throws where it does not end with exit code 0. */
  async run(name: string, environment: Readonly<Record<string, string>>): Promise<string> {
    const { stdout } = await run(process.execPath, ["--disable-warning=ExperimentalWarning", `${name}.ts`], {
      cwd: this.#directory,
      env: { ...process.env, ...environment },
      timeout: 60_000,
    });
    return stdout;
  }
}
