import { setTimeout as sleep } from "node:timers/promises";
import { clusterStatus } from "../../cluster/cluster-status.ts";
import { emptyLedger, type Ledger } from "../../cluster/ledger.ts";
import { mergeLedger } from "../../cluster/merge-ledger.ts";
import { observeCluster } from "../../cluster/observe/observe-cluster.ts";
import { SampleTrail } from "../../cluster/observe/sample-trail.ts";
import type { Picture, Sample } from "../../cluster/picture.ts";
import { planCluster } from "../../cluster/plan/plan-cluster.ts";
import { defaultThresholds, noWords, type PlanRequest } from "../../cluster/plan/plan-request.ts";
import { isSeen, isUnseen } from "../../cluster/unseen.ts";
import { emptyVigil, keepVigil } from "../../cluster/watch/vigil.ts";
import { type WatchedThing, watchedChanges, watchedThings } from "../../cluster/watch/watched-things.ts";
import { asRelightError } from "../../errors.ts";
import { mergeLedgerFile } from "../cluster-ledger/ledger-file.ts";
import { proposalSignature } from "./proposal-signature.ts";
import { Replacements } from "./replacements.ts";
import type { Proposal, WatchEvent, WatchEyes, WatchOptions, WatchRequest, WatchSummary } from "./watch-request.ts";
import { WatchedBackups } from "./watched-backups.ts";

/** How often a lost connection is tried anew, in ms. */
const retryMs = 2_000;

/**
 * Looks at a cluster again and again until the signal ends it: tells of every change, of what could be done about it, and, with `auto`,
 * does what `mayActUnasked` allows. What it sees is added to the ledger. A lost connection is told of and does not end it.
 *
 * Throws what is wrong from the begin on: USAGE (another cluster's ledger), FILE_SYSTEM, BACKUP_NOT_FOUND, BACKUP_INVALID, ARCHIVE_DAMAGED.
 * What goes wrong later is an event.
 */
export async function watchCluster(request: WatchRequest, options: WatchOptions): Promise<WatchSummary> {
  const watch = new Watch(request, options);
  await using _ = watch;
  return await watch.run();
}

class Watch implements AsyncDisposable {
  readonly #request: WatchRequest;
  readonly #options: WatchOptions;
  readonly #backups: WatchedBackups;
  readonly #replacements: Replacements;
  readonly #began = Date.now();
  #eyes: WatchEyes | null;
  readonly #trail = new SampleTrail();
  #vigil = emptyVigil;
  #things: readonly WatchedThing[] | null = null;
  #proposed = "";
  /** The cluster's servers for clients: those that were given may be the ones that die. */
  #told: readonly string[] = [];
  #lostAt: number | null = null;
  #looks = 0;
  readonly #troubles = new Set<string>();
  /** Why the ledger could not be written; "": it could. */
  #unwritten = "";
  /** Where there is no file. */
  #ledger: Ledger = emptyLedger;

  constructor(request: WatchRequest, options: WatchOptions) {
    this.#request = request;
    this.#options = options;
    this.#eyes = request.first;
    this.#backups = new WatchedBackups(request.backups, (text, hint) => this.#trouble(text, hint));
    this.#replacements = new Replacements(request, options);
  }

  async run(): Promise<WatchSummary> {
    const { signal } = this.#options;
    await this.#backups.open();
    let cutOff = false;
    while (!signal.aborted) {
      const began = Date.now();
      try {
        const eyes = await this.#open();
        if (eyes !== null) cutOff = await this.#look(eyes);
        const next = eyes === null ? retryMs : this.#request.intervalMs;
        await sleep(Math.max(0, began + next - Date.now()), undefined, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    const seconds = (Date.now() - this.#began) / 1000;
    return { looks: this.#looks, seconds, recoveries: this.#replacements.outcomes, cutOff };
  }

  /** The connections, new ones where they were closed for good; null: there are none to be had now. */
  async #open(): Promise<WatchEyes | null> {
    if (this.#eyes !== null) {
      const { system, account } = this.#eyes;
      this.#told = (system ?? account?.connection)?.info?.connect_urls ?? this.#told;
      if (!isClosed(this.#eyes)) return this.#eyes;
    }
    const closed = this.#eyes;
    this.#eyes = null;
    await closeQuietly(closed);
    try {
      this.#eyes = await this.#request.open(this.#told);
    } catch (error) {
      if (this.#options.signal.aborted) throw error;
      this.#lost(asRelightError(error).message);
    }
    return this.#eyes;
  }

  /** Looks once, and does what is to be done. True where it was ended while it was at work. */
  async #look(eyes: WatchEyes): Promise<boolean> {
    const { account, system } = eyes;
    const others = eyes.others?.map(({ api }) => api);
    const { signal } = this.#options;
    const last = this.#trail.last;
    const sample = await observeCluster({ account, others, system, earlier: last, brief: last !== undefined, signal });
    this.#looks += 1;
    this.#vigil = keepVigil(this.#vigil, sample);
    if (isBlind(sample, eyes)) {
      const { system: seen } = sample.sight;
      this.#lost(isUnseen(seen) && system ? (seen.detail ?? "no server answers") : "nobody answers");
      return false;
    }
    this.#found();
    await this.#replacements.learn(system);
    const picture = this.#trail.picture(sample);
    this.#trail.add(sample);
    const ledger = await this.#remember(picture, system !== undefined);
    const status = clusterStatus(picture, ledger ?? undefined);
    const things = watchedThings(status);
    const changes = watchedChanges(this.#things, things);
    this.#things = things;
    const planned = await this.#planned(picture, ledger, system !== undefined);
    const proposal = planned && (await this.#propose(planned));
    const at = sample.takenAt;
    if (changes.length > 0) this.#say({ kind: "changed", at, changes });
    this.#say({ kind: "looked", status, picture, proposal });
    if (proposal === null || planned === null) return false;
    const signature = proposalSignature(proposal);
    if (signature !== this.#proposed) this.#say({ kind: "proposed", at, proposal });
    this.#proposed = signature;
    const acted = await this.#replacements.actOn(proposal, planned, eyes, this.#vigil, this.#backups.paths);
    if (acted === null) return false;
    this.#trail.clear();
    return acted.status === "cancelled";
  }

  /** Without the servers' own answers nothing is added: half a picture is no baseline. */
  async #remember(picture: Picture, asSystem: boolean): Promise<Ledger | null> {
    if (!asSystem) return null;
    const { ledger } = this.#request;
    if (ledger === null) {
      this.#ledger = mergeLedger(this.#ledger, picture);
      return this.#ledger;
    }
    try {
      const merged = await mergeLedgerFile(ledger, picture);
      this.#unwritten = "";
      return merged;
    } catch (error) {
      if (this.#looks === 1) throw error;
      const { message, hint } = asRelightError(error);
      if (message !== this.#unwritten)
        this.#say({ kind: "trouble", at: new Date().toISOString(), text: message, hint });
      this.#unwritten = message;
      return null;
    }
  }

  /** What a plan is made from; null: none can be made yet. */
  async #planned(picture: Picture, ledger: Ledger | null, asSystem: boolean): Promise<PlanRequest | null> {
    if (picture.earlier === null || ledger === null || !asSystem) return null;
    return {
      picture,
      ledger,
      backups: await this.#backups.covers(picture.later),
      words: noWords,
      thresholds: { ...defaultThresholds, goneAfterMs: this.#request.goneAfterMs },
      now: new Date().toISOString(),
    };
  }

  async #propose(planned: PlanRequest): Promise<Proposal> {
    const plan = planCluster(planned);
    // Read again only while they may matter.
    this.#backups.wanted = plan.steps.length > 0;
    return { plan, unasked: await this.#replacements.judge(plan, planned, this.#vigil) };
  }

  #lost(reason: string): void {
    if (this.#lostAt !== null) return;
    this.#lostAt = Date.now();
    this.#say({ kind: "lost", at: new Date().toISOString(), reason });
  }

  #found(): void {
    if (this.#lostAt === null) return;
    const seconds = (Date.now() - this.#lostAt) / 1000;
    this.#lostAt = null;
    this.#say({ kind: "back", at: new Date().toISOString(), seconds });
  }

  /** Each once: backups are read again and again. */
  #trouble(text: string, hint: string): void {
    if (this.#troubles.has(text)) return;
    this.#troubles.add(text);
    this.#say({ kind: "trouble", at: new Date().toISOString(), text, hint });
  }

  #say(event: WatchEvent): void {
    this.#options.onEvent(event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeQuietly(this.#eyes);
  }
}

/** What is closed already may say so. */
async function closeQuietly(eyes: WatchEyes | null): Promise<void> {
  try {
    await eyes?.[Symbol.asyncDispose]();
  } catch {}
}

/** A connection that gave up; one that is trying again is not. */
function isClosed({ system, account }: WatchEyes): boolean {
  return system?.isClosed() === true || account?.connection.isClosed() === true;
}

/** Nobody answers any more whom it was asked through: the connection is lost, or the cluster is. */
function isBlind({ sight, accounts }: Sample, { system }: WatchEyes): boolean {
  if (system) return !isSeen(sight.system);
  return accounts.every(({ inventory }) => !isSeen(inventory));
}
