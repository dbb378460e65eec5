// The command line without a build, for tests that need a process: `node relight-from-source.ts stream ls`.
import { main } from "../cli/main.ts";

process.exitCode = await main(process.argv.slice(2));
