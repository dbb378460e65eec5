import { subjectsOverlap } from "./subject-overlap.ts";
import { SubjectPattern } from "./subject-pattern.ts";

/** One rule: subjects that `from` matches become `to`, in which `{{wildcard(2)}}` or `$2` stands for the second wildcard. */
export interface SubjectRule {
  readonly from: string;
  readonly to: string;
}

/** Renames subjects by the first rule that matches; others stay. As the server's subject mappings, for whole tokens. */
export class SubjectMap {
  readonly #rules: readonly { readonly from: SubjectPattern; readonly to: readonly string[] }[];

  /** Throws RangeError for a rule that cannot work. */
  constructor(rules: readonly SubjectRule[]) {
    this.#rules = rules.map(({ from, to }) => {
      if (!SubjectPattern.isValid(from)) throw new RangeError(`"${from}" is no pattern of subjects`);
      return { from: new SubjectPattern(from), to: targetTokens(from, to) };
    });
  }

  /** The new name of a subject, or of a pattern that a rule covers as a whole; undefined where no rule does. */
  rename(subject: string): string | undefined {
    for (const { from, to } of this.#rules) {
      const found = from.match(subject);
      if (found) return to.map((token) => (isPlace(token) ? (found[placeIndex(token)] as string) : token)).join(".");
    }
    return undefined;
  }

  /**
   * What a filter has to become to find the same messages: itself where no rule touches what it matches; undefined where
   * rules rename a part of it, so that no one filter would do.
   */
  renameFilter(filter: string): string | undefined {
    const touched = this.#rules.some(({ from }) => subjectsOverlap(from.text, filter));
    return touched ? this.rename(filter) : filter;
  }

  /**
   * The subjects that a stream needs so that it takes what the rules make of its own: those that a rule covers are renamed,
   * others stay, and what a rule makes of a part of one is added.
   */
  renameStreamSubjects(subjects: readonly string[]): readonly string[] {
    const result: string[] = [];
    const add = (subject: string): void => {
      if (!result.some((other) => new SubjectPattern(other).covers(subject))) result.push(subject);
    };
    for (const subject of subjects) add(this.rename(subject) ?? subject);
    for (const { from } of this.#rules) {
      if (subjects.some((subject) => subject !== from.text && new SubjectPattern(subject).covers(from.text))) {
        add(this.rename(from.text) as string);
      }
    }
    return result;
  }
}

const isPlace = (token: string): boolean => /^(\$\d+|\{\{\s*wildcard\(\s*\d+\s*\)\s*\}\})$/i.test(token);
const placeIndex = (token: string): number => Number(/\d+/.exec(token)?.[0]) - 1;

function targetTokens(from: string, to: string): readonly string[] {
  const wildcards = from.split(".").filter((token) => token === "*" || token === ">").length;
  const tokens = to.split(".");
  // A `>` in the target stands for what the last wildcard of the source matched.
  const places = tokens.map((token) => (token === ">" ? `$${wildcards}` : token));
  for (const [index, token] of places.entries()) {
    const shown = tokens[index];
    if (isPlace(token)) {
      const place = placeIndex(token);
      if (place < 0 || place >= wildcards) throw new RangeError(`"${shown}" in "${to}" has no wildcard in "${from}"`);
    } else if (token === "" || token === "*" || /\s/.test(token)) {
      throw new RangeError(
        `"${shown}" in "${to}" is no token of a subject; write $1 for the first wildcard of "${from}"`,
      );
    }
  }
  return places;
}
