import { describeStreamsOf } from "../../testing/matrix/streams-of-version.ts";

describeStreamsOf("2.9");
