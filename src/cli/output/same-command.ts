/** Flags whose values must not be shown again. */
const secret = /^--(?:system-)?(?:password|token|seed|jwt)$/;

/** A word as a shell takes it. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * The command that was typed (`words`: without "relight"), with credentials of further accounts beside the others. Passwords and seeds are
 * left out, also those in a server's URL; and what was released of those accounts, since nobody could see it.
 */
export function withAccounts(words: readonly string[], accounts: readonly string[]): string {
  const all = new Set(accounts.map((account) => `${account}/*`));
  const kept = words.filter((word, index) => {
    if (all.has(word)) return false;
    const next = words.slice(index + 1).find((one) => !all.has(one));
    return word !== "--release" || (next !== undefined && !next.startsWith("--"));
  });
  const shown = kept.map((word, index) => {
    if (secret.test(kept[index - 1] ?? "")) return "...";
    const [flag = "", value] = word.split("=", 2);
    if (value !== undefined && secret.test(flag)) return `${flag}=...`;
    return quoted(word.replace(/(:\/\/)[^/@]*@/, "$1...@"));
  });
  const further = accounts.map((account) => `--account-context <context of account ${account}>`);
  return ["relight", ...shown, ...further].join(" ");
}
