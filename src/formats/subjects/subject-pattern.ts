/**
 * A subject pattern: tokens divided by dots, `*` for one token, `>` for one or more at the end.
 * Source: nats-server server/sublist.go (`subjectIsSubsetMatch`).
 */
export class SubjectPattern {
  readonly text: string;
  readonly #tokens: readonly string[];

  constructor(text: string) {
    this.text = text;
    this.#tokens = text.split(".");
  }

  /** True for a pattern that can match anything: no empty token, `>` at the end only. */
  static isValid(text: string): boolean {
    const tokens = text.split(".");
    return tokens.every(
      (token, index) => token !== "" && !/\s/.test(token) && (token !== ">" || index === tokens.length - 1),
    );
  }

  /** True when the pattern covers `subject`, which may hold wildcards itself: then it covers all that those match. */
  covers(subject: string): boolean {
    return this.match(subject) !== undefined;
  }

  /** What the wildcards stand for in `subject`, in their order, that of `>` last; undefined where it does not match. */
  match(subject: string): string[] | undefined {
    const tokens = subject.split(".");
    const found: string[] = [];
    for (const [index, wanted] of this.#tokens.entries()) {
      const token = tokens[index];
      if (token === undefined) return undefined;
      if (wanted === ">") {
        found.push(tokens.slice(index).join("."));
        return found;
      }
      if (token === ">") return undefined;
      if (wanted === "*") found.push(token);
      else if (wanted !== token) return undefined;
    }
    return tokens.length === this.#tokens.length ? found : undefined;
  }
}
