import { subjectsOverlap } from "./subject-overlap.ts";
import { SubjectPattern } from "./subject-pattern.ts";

/** One rule: subjects that `from` matches become `to`, in which `{{wildcard(2)}}` or `$2` stands for the second wildcard. */
export interface SubjectRule {
  readonly from: string;
  readonly to: string;
}

/** Renames subjects by the first rule that matches; others stay. As the server's subject mappings, for whole tokens. */
export class SubjectMap {
  readonly #rules: readonly Rule[];

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
      if (found) return filled(to, found);
    }
    return undefined;
  }

  /**
   * What a filter has to become to find the same messages: itself where no rule touches what it matches; undefined where
   * rules rename a part of it, so that no one filter would do.
   */
  renameFilter(filter: string): string | undefined {
    for (const { from, to } of this.#rules) {
      const found = from.match(filter);
      if (found) {
        const renamed = filled(to, found);
        return SubjectPattern.isValid(renamed) && !widens(from, to, found) ? renamed : undefined;
      }
      if (subjectsOverlap(from.text, filter)) return undefined;
    }
    return filter;
  }

  /**
   * The subjects that a stream needs so that it takes what the rules make of its own: those that a rule covers are renamed,
   * others stay, and what a rule makes of a part of one is added. No one covers another, as servers want it.
   */
  renameStreamSubjects(subjects: readonly string[]): readonly string[] {
    let result: string[] = [];
    const add = (renamed: string): void => {
      const pattern = new SubjectPattern(endedAtRest(renamed));
      if (result.some((other) => new SubjectPattern(other).covers(pattern.text))) return;
      result = [...result.filter((other) => !pattern.covers(other)), pattern.text];
    };
    for (const subject of subjects) add(this.rename(subject) ?? subject);
    for (const { from } of this.#rules) {
      for (const subject of subjects) {
        if (from.covers(subject) || !subjectsOverlap(from.text, subject)) continue;
        add(this.rename(sharedPart(from.text, subject)) as string);
      }
    }
    return result;
  }
}

interface Rule {
  readonly from: SubjectPattern;
  readonly to: readonly string[];
}

function filled(to: readonly string[], found: readonly string[]): string {
  return to.map((token) => (isPlace(token) ? (found[placeIndex(token)] as string) : token)).join(".");
}

/** True where a filter asks for less than its rule matches, by a wildcard that the rule's target leaves out. */
function widens(from: SubjectPattern, to: readonly string[], found: readonly string[]): boolean {
  const used = new Set(to.filter(isPlace).map(placeIndex));
  const all = from.match(from.text) as string[];
  return found.some((token, index) => token !== all[index] && !used.has(index));
}

/** What two patterns that overlap match both. */
function sharedPart(a: string, b: string): string {
  const [left, right] = [a.split("."), b.split(".")];
  for (const [index, token] of left.entries()) {
    if (token === ">") return [...left.slice(0, index), ...right.slice(index)].join(".");
    if (right[index] === ">") break;
    if (token === "*") left[index] = right[index] as string;
  }
  return left.join(".");
}

/** A rule may put what `>` stands for before other tokens; a pattern cannot, and takes more. */
function endedAtRest(pattern: string): string {
  return pattern.replace(/(^|\.)>\..*$/, "$1>");
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
    } else if (token === "" || token === "*" || /\s|\{\{|\}\}/.test(token)) {
      throw new RangeError(
        `"${shown}" in "${to}" is no token of a subject; write $1 for the first wildcard of "${from}"`,
      );
    }
  }
  return places;
}
