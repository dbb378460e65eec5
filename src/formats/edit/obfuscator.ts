import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { RelightError } from "../../errors.ts";
import type { ArchivedConsumer } from "../archive/archive-report.ts";
import type { HeaderField } from "../header-block.ts";
import { subjectBytes } from "../subjects/subject-text.ts";

/** The key file of an obfuscated backup, as the `nats` CLI writes it too. It undoes the obfuscation: to be kept secret. */
export interface KeyFile {
  readonly version: 1;
  /** 32 bytes, base64. */
  readonly secret: string;
  /** Token in the backup to token as it was. */
  readonly map: Readonly<Record<string, string>>;
}

/** For errors about one. */
export const keyFileHint =
  "Give the file that relight archive edit --obfuscate wrote beside its backup: NAME.keys.json.";

type Json = { readonly [key: string]: unknown };

const secretBytes = 32;

/**
 * Different names, tokens of subjects and header values that are noted, and characters in all of them, so that memory stays bounded
 * where every message has a value of its own. Further ones are replaced as well, and cannot be looked up.
 */
export const noted = { values: 65_536, characters: 16 * 1024 * 1024 };

/** Bytes of a value from which on its token is made in a time that does not grow with the square of them. */
const longValue = 4096;

const minTokenLength = 16;
const alphabet = "0123456789abcdefghijklmnopqrstuv";
const namePrefixes = ["KV_", "OBJ_"];
/** Tokens that say what a subject is for, not whose it is. */
const openTokens = new Set(["*", ">", "$KV", "$O", ""]);

/** Headers that servers and clients act on: their values stay, or stay subjects. */
const controlHeaders = new Set(
  "kv-operation nats-marker-reason nats-ttl nats-rollup nats-expected-last-subject-sequence nats-schedule nats-schedule-ttl nats-schedule-time-zone nats-incr".split(
    " ",
  ),
);
const subjectHeaders = new Set(
  "nats-expected-last-subject-sequence-subject nats-schedule-target nats-schedule-source".split(" "),
);

/**
 * Replaces names and tokens of subjects by keyed hashes: equal ones stay equal, so that filters and relations hold, and only
 * the key file tells what they were. With the same secret every token becomes the same again, in the `nats` CLI's
 * `backup edit --obfuscate` as well. Source of the token's form: jsm.go `backup/obfuscate.go`.
 */
export class Obfuscator {
  readonly #secret: Uint8Array;
  readonly #limits: typeof noted;
  readonly #forward = new Map<string, string>();
  #characters = 0;
  #unnoted = 0;
  /** Made when it is asked for. */
  #back: ReadonlyMap<string, string> | undefined;

  /** A new one for a secret of 32 bytes. */
  constructor(secret: Uint8Array, limits = noted) {
    if (secret.length !== secretBytes) throw new RangeError(`a secret has ${secretBytes} bytes, not ${secret.length}`);
    this.#secret = secret;
    this.#limits = limits;
  }

  /** One that goes on where a key file stopped. Throws BACKUP_INVALID where it is none, or was tampered with. */
  static fromKeyFile(text: string, path: string): Obfuscator {
    const wrong = (what: string): RelightError =>
      new RelightError("BACKUP_INVALID", `${path} ${what}`, { context: { path }, hint: keyFileHint });
    let file: Partial<KeyFile>;
    try {
      file = JSON.parse(text);
    } catch (error) {
      throw new RelightError("BACKUP_INVALID", `${path} is no key file: it is not JSON`, {
        cause: error,
        context: { path },
        hint: keyFileHint,
      });
    }
    if (file?.version !== 1 || typeof file.secret !== "string" || typeof file.map !== "object" || file.map === null) {
      throw wrong("is no key file of an obfuscated backup");
    }
    const secret = decodeSecret(file.secret);
    if (secret?.length !== secretBytes) throw wrong(`has a secret that is not base64 of ${secretBytes} bytes`);
    const obfuscator = new Obfuscator(secret);
    for (const [token, original] of Object.entries(file.map)) {
      if (typeof original !== "string" || obfuscator.#hash(subjectBytes(original)) !== token)
        throw wrong(`says of "${token}" what its secret does not`);
      // All of them, however many: what others look up is not forgotten.
      obfuscator.#note(original, token);
    }
    return obfuscator;
  }

  toKeyFile(): KeyFile {
    const map = Object.fromEntries([...this.#originals()].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { ...this.#withoutMap(), map };
  }

  /** The key file as it is written, without the large object in between. */
  keyFileText(): string {
    const { version, secret } = this.#withoutMap();
    const lines = [...this.#forward].map(([original, token]) => `    "${token}": ${JSON.stringify(original)}`).sort();
    const map = lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n  }`;
    return `{\n  "version": ${version},\n  "secret": ${JSON.stringify(secret)},\n  "map": ${map}\n}\n`;
  }

  #withoutMap(): Omit<KeyFile, "map"> {
    return { version: 1, secret: btoa(String.fromCharCode(...this.#secret)) };
  }

  /** How many values were replaced and noted. */
  get tokens(): number {
    return this.#forward.size;
  }

  /** How often something was replaced that the key file has no room for: see {@link noted}. */
  get unnoted(): number {
    return this.#unnoted;
  }

  /** The token that stands for another: as long, but 16 characters at least. */
  token(original: string): string {
    if (original === "") return "";
    const known = this.#forward.get(original);
    if (known !== undefined) return known;
    const token = this.#hash(subjectBytes(original));
    const { values, characters } = this.#limits;
    if (this.#forward.size >= values || this.#characters + original.length > characters) {
      this.#unnoted++;
      return token;
    }
    this.#note(original, token);
    return token;
  }

  #note(original: string, token: string): void {
    this.#characters += original.length;
    this.#forward.set(original, token);
    this.#back = undefined;
  }

  /** A subject or pattern, token by token. */
  subject(subject: string): string {
    return this.#tokens(subject, (token) => (openTokens.has(token) ? token : this.token(token)));
  }

  /** The name of a stream; a bucket's keeps what makes it one. */
  streamName(name: string): string {
    const prefix = namePrefixes.find((candidate) => name.startsWith(candidate) && name.length > candidate.length) ?? "";
    return prefix + this.token(name.slice(prefix.length));
  }

  headers(fields: readonly HeaderField[]): readonly HeaderField[] {
    return fields.map(({ name, value }) => {
      const key = name.toLowerCase();
      if (controlHeaders.has(key)) return { name, value };
      return { name, value: subjectHeaders.has(key) ? this.subject(value) : this.token(value) };
    });
  }

  /** A stream's configuration: names and subjects replaced, what only describes left out, limits as they are. */
  streamConfig<Config extends Json & { readonly name: string }>(config: Config): Config {
    const { description: _, metadata: __, placement: ___, ...rest } = config;
    const source = (value: unknown): unknown => this.#source(value as Json);
    return {
      ...mapped(rest, {
        subjects: (value) => this.#subjects(value),
        mirror: source,
        sources: (value) => (value as unknown[]).map(source),
        subject_transform: (value) => this.#transform(value as Json),
        republish: (value) => this.#transform(value as Json, "src", "dest"),
      }),
      name: this.streamName(config.name),
    } as unknown as Config;
  }

  /** A consumer: names and filters replaced; where it stands is as it was. */
  consumer(consumer: ArchivedConsumer): ArchivedConsumer {
    const { description: _, metadata: __, ...rest } = consumer.config;
    const token = (value: unknown): unknown => this.token(String(value));
    const subject = (value: unknown): unknown => this.subject(String(value));
    const config = mapped(rest, {
      name: token,
      durable_name: token,
      deliver_group: token,
      filter_subject: subject,
      deliver_subject: subject,
      filter_subjects: (value) => this.#subjects(value),
      priority_groups: (value) => (value as unknown[]).map(token),
    });
    return { ...consumer, name: this.token(consumer.name), config };
  }

  /** What a value was before: token by token; tokens that the key file does not hold stay. */
  reveal(value: string): string {
    const originals = this.#originals();
    return this.#tokens(value, (token) => {
      const prefix = namePrefixes.find(
        (candidate) => originals.has(token.slice(candidate.length)) && token.startsWith(candidate),
      );
      return originals.get(token) ?? (prefix ? prefix + originals.get(token.slice(prefix.length)) : token);
    });
  }

  #originals(): ReadonlyMap<string, string> {
    this.#back ??= new Map([...this.#forward].map(([original, token]) => [token, original]));
    return this.#back;
  }

  #source(source: Json): Json {
    return mapped(source, {
      name: (value) => this.streamName(String(value)),
      filter_subject: (value) => this.subject(String(value)),
      subject_transforms: (value) => (value as Json[]).map((transform) => this.#transform(transform)),
      external: (value) =>
        mapped(value as Json, { api: (api) => this.subject(String(api)), deliver: (to) => this.subject(String(to)) }),
      consumer: (value) =>
        mapped(value as Json, {
          name: (name) => this.token(String(name)),
          deliver_subject: (to) => this.subject(String(to)),
        }),
    });
  }

  #transform(transform: Json, from = "src", to = "dest"): Json {
    const place = (token: string): string =>
      openTokens.has(token) || /^\{\{.*\}\}$/.test(token) || /^\$\d+$/.test(token) ? token : this.token(token);
    return mapped(transform, {
      [from]: (value) => this.subject(String(value)),
      [to]: (value) => this.#tokens(String(value), place),
    });
  }

  #subjects(value: unknown): unknown {
    return (value as unknown[]).map((subject) => this.subject(String(subject)));
  }

  #tokens(subject: string, replace: (token: string) => string): string {
    return subject.split(".").map(replace).join(".");
  }

  /**
   * HMAC-SHA-256, lengthened by further ones over the one before, the token and a count, in lower-case base32hex. The `nats` CLI
   * lengthens that of a long value in the same way, for hours where that is a megabyte; here the token is left out there.
   */
  #hash(original: Uint8Array): string {
    const length = Math.max(minTokenLength, original.length);
    const wanted = Math.ceil((length * 5) / 8);
    const blocks = [hmac(sha256, this.#secret, original)];
    const repeated = original.length < longValue ? original : new Uint8Array();
    for (let count = 1; blocks.length * 32 < wanted; count++) {
      const text = new Uint8Array(32 + repeated.length + 4);
      text.set(blocks[count - 1] as Uint8Array);
      text.set(repeated, 32);
      new DataView(text.buffer).setUint32(32 + repeated.length, count);
      blocks.push(hmac(sha256, this.#secret, text));
    }
    let [token, bits, have] = ["", 0, 0];
    for (const byte of blocks.flatMap((block) => [...block])) {
      bits = ((bits << 8) | byte) & 0xffff;
      for (have += 8; have >= 5; have -= 5) token += alphabet[(bits >>> (have - 5)) & 31];
      if (token.length >= length) break;
    }
    return token.slice(0, length);
  }
}

function decodeSecret(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** A copy in which the fields that are there and say something go through a function of their own. */
function mapped(value: Json, change: Readonly<Record<string, (value: unknown) => unknown>>): Json {
  const out: Record<string, unknown> = { ...value };
  for (const [key, apply] of Object.entries(change)) {
    if (out[key] !== undefined && out[key] !== null && out[key] !== "") out[key] = apply(out[key]);
  }
  return out;
}
