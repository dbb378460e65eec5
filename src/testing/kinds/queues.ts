import { LiveModel } from "../live-model.ts";
import { answer, fetchMessages } from "../pull.ts";
import { expectedOf, type StreamKind } from "../stream-kind.ts";
import { awaitConsumers, createConsumer, createStream, publishNumbered, reachesModel } from "../stream-setup.ts";

/** Longer than any test, so that nothing is delivered again by itself. */
const ackWaitNs = 10 * 3600 * 1_000_000_000;

export const workQueueKind: StreamKind = {
  name: "work-queue",
  title: "a work queue with messages pending, acknowledged out of order, refused and delivered again",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    const name = "WORK";
    await createStream(nc, { name, subjects: ["work.>"], retention: "workqueue" }, options);
    const model = new LiveModel();
    // Before its consumer exists: a queue that waited.
    await publishNumbered(nc, model, 200, () => "work.build");
    await createConsumer(nc, name, { durable_name: "builders", filter_subject: "work.build", ack_wait: ackWaitNs });
    await createConsumer(nc, name, { durable_name: "idlers", filter_subject: "work.idle", ack_wait: ackWaitNs });

    const fetched = await fetchMessages(nc, name, "builders", 60);
    const pick = (sequences: readonly number[]) => fetched.filter((one) => sequences.includes(one.sequence));
    // 1 to 20 in order, then islands; 21 stays pending, so the floor stays at 20.
    const acked = [...Array.from({ length: 20 }, (_, i) => i + 1), 40, 30, 25, 60, 22];
    await answer(nc, pick(acked));
    await answer(nc, pick([33]), "+TERM");
    model.remove(...acked, 33);
    await answer(nc, pick([50, 51, 52]), "-NAK");
    const again = await fetchMessages(nc, name, "builders", 3);
    if (again.map((one) => one.tries).join() !== "2,2,2") throw new Error("refused messages did not come again");
    await publishNumbered(nc, model, 40, () => "work.build");
    await publishNumbered(nc, model, 10, () => "work.idle");

    const builders = {
      name: "builders",
      delivered: { consumer_seq: 63, stream_seq: 60 },
      ackFloor: { consumer_seq: 20, stream_seq: 20 },
      ackPending: 60 - acked.length - 1,
      redelivered: 3,
      pending: 140 + 40,
    };
    // Where one stands that has not begun is only sure without replicas: a new leader begins at the stream's first message.
    const begun = (options?.replicas ?? 1) > 1 ? {} : { delivered: { consumer_seq: 0, stream_seq: 0 } };
    const idlers = { name: "idlers", ...begun, ackPending: 0, pending: 10 };
    return { streams: [expectedOf(name, model, [builders, idlers])] };
  },
};

export const interestKind: StreamKind = {
  name: "interest",
  title: "an interest stream: what both consumers acknowledged is gone, what one did stays",
  minVersion: "2.9.0",
  async create(nc, _version, options) {
    const name = "INTEREST";
    await createStream(nc, { name, subjects: ["interest.>"], retention: "interest" }, options);
    const model = new LiveModel();
    // Nobody is interested yet: acknowledged to the publisher, and dropped.
    await publishNumbered(nc, model, 10, () => "interest.early");
    model.purge();
    await reachesModel(nc, name, model);
    await createConsumer(nc, name, { durable_name: "billing", ack_wait: ackWaitNs });
    await createConsumer(nc, name, { durable_name: "shipping", filter_subject: "interest.order", ack_wait: ackWaitNs });
    await awaitConsumers(nc, name, 2);
    await publishNumbered(nc, model, 100, (i) => (i % 2 === 0 ? "interest.order" : "interest.mail"));

    const billed = await fetchMessages(nc, name, "billing", 60);
    await answer(nc, billed.slice(0, 40));
    const shipped = await fetchMessages(nc, name, "shipping", 15);
    await answer(nc, shipped.slice(0, 10));
    // Orders need both, mails only billing. 11 is the first sequence.
    const byBilling = new Set(billed.slice(0, 40).map((one) => one.sequence));
    const byShipping = new Set(shipped.slice(0, 10).map((one) => one.sequence));
    model.purge((subject, seq) => byBilling.has(seq) && (subject === "interest.mail" || byShipping.has(seq)));

    const billing = {
      name: "billing",
      delivered: { consumer_seq: 60, stream_seq: 70 },
      ackFloor: { consumer_seq: 40, stream_seq: 50 },
      ackPending: 20,
      pending: 40,
    };
    const shipping = {
      name: "shipping",
      delivered: { consumer_seq: 15, stream_seq: 39 },
      ackPending: 5,
      pending: 35,
    };
    return { streams: [expectedOf(name, model, [billing, shipping])] };
  },
};
