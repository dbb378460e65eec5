import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { originNames, restoreOrder } from "./restore-order.ts";

const stream = (name: string, sources: readonly string[] = [], mirror?: string) => ({
  config: { name, sources: sources.map((from) => ({ name: from })), ...(mirror ? { mirror: { name: mirror } } : {}) },
});
const names = (streams: readonly { readonly config: { readonly name: string } }[]): string[] =>
  streams.map(({ config }) => config.name);

describe("the order of a restore", () => {
  it("puts origins before their mirrors and sources, over several steps", () => {
    const order = names(restoreOrder([stream("C", ["B"]), stream("M", [], "A"), stream("B", ["A"]), stream("A")]));
    assert.deepEqual(order, ["A", "B", "C", "M"]);
  });

  it("does not wait for streams of other accounts or that are not in the backup", () => {
    const external = { config: { name: "X", mirror: { name: "Y", external: { api: "$JS.other.API" } } } };
    assert.deepEqual(names(restoreOrder([external, stream("Y"), stream("Z", ["NOT-HERE"])])), ["X", "Y", "Z"]);
    assert.deepEqual(originNames(external.config), []);
  });

  it("keeps every stream exactly once, whatever they source, cycles included", () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 10 });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 10 }), (sources) => {
        const streams = sources.map((from, index) => stream(String(index), from.map(String)));
        const order = names(restoreOrder(streams));
        assert.deepEqual([...order].sort(), streams.map(({ config }) => config.name).sort());
      }),
    );
  });
});
