/** Pings queue behind data, so a slow link needs patience: a dead connection is noticed after two minutes. */
const defaultEveryMs = 30_000;
const maxUnanswered = 4;

export interface HeartbeatOptions {
  /** Asks the other side; `answered` is called when it answers. */
  readonly ask: (answered: () => void) => void;
  /** Called where four questions in a row had no answer. */
  readonly onSilence: () => void;
  /** Default 30,000. */
  readonly everyMs?: number | undefined;
}

/** Notices a server that is frozen: it keeps its connections, and only that it does not answer tells. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#beat(), this.#options.everyMs ?? defaultEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (this.#unanswered >= maxUnanswered) {
      this.#options.onSilence();
      return;
    }
    this.#unanswered++;
    this.#options.ask(() => {
      this.#unanswered = 0;
    });
  }
}
