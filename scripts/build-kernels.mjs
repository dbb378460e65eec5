// Compiles kernels/ (AssemblyScript) to WebAssembly and writes it as base64 into a TypeScript file, so that the library
// needs no file beside its code, in Node and in browsers alike.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const output = join(root, "src", "formats", "kernels", "wasm.generated.ts");
const scratch = mkdtempSync(join(tmpdir(), "relight-kernels-"));
try {
  const wasm = join(scratch, "kernels.wasm");
  const { error, stderr } = await asc.main(
    [
      join(root, "kernels", "index.ts"),
      ...["--outFile", wasm, "-O3", "--runtime", "stub", "--enable", "simd", "--enable", "bulk-memory"],
      ...["--importMemory", "--initialMemory", "4", "--maximumMemory", "16384", "--zeroFilledMemory", "--noAssert"],
    ],
    {},
  );
  if (error) {
    process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
    process.exit(1);
  }
  const bytes = readFileSync(wasm);
  writeFileSync(
    output,
    `// Made by scripts/build-kernels.mjs from kernels/; ${bytes.length} bytes.\nexport const wasmBase64 =\n  "${bytes.toString("base64")}";\n`,
  );
  process.stderr.write(`kernels: ${bytes.length} bytes of WebAssembly\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
