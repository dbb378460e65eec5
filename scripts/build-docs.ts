// npm run docs: writes what is generated in docs/.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { renderErrors } from "./render-errors.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
writeFileSync(join(root, "docs", "errors.md"), renderErrors());
console.log("docs/errors.md");
