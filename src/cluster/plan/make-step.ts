import type {
  Blocker,
  Condition,
  ConditionCode,
  PlanStep,
  StepArguments,
  StepKind,
  StepState,
  StepTarget,
  Verification,
} from "./cluster-plan.ts";

/** What a step is made of; all else is what most steps have. */
export interface StepDraft {
  readonly kind: StepKind;
  readonly id: string;
  readonly target?: Partial<StepTarget>;
  readonly by?: "relight" | "operator";
  readonly why: string;
  readonly risk?: string;
  readonly precondition?: readonly Condition[];
  readonly after?: readonly string[];
  readonly verify: Verification;
  readonly undo?: string;
  readonly safe?: boolean;
  readonly until?: string | null;
  readonly waiting?: boolean;
  readonly blockers?: readonly Blocker[];
  readonly evidence?: readonly string[];
  readonly arguments?: Partial<StepArguments>;
}

export function makeStep(draft: StepDraft): PlanStep {
  const blockers = draft.blockers ?? [];
  const after = [...new Set(draft.after ?? [])];
  // What a person has to decide is said at once, whatever comes before it.
  const state: StepState =
    blockers.length > 0
      ? "blocked"
      : after.length > 0
        ? "later"
        : draft.until != null || draft.waiting
          ? "waiting"
          : "ready";
  return {
    id: `${draft.kind}:${draft.id}`,
    kind: draft.kind,
    target: { server: null, peer: null, account: null, stream: null, consumer: null, ...draft.target },
    by: draft.by ?? "relight",
    why: draft.why,
    risk: draft.risk ?? "none",
    precondition: draft.precondition ?? [],
    after,
    verify: draft.verify,
    undo: draft.undo ?? null,
    safe: (draft.safe ?? false) && blockers.length === 0,
    state,
    until: draft.until ?? null,
    blockers,
    evidence: draft.evidence ?? [],
    arguments: {
      replicas: null,
      quorumNeeded: null,
      backup: null,
      created: null,
      preferred: null,
      lastSeq: null,
      fewerWillDo: null,
      ...draft.arguments,
    },
  };
}

export const condition = (code: ConditionCode, text: string): Condition => ({ code, text });

/** Polls and patience are those that the experience with each kind of change asks for. */
export const verifications = {
  leaderStable: {
    text: "the same leader in three looks, every replica current",
    done: "leader-stable",
    pollMs: 500,
    giveUpMs: 30_000,
  },
  memberCurrent: {
    text: "it is a current member of the meta group, and its /healthz is ok",
    done: "member-current",
    pollMs: 500,
    giveUpMs: 60_000,
  },
  healed: {
    text:
      "the server is no member of the meta group and of no stream's or consumer's group; but for peers on other dead servers, " +
      "every group has a leader, and its replicas are current in three looks; no stream that had another replica holds less than before",
    done: "member-gone-and-healed",
    pollMs: 500,
    giveUpMs: 60_000,
  },
  replicasCurrent: {
    text: "the wanted number of replicas, all current in three looks, and no fewer messages than before",
    done: "replicas-current",
    pollMs: 500,
    giveUpMs: 60_000,
  },
  survivorLeads: {
    text: "a replica that answers leads, with the same first and last sequence and as many messages as before",
    done: "survivor-leads",
    pollMs: 500,
    giveUpMs: 30_000,
  },
  serverEmpty: {
    text: "the server holds no replica any more, and all streams are current elsewhere",
    done: "server-empty",
    pollMs: 500,
    giveUpMs: 60_000,
  },
  offlineFlagged: {
    text: "the meta leader calls every dead peer offline",
    done: "offline-flagged",
    pollMs: 2_000,
    giveUpMs: 240_000,
  },
  oneMetaLeader: {
    text: "exactly one server claims to lead the meta group, and it hears from a quorum",
    done: "one-meta-leader",
    pollMs: 500,
    giveUpMs: 300_000,
  },
  backupProven: {
    text: "the backup is read back and proven whole",
    done: "backup-proven",
    pollMs: 1_000,
    giveUpMs: 60_000,
  },
  // A deletion of an offline stream times out and is applied all the same.
  streamGone: {
    text: "STREAM.NAMES does not have it any more, whatever the deletion answered",
    done: "stream-gone",
    pollMs: 500,
    giveUpMs: 30_000,
  },
  contentEqual: {
    text: "every message, sequence and consumer is as in the backup",
    done: "content-equal",
    pollMs: 1_000,
    giveUpMs: 60_000,
  },
  person: { text: "a person says so", done: "person", pollMs: 5_000, giveUpMs: 3_600_000 },
} as const satisfies Record<string, Verification>;
