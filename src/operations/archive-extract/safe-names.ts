/** The longest that nats-server takes, and most file systems. */
const maxBytes = 255;

/**
 * What is wrong with a stream's name; undefined where a server takes it and a directory can have it.
 * Source: nats-server server/stream.go (`isValidName`, `isValidAssetName`). Pure.
 */
export function streamNameFault(name: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\s.*>\u0000-\u001f\u007f]/.test(name)) return "it has a space, a dot, a wildcard or a control character in it";
  return segmentFault(name);
}

/** The same of an account's name, which may have dots in it. Pure. */
export function accountFault(account: string): string | undefined {
  if (account === "." || account === "..") return "it is a directory of its own";
  if (account === "$SYS") return "streams cannot be in the system account";
  return segmentFault(account);
}

/** What is wrong with a name as one part of a path; undefined where nothing is. Pure. */
export function segmentFault(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name === "." || name === "..") return "it is a directory of its own";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[/\\\u0000-\u001f\u007f]/.test(name)) return "it would lead to another directory";
  if (Buffer.byteLength(name) > maxBytes) return `it is longer than ${maxBytes} bytes`;
  return undefined;
}
