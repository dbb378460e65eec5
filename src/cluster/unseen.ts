/**
 * Why something is not in a picture. What was not seen is a value of its own, so that nobody takes "nobody told" for "there
 * is none".
 */
export type UnseenReason =
  /** No system-account credential was given, and only that account may ask for it. */
  | "no-system-credential"
  /** No credential of this account was given, and only the account itself may ask for it. */
  | "no-account-credential"
  /** It was asked for and nobody answered in time: unknown, not absent. */
  | "no-answer"
  /** Those who answered do not know: the one who does (a leader) is missing, or the server is too old to tell. */
  | "not-told"
  /** The user may not ask for it. */
  | "forbidden"
  /** The server answered with an error; `detail` is its text. */
  | "refused";

export interface Unseen {
  readonly unseen: UnseenReason;
  /** More about it, for a person: "n3 does not answer", an error of the server. */
  readonly detail?: string;
}

/** A value that was seen, or why it was not. Values are never objects with a key `unseen`. */
export type Known<T> = T | Unseen;

export function isUnseen<T>(known: Known<T>): known is Unseen {
  return typeof known === "object" && known !== null && "unseen" in known;
}

export function isSeen<T>(known: Known<T>): known is T {
  return !isUnseen(known);
}

/** The value, or `otherwise` where it was not seen. */
export function seenOr<T, Other>(known: Known<T>, otherwise: Other): T | Other {
  return isSeen(known) ? known : otherwise;
}
