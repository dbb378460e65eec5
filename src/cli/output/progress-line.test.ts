import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ProgressLine, type ProgressState, renderProgress } from "./progress-line.ts";

const half: ProgressState = { label: "ORDERS", phase: "receiving", done: 50 * 2 ** 20, total: 100 * 2 ** 20 };

/** A terminal that keeps what is written, or a file. */
function target(
  isTTY: boolean,
  columns = 100,
): { isTTY: boolean; columns: number; text: string; write(t: string): void } {
  return {
    isTTY,
    columns,
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

describe("the progress bar", () => {
  it("shows who, what, how much, how fast and how long", () => {
    assert.equal(
      renderProgress(half, 10 * 2 ** 20),
      "ORDERS  receiving  ██████████████░░░░░░░░░░░░░░  50%  10.0 MiB/s  5 s left",
    );
  });

  it("says no rate before it knows one, and no time left at the end", () => {
    assert.equal(renderProgress(half, 0), "ORDERS  receiving  ██████████████░░░░░░░░░░░░░░  50%");
    assert.match(renderProgress({ ...half, done: half.total }, 1024), /100% {2}1\.00 KiB\/s$/);
  });

  it("stays within 100% where the total was an estimate, and at 0% where it is nothing", () => {
    assert.match(renderProgress({ ...half, done: half.total * 2 }, 0), / 100%$/);
    assert.match(renderProgress({ ...half, done: 0, total: 0 }, 0), / {3}0%$/);
  });

  it("keeps to one line of the terminal: a long name is shortened, not the bar", () => {
    const terminal = target(true, 60);
    const progress = new ProgressLine(terminal, { progress: true });
    progress.update({ ...half, label: "A_STREAM_WITH_A_NAME_THAT_IS_LONGER_THAN_THE_LINE" });
    const line = terminal.text.replace("\r", "").replace("\u001b[K", "");
    assert.ok(line.length < 60, line);
    assert.match(line, /^A_STREA… {2}receiving {2}█+░+ {2}50%$/);
  });

  it("draws over itself, and goes away for good when it is disposed of", () => {
    const terminal = target(true);
    const progress = new ProgressLine(terminal, { progress: true });
    progress.update(half);
    progress.update({ ...half, done: half.total });
    progress[Symbol.dispose]();
    progress.update(half);
    assert.equal(terminal.text.split("\r").length, 4);
    assert.ok(terminal.text.endsWith("\r\u001b[K"));
    assert.ok(!terminal.text.includes("\n"));
  });

  it("is one for all streams that are under way side by side, until they are finished", () => {
    const terminal = target(true);
    const progress = new ProgressLine(terminal, { progress: true, concurrent: true });
    progress.update({ ...half, label: "A" });
    progress.update({ ...half, label: "B", done: 0 });
    assert.match(terminal.text, /2 streams {2}receiving {2}█{7}░{21} {2}25%/);
    progress.finish("A");
    progress.update({ ...half, label: "B", done: 0 });
    assert.match(terminal.text, /B {2}receiving {2}░+ {3}0%[^\r]*$/);
  });

  it("goes from one stream to the next where they come one by one", () => {
    const terminal = target(true);
    const progress = new ProgressLine(terminal, { progress: true });
    progress.update({ ...half, label: "A" });
    progress.update({ ...half, label: "B" });
    assert.match(terminal.text, /\rB {2}receiving/);
  });

  it("has no escape codes without a terminal or with --no-progress, and writes a line every five seconds", (context) => {
    context.mock.timers.enable({ apis: ["Date"] });
    for (const [out, progress] of [
      [target(false), true],
      [target(true), false],
    ] as const) {
      const line = new ProgressLine(out, { progress });
      line.update({ ...half, done: 0 });
      context.mock.timers.tick(4_000);
      line.update({ ...half, done: 10 * 2 ** 20 });
      assert.equal(out.text, "");
      context.mock.timers.tick(1_000);
      line.update(half);
      line.clear();
      assert.equal(out.text, "ORDERS: receiving 50%, 10.0 MiB/s, 5 s left\n");
    }
  });
});
