import type { Sample } from "../picture.ts";
import { isSeen } from "../unseen.ts";
import type { PlanStep } from "./cluster-plan.ts";
import { ask } from "./simple-steps.ts";
import type { View } from "./view.ts";

/** The name of a server that runs JetStream by itself, without a meta group; null: there is one, or too little is seen to say. */
export function aloneServer({ request: { picture } }: View): string | null {
  const of = (sample: Sample | null): string | null => {
    const [only] = sample?.servers ?? [];
    const alone = sample?.servers.length === 1 && only?.answers === true && !isSeen(sample.meta);
    return alone && isSeen(only.jetstream) && only.jetstream.enabled ? only.name : null;
  };
  const name = of(picture.later);
  return name === of(picture.earlier) ? name : null;
}

/** There are no replicas to recover on it; what it has lost is for a person to restore. */
export function planAlone(view: View, server: string): readonly PlanStep[] {
  return view.regressions
    .filter(({ certain }) => certain)
    .map(({ account, stream, consumer, text }) =>
      ask(
        `alone:${account}/${stream}${consumer === null ? "" : `/${consumer}`}`,
        text,
        `${server} runs JetStream by itself: bring its disk back, or restore the stream from a backup (relight stream restore).`,
        { account, stream },
      ),
    );
}
