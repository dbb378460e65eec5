import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect } from "@nats-io/transport-node";
import { LocalServer } from "../local/local-server.ts";
import { JsApiError, jsRequest } from "./js-request.ts";

describe("jsRequest", () => {
  it("returns the parsed answer, and throws the server's error by number, and silence by subject", async () => {
    await using server = await LocalServer.start({ version: "2.15" });
    const nc = await connect({ servers: server.url, reconnect: false });
    try {
      const info = await jsRequest<{ readonly streams: number }>(nc, "INFO");
      assert.equal(info.streams, 0);
      assert.equal((await jsRequest<{ readonly streams: number }>(nc, "$JS.API.INFO")).streams, 0);
      await assert.rejects(jsRequest(nc, "STREAM.INFO.NONE"), (error) => {
        assert.ok(error instanceof JsApiError);
        assert.deepEqual([error.errCode, error.code, error.description], [10059, 404, "stream not found"]);
        return true;
      });
      const prefix = "$JS.nowhere.API";
      await assert.rejects(jsRequest(nc, "INFO", undefined, { prefix }), /\$JS\.nowhere\.API\.INFO: nobody answers/);
    } finally {
      await nc.close();
    }
  });
});
