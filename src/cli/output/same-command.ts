/** Flags whose values must not be shown again. */
const secret = /^--(?:system-)?(?:password|token|seed|jwt)$/;

/** A word as a shell takes it. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * The command that was typed (`words`: without "relight"), with credentials of further accounts beside the others. Passwords and seeds are
 * left out, also those in a server's URL.
 */
export function withAccounts(words: readonly string[], accounts: readonly string[]): string {
  const shown = words.map((word, index) => {
    if (secret.test(words[index - 1] ?? "")) return "...";
    const [flag = "", value] = word.split("=", 2);
    if (value !== undefined && secret.test(flag)) return `${flag}=...`;
    return quoted(word.replace(/(:\/\/)[^/@]*@/, "$1...@"));
  });
  const further = accounts.map((account) => `--account-context <context of account ${account}>`);
  return ["relight", ...shown, ...further].join(" ");
}
