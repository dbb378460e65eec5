/** Names in a sentence: "n1", "n1 and n2", "n1, n2 and n3". */
export function nameList(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The same of many: so many of them, and how many more there are. */
export function shortNameList(names: readonly string[], shown = 5): string {
  const more = names.length - shown;
  return nameList(more > 0 ? [...names.slice(0, shown), `${more} more`] : names);
}

/** Sentences in one: so many of them, and how many more there are. */
export function shortTextList(texts: readonly string[], shown: number): string {
  const more = texts.length - shown;
  return texts.slice(0, shown).join("; ") + (more > 0 ? `; and ${more} more` : "");
}
