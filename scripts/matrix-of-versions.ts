// What npm run test:versions runs.
import { describeStreamsOf } from "../src/testing/matrix/streams-of-version.ts";

for (const version of (process.env.RELIGHT_MATRIX_VERSIONS ?? "").split(",").filter(Boolean))
  describeStreamsOf(version);
