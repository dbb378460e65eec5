/** Names in a sentence: "n1", "n1 and n2", "n1, n2 and n3". */
export function nameList(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
