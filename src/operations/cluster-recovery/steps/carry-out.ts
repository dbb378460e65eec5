import type { StepKind } from "../../../cluster/plan/cluster-plan.ts";
import { RelightError } from "../../../errors.ts";
import { backUpFirst, salvage } from "./back-up.ts";
import { evacuate, removePeer, removeServer, rescueMeta } from "./change-members.ts";
import { cancelMove, deleteStub, scale, stepDown } from "./change-streams.ts";
import { moveStream } from "./move-stream.ts";
import { restoreLost } from "./restore-lost.ts";
import type { CarriedOut, StepContext } from "./step-context.ts";

type Carrier = (context: StepContext) => Promise<CarriedOut>;

const carriers: Readonly<Record<Exclude<StepKind, "wait" | "ask" | "add-node">, Carrier>> = {
  "back-up-first": backUpFirst,
  salvage,
  "peer-remove": (context) => (context.step.target.stream === null ? removeServer(context) : removePeer(context)),
  "scale-down": scale,
  "scale-up": scale,
  "step-down": stepDown,
  move: moveStream,
  "cancel-move": cancelMove,
  evacuate,
  "meta-rescue": rescueMeta,
  "delete-stub": deleteStub,
  restore: restoreLost,
};

/** Does what a step says, once; whether it had its effect is for the next looks to say. Throws what the servers refuse it with. */
export function carryOut(context: StepContext): Promise<CarriedOut> {
  const { kind, id } = context.step;
  if (kind === "wait" || kind === "ask" || kind === "add-node") {
    throw new RelightError("INTERNAL", `${id} is nothing that can be carried out`);
  }
  return carriers[kind](context);
}
