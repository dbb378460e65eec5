import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answeringServer, type MessageTrace } from "./answering-server.ts";

const trace = (name: string, types: readonly string[], hops?: number): MessageTrace => ({
  server: { name },
  ...(hops === undefined ? {} : { hops }),
  events: types.map((type) => ({ type })),
});

describe("the server that answered a request", () => {
  it("is the one that it came to, where that passed it on to nobody", () => {
    assert.equal(answeringServer([trace("n1", ["in"])]), "n1");
  });

  it("is the last on its way", () => {
    assert.equal(answeringServer([trace("n1", ["in", "eg"], 1), trace("n3", ["in"])]), "n3");
    assert.equal(answeringServer([trace("n3", ["in"]), trace("n1", ["in", "eg"], 1)]), "n3", "in any order");
  });

  it("is not known before all have told of it", () => {
    assert.equal(answeringServer([]), undefined);
    assert.equal(answeringServer([trace("n1", ["in", "eg"], 1)]), undefined);
    assert.equal(answeringServer([trace("n1", ["in", "eg", "eg"], 2), trace("n2", ["in"])]), undefined);
  });

  it("is not one where somebody only listens, or where requests are stored", () => {
    const passing = trace("n1", ["in", "eg", "eg"], 2);
    assert.equal(answeringServer([passing, trace("n2", ["in", "eg"]), trace("n3", ["in"])]), "n3");
    assert.equal(answeringServer([passing, trace("n2", ["in", "js"]), trace("n3", ["in"])]), "n3");
    // n1 answered, or nobody did.
    assert.equal(answeringServer([trace("n1", ["in", "eg"], 1), trace("n2", ["in", "eg"])]), null);
    assert.equal(
      answeringServer([passing, trace("n2", ["in"]), trace("n3", ["in"])]),
      null,
      "two that may have answered",
    );
  });
});
