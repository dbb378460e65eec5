#!/usr/bin/env node
// Plain JavaScript for any Node, so that one that is too old is told so instead of failing on syntax.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`relight: Node 22.15 or newer is needed; this is ${process.version}\n`);
  process.exit(1);
}
const { main } = await import("../dist/program/main.js").catch((error) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND" || !/dist\/program\/main\.js/.test(error.message)) throw error;
  process.stderr.write("relight: not built yet; run: npm run build\n");
  process.exit(1);
});
process.exitCode = await main(process.argv.slice(2));
