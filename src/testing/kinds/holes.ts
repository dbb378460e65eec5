import { LiveModel } from "../live-model.ts";
import { type Outgoing, publishAll } from "../publish.ts";
import { expectedOf, type StreamKind } from "../stream-kind.ts";
import { createStream, deleteMessage, publishNumbered, purgeStream } from "../stream-setup.ts";

export const emptyKind: StreamKind = {
  name: "empty",
  title: "a stream that was never written",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "EMPTY", subjects: ["empty.>"] }, options);
    return { streams: [expectedOf("EMPTY", new LiveModel())] };
  },
};

export const purgedKind: StreamKind = {
  name: "purged",
  title: "purged: wholly, wholly and written again, up to a sequence, by subject, keeping the newest, far ahead",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    const fill = async (name: string): Promise<LiveModel> => {
      await createStream(nc, { name, subjects: [`${name}.>`] }, options);
      const model = new LiveModel();
      await publishNumbered(nc, model, 120, (i) => `${name}.${i % 4}`);
      return model;
    };
    const all = await fill("PURGED");
    await purgeStream(nc, "PURGED");
    all.purge();

    const again = await fill("PURGED_AGAIN");
    await purgeStream(nc, "PURGED_AGAIN");
    again.purge();
    await publishNumbered(nc, again, 30, (i) => `PURGED_AGAIN.${i % 4}`);

    const sequence = await fill("PURGED_SEQUENCE");
    await purgeStream(nc, "PURGED_SEQUENCE", { seq: 81 });
    sequence.purge((_, seq) => seq < 81);

    const subject = await fill("PURGED_SUBJECT");
    await purgeStream(nc, "PURGED_SUBJECT", { filter: "PURGED_SUBJECT.2" });
    subject.purge((name) => name === "PURGED_SUBJECT.2");

    const keep = await fill("PURGED_KEEP");
    await purgeStream(nc, "PURGED_KEEP", { keep: 25 });
    keep.purge(() => true, 25);

    const subjectKeep = await fill("PURGED_SUBJECT_KEEP");
    await purgeStream(nc, "PURGED_SUBJECT_KEEP", { filter: "PURGED_SUBJECT_KEEP.1", keep: 3 });
    subjectKeep.purge((name) => name === "PURGED_SUBJECT_KEEP.1", 3);

    const ahead = await fill("PURGED_AHEAD");
    await purgeStream(nc, "PURGED_AHEAD", { seq: 1_000_000 });
    ahead.jump(1_000_000);
    await publishNumbered(nc, ahead, 10, (i) => `PURGED_AHEAD.${i % 4}`);

    return {
      streams: [
        expectedOf("PURGED", all),
        expectedOf("PURGED_AGAIN", again),
        expectedOf("PURGED_SEQUENCE", sequence),
        expectedOf("PURGED_SUBJECT", subject),
        expectedOf("PURGED_KEEP", keep),
        expectedOf("PURGED_SUBJECT_KEEP", subjectKeep),
        expectedOf("PURGED_AHEAD", ahead),
      ],
    };
  },
};

export const gapsKind: StreamKind = {
  name: "gaps",
  title: "messages deleted with and without erasing, alone and in runs, the first and the last too",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    const fill = async (name: string): Promise<LiveModel> => {
      await createStream(nc, { name, subjects: [`${name}.>`] }, options);
      const model = new LiveModel();
      await publishNumbered(
        nc,
        model,
        200,
        (i) => `${name}.${i % 5}`,
        (i) => (i % 3 === 0 ? [["X-N", `${i}`]] : undefined),
      );
      return model;
    };
    const remove = async (name: string, model: LiveModel, gone: readonly number[], erase: boolean): Promise<void> => {
      for (const sequence of gone) await deleteMessage(nc, name, sequence, erase);
      model.remove(...gone);
    };
    const run = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

    const erased = await fill("GAPS_ERASED");
    await remove("GAPS_ERASED", erased, [1, 2, 9, 50, ...run(100, 120), 199, 200], true);
    const marked = await fill("GAPS_MARKED");
    await remove("GAPS_MARKED", marked, [1, 2, 9, 50, ...run(100, 120), 199, 200], false);
    const mixed = await fill("GAPS_MIXED");
    await remove(
      "GAPS_MIXED",
      mixed,
      run(2, 60).filter((n) => n % 2 === 0),
      true,
    );
    await remove(
      "GAPS_MIXED",
      mixed,
      run(61, 120).filter((n) => n % 2 === 0),
      false,
    );
    await publishNumbered(nc, mixed, 20, (i) => `GAPS_MIXED.${i % 5}`);
    // Every message deleted one by one: empty, but not purged.
    const emptied = await fill("GAPS_EMPTIED");
    await remove("GAPS_EMPTIED", emptied, run(1, 200), false);
    return {
      streams: [
        expectedOf("GAPS_ERASED", erased),
        expectedOf("GAPS_MARKED", marked),
        expectedOf("GAPS_MIXED", mixed),
        expectedOf("GAPS_EMPTIED", emptied),
      ],
    };
  },
};

export const subjectLimitKind: StreamKind = {
  name: "subject-limit",
  title: "gaps by max_msgs_per_subject",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "PERSUBJECT", subjects: ["persubject.>"], max_msgs_per_subject: 3 }, options);
    const model = new LiveModel({ maxPerSubject: 3 });
    // Subjects of very different frequency: the rare ones' last messages lie far back.
    await publishNumbered(nc, model, 400, (i) => `persubject.${i % 50 === 0 ? `rare${i}` : i % 9}`);
    return { streams: [expectedOf("PERSUBJECT", model)] };
  },
};

/** Bytes a message takes in a file store: 22 of header, the subject, the payload, 8 of checksum. */
const recordSize = (subject: string, payload: number): number => 22 + subject.length + payload + 8;

export const evictedKind: StreamKind = {
  name: "evicted",
  title: "heads evicted by max_msgs and by max_bytes",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "MAXMSGS", subjects: ["maxmsgs"], max_msgs: 100 }, options);
    const byCount = new LiveModel({ maxMessages: 100 });
    await publishNumbered(nc, byCount, 350, () => "maxmsgs");

    const payload = "x".repeat(1_000);
    const fitting = 64;
    const size = recordSize("maxbytes", payload.length);
    await createStream(nc, { name: "MAXBYTES", subjects: ["maxbytes"], max_bytes: fitting * size }, options);
    const byBytes = new LiveModel({ maxMessages: fitting });
    const messages = Array.from({ length: 200 }, (): Outgoing => ({ subject: "maxbytes", payload }));
    for (const _ of messages) byBytes.publish("maxbytes");
    await publishAll(nc, messages);
    return { streams: [expectedOf("MAXMSGS", byCount), expectedOf("MAXBYTES", byBytes)] };
  },
};

export const firstSequenceKind: StreamKind = {
  name: "first-sequence",
  title: "first sequence set by configuration, written and not, also beyond 32 bits",
  minVersion: "2.10.0",
  async create(nc, _version, options) {
    const streams = [];
    for (const [name, firstSeq, count] of [
      ["FIRSTSEQ", 1_000, 100],
      ["FIRSTSEQ_EMPTY", 1_000, 0],
      ["FIRSTSEQ_HUGE", 5_000_000_000, 50],
    ] as const) {
      await createStream(nc, { name, subjects: [`${name}.>`], first_seq: firstSeq }, options);
      const model = new LiveModel({ firstSeq });
      await publishNumbered(nc, model, count, (i) => `${name}.${i % 3}`);
      streams.push(expectedOf(name, model));
    }
    return { streams };
  },
};

export const discardNewKind: StreamKind = {
  name: "discard-new",
  title: "full streams that refuse new messages, per stream and per subject",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "DISCARDNEW", subjects: ["discardnew"], discard: "new", max_msgs: 50 }, options);
    const model = new LiveModel();
    await publishNumbered(nc, model, 50, () => "discardnew");
    const config = { discard: "new", discard_new_per_subject: true, max_msgs_per_subject: 2, max_msgs: 1_000 };
    await createStream(nc, { name: "DISCARDNEW_SUBJECT", subjects: ["discardsubject.>"], ...config }, options);
    const perSubject = new LiveModel();
    await publishNumbered(nc, perSubject, 40, (i) => `discardsubject.${i % 20}`);
    for (const subject of ["discardnew", "discardsubject.7"]) {
      const reply = await nc.request(subject, "one too many", { timeout: 10_000 });
      if (!reply.string().includes('"error"')) throw new Error(`${subject} took a message beyond its limit`);
    }
    return { streams: [expectedOf("DISCARDNEW", model), expectedOf("DISCARDNEW_SUBJECT", perSubject)] };
  },
};
