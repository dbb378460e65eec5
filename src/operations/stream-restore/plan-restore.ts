import { subjectsOverlap } from "../../formats/subjects/subject-overlap.ts";
import { isOwnConsumer } from "../../jetstream/capture/own-consumers.ts";
import { filterStreamConfig } from "../../jetstream/config-fields.ts";
import { leftoversOf, leftoverText, restoreLeftover } from "../../jetstream/restore-leftovers.ts";
import { versionRules } from "../../jetstream/version-rules.ts";
import { limitRefusals } from "./account-limits.ts";
import { chooseRoute, sequencesRestart } from "./choose-route.ts";
import { configFaults } from "./config-faults.ts";
import { messagesAtLeast } from "./messages-at-least.ts";
import { messageRefusals, messageRoute, messageWarnings } from "./plan-by-message.ts";
import { planConfig } from "./plan-config.ts";
import { planConsumers } from "./plan-consumers.ts";
import type { Refusal, RestorePlan, RestoreSource, RestoreTarget, RestoreWishes } from "./restore-plan.ts";

/** Works out what restoring one stream would do, and every reason why it would fail or lose something. Pure. */
export function planRestore(source: RestoreSource, target: RestoreTarget, wishes: RestoreWishes): RestorePlan {
  const { facts } = source;
  const rules = versionRules(target.version);
  const server = `nats-server ${target.version.text}`;
  const changes: string[] = [];
  const warnings: string[] = [];
  const refusals: Refusal[] = [];
  const refuse = (code: string, text: string, cure: string): void => {
    refusals.push({ code, text, cure });
  };

  const config = planConfig(source, target, wishes, changes, warnings);
  const stream = config.name;
  const existing = target.streams.find((info) => info.config.name === stream);
  const lostOfSources = filterStreamConfig(wishes.config ?? source.config, target.version).dropped.filter((field) =>
    /^(mirror|sources)\./.test(field),
  );
  if (lostOfSources.length > 0) {
    refuse(
      "source-fields",
      `${server} does not know ${lostOfSources.join(", ")}: the stream would copy other messages than it was made for`,
      "Pass --config with a mirror or sources that this server understands, or without them.",
    );
  }
  const exists = existing !== undefined || target.missing.includes(stream);

  const oneByOne = messageRoute(facts, config, target);
  if (oneByOne) refusals.push(...messageRefusals(facts, config, target));
  if (!oneByOne && config.storage === "memory" && (facts.format === "v1" || !rules.memorySnapshots)) {
    refuse(
      "memory-storage",
      "restored to memory storage, this archive would give an empty stream and the server would report success",
      "Restore to file storage: pass --storage file.",
    );
  }
  const restart = oneByOne ? undefined : sequencesRestart(facts, target);
  if (restart) refusals.push(restart);
  if ((config.num_replicas ?? 1) > 1 && !target.clustered) {
    refuse(
      "replicas",
      `the configuration asks for ${config.num_replicas} replicas, and this server is not in a cluster`,
      "Pass --replicas 1.",
    );
  }
  for (const { text, cure } of configFaults(config, target.version)) {
    refuse("config", `${server} refuses the configuration: ${text}`, `Pass --config with another one. ${cure}`);
  }
  const mirrorOrSources = config.mirror != null || (config.sources?.length ?? 0) > 0;
  for (const other of target.streams) {
    if (other.config.name === stream) continue;
    for (const subject of config.subjects ?? []) {
      const clash = other.config.subjects?.find((theirs) => subjectsOverlap(subject, theirs));
      if (clash === undefined) continue;
      refuse(
        "subjects",
        `subject "${subject}" overlaps with "${clash}" of stream "${other.config.name}"`,
        "Change one of them, pass --config with other subjects, or restore beside it: --if-exists side-by-side, or --as NAME.",
      );
    }
  }
  if (target.missing.length > 0) {
    warnings.push(
      `streams that do not answer could not be checked for overlapping subjects: ${target.missing.join(", ")}`,
    );
  }
  const replaced = wishes.ifExists === "replace" ? existing : undefined;
  refusals.push(...limitRefusals(config, facts, target.account, replaced));

  // What is published anew is young again.
  const expired = oneByOne === "by-message" ? 0 : source.expired;
  const surviving = facts.messages - expired;
  const maxAge = config.max_age ?? 0;
  if (expired > 0 && maxAge > 0) {
    const text = `max_age would remove ${expired} of ${facts.messages} messages at once`;
    const cure = "Pass --lift-max-age to keep them, and set max_age again when you have what you need.";
    if (surviving === 0) refuse("max-age", `${text}: the stream would be empty`, cure);
    else warnings.push(`${text}; --lift-max-age keeps them`);
  }
  if (facts.ttlMessages > 0) {
    warnings.push(
      `${facts.ttlMessages} messages have a time to live of their own; those that have expired are dropped`,
    );
  }
  const quickest = chooseRoute(facts, config, target);
  const consumers = planConsumers(facts, config, target, oneByOne === undefined && quickest === "as-v1");
  warnings.push(...consumers.warnings);
  if (mirrorOrSources) {
    warnings.push("the stream copies from other streams, and goes on doing so as soon as it is restored");
  }
  // A stream in memory has no v1 archive to write anew.
  const changesConsumers = config.storage !== "memory" && consumers.leaveOut.length + consumers.dropFields.length > 0;
  const route = oneByOne ?? (changesConsumers ? "as-v1" : quickest);
  const asksOrigins = (config.sources?.length ?? 0) > 0 && rules.remembersOrigins;
  if (asksOrigins && route === "as-is") {
    warnings.push(
      config.storage === "memory"
        ? "how far it has come in its sources cannot be said of a stream in memory: it copies everything again from those whose " +
            "creation time is new, as that of most restored streams is; pass --storage file, or --config without sources"
        : "how far it has come in its sources cannot be said of a stream with gaps as large as this one's: it copies everything " +
            "again from those whose creation time is new; pass --config without sources",
    );
  } else if (asksOrigins && target.clustered) {
    warnings.push(
      "in a cluster a restored stream has a new creation time, and this server version copies everything again from origins that " +
        "do: restore it together with them, in one run, or pass --config without sources" +
        (Number(config.num_replicas ?? 1) > 1
          ? "; and let no leader step down before each of them has given it something new, as only the first leader knows"
          : ""),
    );
  }
  const restates = facts.format === "v2" && target.clustered && route === "as-is";
  if (restates && facts.consumers.some((consumer) => (consumer.state?.pending ?? 0) > 0)) {
    warnings.push("consumers with unacknowledged messages get them again");
  }
  if (oneByOne) warnings.push(...messageWarnings(oneByOne, facts, config, target));
  if (
    rules.remembersOrigins &&
    (target.clustered || (route === "as-is" && facts.format === "v2")) &&
    target.streams.some((info) => info.config.sources?.some((from) => from.name === stream))
  ) {
    warnings.push(
      "streams that source this one will copy everything again, because its creation time is new: take this source out of " +
        "their configurations first, and put it back afterwards with an opt_start_seq behind what they have",
    );
  }

  // Beside a stream means under a name that is free; one that was asked for may not be.
  const ifExists = wishes.ifExists === "side-by-side" ? "fail" : wishes.ifExists;
  const wish = exists ? ifExists : "create";
  const halfMade = existing && restoreLeftover(existing.config);
  const backedUp = wishes.config ? undefined : restoreLeftover(source.config);
  if (backedUp) {
    warnings.push(
      `this is the backup of what a killed restore of "${backedUp.of}" left, which is not all of it: restore an older one, or pass ` +
        "--config with the stream's own configuration",
    );
  }
  for (const left of leftoversOf(target.streams, stream)) {
    if (left.kind === "origin") warnings.push(leftoverText(left));
  }
  if (halfMade && wish === "skip") {
    refuse("half-made", leftoverText(halfMade), "Pass --if-exists replace, once no restore runs.");
  }
  if (exists && wishes.ifExists === "replace" && existing === undefined) {
    refuse(
      "offline",
      `"${stream}" exists but does not answer, so no safety backup of it can be made`,
      "Bring it back, or delete it yourself.",
    );
  }
  if (wish === "fail") {
    refusals.unshift({
      code: "exists",
      text: `Stream "${stream}" already exist${halfMade ? ", half-made by a restore that was killed or still runs" : ""}`,
      cure: halfMade
        ? "If no restore runs, pass --if-exists replace, which restores it anew after a safety backup of what is there."
        : "Pass --if-exists skip to leave it, or --if-exists replace to replace it after a safety backup, or --if-exists side-by-side to restore under another name.",
    });
  }
  return {
    stream,
    action: wish === "skip" && !halfMade ? "skip" : wish === "fail" || refusals.length > 0 ? "refuse" : wish,
    config,
    format: facts.format,
    route,
    changes,
    warnings,
    refusals,
    settleConfig:
      route === "as-is" &&
      facts.inside !== undefined &&
      filterStreamConfig(facts.inside.config, target.version).dropped.length > 0,
    expected: {
      messages: facts.messages,
      atLeast: messagesAtLeast(source, config),
      firstSequence: facts.firstSequence,
      lastSequence: facts.lastSequence,
      streamLastSequence: facts.streamLastSequence,
      consumers: facts.consumers
        .filter(({ config: own }) => !isOwnConsumer(own))
        .map(({ name }) => name)
        .filter((name) => !consumers.leaveOut.some((left) => left.name === name)),
    },
    consumerEdit: { leaveOut: consumers.leaveOut, dropFields: consumers.dropFields },
  };
}
