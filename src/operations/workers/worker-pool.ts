import { Worker, type WorkerOptions } from "node:worker_threads";

/** Idle workers that are kept: starting one takes a tenth of a second, which counts where streams are many and small. */
const keptIdle = 4;

/** One worker, for one task at a time. */
export interface Lease<Order, Answer> {
  readonly send: (order: Order) => void;
  /** Called with each of the worker's messages. */
  onMessage: (answer: Answer) => void;
  /** Called where the worker breaks down; there is nothing to release then. */
  onFailure: (error: unknown) => void;
  /** The task is done, and the worker waits for the next order. */
  readonly release: () => void;
}

/**
 * Workers that do one kind of task, again and again: a worker listens for an order, works on it, and says when it is done.
 * Those that wait for work do not keep the process alive.
 */
export class WorkerPool<Order, Answer> {
  readonly #url: URL;
  readonly #options: WorkerOptions;
  readonly #idle: Worker[] = [];

  /** `file`: beside `base`, which is the `import.meta.url` of who starts it, without an extension. */
  constructor(base: string, file: string, options: WorkerOptions = {}) {
    this.#url = new URL(`${file}${base.endsWith(".ts") ? ".ts" : ".js"}`, base);
    this.#options = options;
  }

  /** Starts a worker that will be needed soon, while something else is done. */
  warm(): void {
    if (this.#idle.length === 0) this.#rest(new Worker(this.#url, this.#options));
  }

  /** An idle worker, or a new one. */
  lease(): Lease<Order, Answer> {
    const worker = this.#idle.pop() ?? new Worker(this.#url, this.#options);
    worker.ref();
    const lease: Lease<Order, Answer> = {
      send: (order) => worker.postMessage(order),
      onMessage: () => {},
      onFailure: () => {},
      release: () => {
        if (this.#idle.length < keptIdle) this.#rest(worker);
        else {
          worker.removeAllListeners();
          worker.on("error", () => {});
          void worker.terminate();
        }
      },
    };
    worker.removeAllListeners();
    worker.on("message", (answer: Answer) => lease.onMessage(answer));
    worker.on("error", (error) => lease.onFailure(error));
    worker.on("exit", (code) => lease.onFailure(new Error(`the worker ended with ${code}`)));
    return lease;
  }

  #rest(worker: Worker): void {
    worker.removeAllListeners();
    // One that breaks down while it is idle must not take the process with it.
    worker.on("error", () => this.#forget(worker)).on("exit", () => this.#forget(worker));
    worker.unref();
    this.#idle.push(worker);
  }

  #forget(worker: Worker): void {
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
