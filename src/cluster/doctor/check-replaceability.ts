import { emptyLedger } from "../ledger.ts";
import type { Picture } from "../picture.ts";
import { candidates } from "../plan/candidates.ts";
import { defaultThresholds, noWords } from "../plan/plan-request.ts";
import { serversOfKind, type View, viewOf } from "../plan/view.ts";
import type { Finding } from "./finding.ts";

/** So many streams of a server are named. */
const named = 3;

/**
 * Tries out the loss of every server: whose replicas could no other server take? They go on with fewer then, until one is added. Only
 * where nothing is missing yet: else the findings about that come first. Pure.
 */
export function irreplaceable(picture: Picture, now: string): readonly Finding[] {
  const earlier = picture.earlier ?? picture.later;
  const request = { ledger: emptyLedger, backups: [], words: noWords, thresholds: defaultThresholds, now };
  const view = viewOf({ ...request, picture: { ...picture, earlier } });
  if (serversOfKind(view, "silent", "gone", "starting", "disabled", "contradicted").length > 0) return [];
  const evidence = serversOfKind(view, "alive").flatMap(({ name }) => {
    const left = without(view, name);
    const stuck = view.streams.filter(({ group }) => {
      return group !== null && group.length > 1 && group.includes(name);
    });
    const needs = stuck.flatMap((stream) => {
      const retained = (stream.group ?? []).filter((one) => one !== name);
      const { names, need } = candidates(left, stream, retained);
      return names.length > 0 ? [] : [{ key: stream.key.replace("/", " > "), need }];
    });
    if (needs.length === 0) return [];
    const some = needs
      .slice(0, named)
      .map(({ key }) => key)
      .join(", ");
    const rest = needs.length > named ? ` and ${needs.length - named} more` : "";
    return [`${name}: ${some}${rest}; needed then: ${wanted(needs[0]?.need)}`];
  });
  if (evidence.length === 0) return [];
  return [
    {
      id: "D5",
      severity: "info",
      title:
        "Where one of these servers is lost, no other can take its replicas of these streams: they stay one short.",
      evidence,
      cure: "Keep a spare server, or know how fast you can add one.",
    },
  ];
}

const wanted = (need: string | undefined): string =>
  need === undefined || need === "any server of the cluster" ? "one more server" : `one more server ${need}`;

function without(view: View, server: string): View {
  return { ...view, servers: new Map([...view.servers].filter(([, { name }]) => name !== server)) };
}
