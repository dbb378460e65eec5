import { jsRequest } from "../js-request.ts";
import { LiveModel } from "../live-model.ts";
import { headerBlock, type Outgoing, publishAll } from "../publish.ts";
import { expectedOf, type StreamKind } from "../stream-kind.ts";
import { createStream, reachesModel } from "../stream-setup.ts";

export const timeToLiveKind: StreamKind = {
  name: "time-to-live",
  title: "messages with a time to live: far off, never, already over",
  minVersion: "2.11.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "TTL", subjects: ["ttl.>"], allow_msg_ttl: true }, options);
    const model = new LiveModel();
    const lives = ["24h", "never", "1s", undefined, "86400"];
    const expiring: number[] = [];
    const messages = Array.from({ length: 50 }, (_, i): Outgoing => {
      const life = lives[i % lives.length];
      const sequence = model.publish(`ttl.${i}`);
      if (life === "1s") expiring.push(sequence);
      return { subject: `ttl.${i}`, payload: `${i}`, ...(life ? { headers: [["Nats-TTL", life]] } : {}) };
    });
    await publishAll(nc, messages);
    model.remove(...expiring);
    await reachesModel(nc, "TTL", model);
    return { streams: [expectedOf("TTL", model)] };
  },
};

/** Long enough to end the ageing before the markers reach it, short enough to wait for. Replicas take their time. */
const maxAgeNs = (replicas = 1): number => (replicas > 1 ? 5_000_000_000 : 1_500_000_000);

export const deleteMarkersKind: StreamKind = {
  name: "delete-markers",
  title: "markers that the server left where a subject's last message grew too old",
  minVersion: "2.11.0",
  async create(nc, _version, options) {
    const name = "MARKERS";
    const config = { allow_msg_ttl: true, allow_rollup_hdrs: true, subject_delete_marker_ttl: 3_600_000_000_000 };
    const max_age = maxAgeNs(options?.replicas);
    const created = await createStream(nc, { name, subjects: ["markers.>"], max_age, ...config }, options);
    const model = new LiveModel();
    const messages = Array.from({ length: 30 }, (_, i): Outgoing => {
      model.publish(`markers.${i}`);
      return { subject: `markers.${i}`, payload: `${i}`, ...(i % 3 === 0 ? { headers: [["Nats-TTL", "never"]] } : {}) };
    });
    await publishAll(nc, messages);
    const aged = model.live.filter((sequence) => (sequence - 1) % 3 !== 0);
    model.remove(...aged);
    for (const _ of aged) model.publish("markers");
    await reachesModel(nc, name, model);
    // The markers would grow too old themselves: what is left now is to stay.
    await jsRequest(nc, `STREAM.UPDATE.${name}`, { ...created.config, max_age: 0 });
    await reachesModel(nc, name, model);
    return { streams: [expectedOf(name, model)] };
  },
};

export const countersKind: StreamKind = {
  name: "counters",
  title: "counters, whose bodies are the totals",
  minVersion: "2.12.0",
  async create(nc, _version, options) {
    const config = { allow_msg_counter: true, allow_direct: true, max_msgs_per_subject: 4 };
    await createStream(nc, { name: "COUNTERS", subjects: ["counter.>"], ...config }, options);
    const model = new LiveModel({ maxPerSubject: 4 });
    const steps = ["+1", "+10", "-3", "+123456789012345678901234567890"];
    const messages = Array.from({ length: 60 }, (_, i): Outgoing => {
      const subject = `counter.${i % 6}`;
      model.publish(subject);
      return { subject, headers: [["Nats-Incr", steps[i % steps.length] ?? "+1"]] };
    });
    await publishAll(nc, messages);
    return { streams: [expectedOf("COUNTERS", model)] };
  },
};

export const atomicKind: StreamKind = {
  name: "atomic-batches",
  title: "batches that were published atomically",
  minVersion: "2.12.0",
  async create(nc, _version, options) {
    await createStream(nc, { name: "ATOMIC", subjects: ["atomic.>"], allow_atomic: true }, options);
    const model = new LiveModel();
    for (let batch = 0; batch < 5; batch++) {
      const size = 8;
      for (let i = 1; i <= size; i++) {
        model.publish(`atomic.${i % 3}`);
        const fields = [["Nats-Batch-Id", `batch-${batch}`] as const, ["Nats-Batch-Sequence", `${i}`] as const];
        const commit = i === size ? [["Nats-Batch-Commit", "1"] as const] : [];
        const headers = headerBlock([...fields, ...commit]);
        const reply = await nc.request(`atomic.${i % 3}`, `${batch}/${i}`, { timeout: 10_000, headers });
        if (reply.string().includes('"error"')) throw new Error(`batch refused: ${reply.string()}`);
      }
    }
    return { streams: [expectedOf("ATOMIC", model)] };
  },
};

export const schedulesKind: StreamKind = {
  name: "schedules",
  title: "messages scheduled for a far day",
  minVersion: "2.12.0",
  async create(nc, _version, options) {
    const config = { allow_msg_schedules: true, allow_msg_ttl: true };
    await createStream(nc, { name: "SCHEDULES", subjects: ["schedule.>", "due.>"], ...config }, options);
    const model = new LiveModel();
    const messages = Array.from({ length: 20 }, (_, i): Outgoing => {
      model.publish(`schedule.${i}`);
      return {
        subject: `schedule.${i}`,
        payload: `run ${i}`,
        headers: [
          ["Nats-Schedule", "@at 2099-01-01T00:00:00Z"],
          ["Nats-Schedule-Target", `due.${i}`],
        ],
      };
    });
    await publishAll(nc, messages);
    return { streams: [expectedOf("SCHEDULES", model)] };
  },
};
