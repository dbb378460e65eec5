/** What a process of nats-server says about where its store is. Pure: the caller reads the files. */
export interface CommandLine {
  /** `-sd`, `--store_dir`. */
  readonly storeDirectory: string | undefined;
  /** `-c`, `--config`. */
  readonly configFile: string | undefined;
}

/** Reads the arguments of a nats-server, as Go's `flag` does: one or two dashes, the value behind `=` or in the next one. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const value = (...names: readonly string[]): string | undefined => {
    for (const [index, arg] of args.entries()) {
      const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg);
      if (match && names.includes(match[1] as string)) return match[2] ?? args[index + 1];
    }
    return undefined;
  };
  return { storeDirectory: value("sd", "store_dir"), configFile: value("c", "config") };
}

export interface ConfigText {
  /** Values of `store_dir`, `storedir` and `store`, as written; one that begins with `$` is a variable. */
  readonly storeDirectories: readonly string[];
  readonly includes: readonly string[];
}

const word = String.raw`"([^"\n]*)"|'([^'\n]*)'|([^\s"'{}[\],;]+)`;

/**
 * Finds the store directories that a configuration of nats-server names, and the files that it includes. Not a parser: it
 * would rather find a directory too many, such as one in a block that is not used.
 */
export function readConfigText(text: string): ConfigText {
  const plain = text.replace(/^\s*(?:#|\/\/).*$/gm, "");
  const found = (front: string): string[] =>
    [...plain.matchAll(new RegExp(`${front}(?:${word})`, "gim"))].map(([, a, b, c]) => a ?? b ?? c ?? "");
  return {
    storeDirectories: found(String.raw`(?:^|[\s{,;])["']?(?:store_dir|storedir|store)["']?\s*[:=\s]\s*`),
    includes: found(String.raw`(?:^|[\s{,;])include\s+`),
  };
}
