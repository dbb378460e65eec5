import { type Regression, regressions } from "../regressions.ts";
import { type Check, finding } from "./finding.ts";

/** D10: what is less than it was: the only sign of an R1 stream that was created anew, empty, and looks healthy. */
export const checkRegressions: Check = {
  id: "D10",
  title: "streams and consumers that are less than they were",
  needs: ["ledger", "two-looks"],
  examine: (picture, { ledger }) => {
    if (ledger === undefined) return [];
    const certain = regressions(ledger, picture).filter((one) => one.certain);
    const texts = (...kinds: readonly Regression["kind"][]): string[] =>
      certain.filter(({ kind }) => kinds.includes(kind)).map(({ text }) => text);
    return [
      ...finding(
        "D10",
        "critical",
        "These streams lost messages without having been created anew.",
        texts("emptied", "went-back"),
        "See what can be got back: relight cluster plan --backups <dir>. Until then let nobody write to them.",
      ),
      ...finding(
        "D10",
        "warning",
        "These streams were created anew, or are gone: by a person, or because every copy was lost.",
        texts("recreated", "vanished"),
        "Ask who did it. If nobody did: relight cluster plan --backups <dir> --restore ACCOUNT/STREAM. Where it is right as it is: " +
          "relight cluster plan --accept ACCOUNT/STREAM.",
      ),
      ...finding(
        "D10",
        "warning",
        "These consumers went back, and deliver again what was acknowledged.",
        texts("consumer-reset"),
        "Make sure that whoever reads them can bear it, or create them anew with a start sequence.",
      ),
    ];
  },
};
