import { RelightError } from "../../errors.ts";
import type { JetStreamApi } from "../../jetstream/jetstream-api.ts";
import { directGet } from "./direct-get.ts";
import type { Fetched } from "./fetched.ts";
import { type ReplicaAccess, UnreadableReplica } from "./replica-access.ts";

export interface DirectReadsOptions {
  readonly api: JetStreamApi;
  readonly stream: string;
  /** How many replicas the stream has. */
  readonly replicas: number;
  /** Silence of a server that ends a request, in ms. Default 5000. */
  readonly silenceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Requests at most until one is answered by the wanted server, for each replica: by chance 1 in 100,000 fails. */
const triesPerReplica = 12;
const silencesBorne = 2;

/**
 * Reads of a stream that any of its replicas answers, and nobody can choose which: what another one answered is kept for whoever
 * reads that, and it is asked again. One request at a time.
 */
export class DirectReads {
  readonly #options: DirectReadsOptions;
  /** The last answer of each server, and what it was asked. */
  readonly #kept = new Map<string, { readonly question: string; readonly fetched: Fetched }>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DirectReadsOptions) {
    this.#options = options;
  }

  /** The replica on one server. */
  open(server: string): ReplicaAccess {
    const renew = async (): Promise<void> => {
      this.#kept.delete(server);
    };
    const fetch = (from: number, batch: number): Promise<Fetched> => {
      const answer = this.#turn.then(() => this.#draw(server, from, batch));
      this.#turn = answer.catch(() => {});
      return answer;
    };
    return { fetch, renew, [Symbol.asyncDispose]: renew };
  }

  async #draw(wanted: string, from: number, batch: number): Promise<Fetched> {
    const { api, stream, replicas, signal, silenceMs = 5_000 } = this.#options;
    const question = `${from} ${batch}`;
    const others = new Set<string>();
    let silences = 0;
    for (let attempt = 0; attempt < triesPerReplica * replicas; attempt++) {
      const kept = this.#kept.get(wanted);
      this.#kept.delete(wanted);
      if (kept?.question === question) return kept.fetched;
      const { server, fetched } = await directGet({ api, stream, from, batch, silenceMs, signal });
      if (signal?.aborted) throw new RelightError("CANCELLED", `reading "${stream}" was cancelled`);
      if (server === wanted) return fetched;
      // Nobody knows whose silence it is.
      if (fetched.end === "silent" && ++silences > silencesBorne) return fetched;
      if (server !== null) this.#kept.set(server, { question, fetched });
      others.add(server ?? "one that cannot be told");
    }
    throw new UnreadableReplica("missed", `it answered no direct get, only ${[...others].sort().join(", ")}`);
  }
}
