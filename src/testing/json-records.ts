/**
 * Order records as JSON text, the same for the same seed: fields of words, numbers and times as real events have them,
 * so that they compress as real events do (S2 to about a third). `next(size)` returns one of exactly `size` bytes,
 * all ASCII, at least 256.
 */
export class JsonRecords {
  #state: number;
  #id = 0;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  next(size: number): string {
    if (size < smallest) throw new RangeError(`a JSON record takes at least ${smallest} bytes, not ${size}`);
    this.#id += 1;
    const name = pick(names, this.#random());
    const head =
      `{"id":"${hex(this.#random())}${hex(this.#random())}","order":${this.#id},"status":"${pick(statuses, this.#random())}",` +
      `"placed":"2026-0${1 + (this.#random() % 9)}-${10 + (this.#random() % 18)}T${10 + (this.#random() % 14)}:${10 + (this.#random() % 50)}:${10 + (this.#random() % 50)}.${100 + (this.#random() % 900)}Z",` +
      `"customer":{"number":${this.#random() % 1_000_000},"name":"${name}","city":"${pick(cities, this.#random())}"},"items":[`;
    let text = head;
    let separator = "";
    // Room for the closing brackets and a filler that brings the record to its size.
    while (text.length < size - 110) {
      text += `${separator}{"sku":"${pick(goods, this.#random())}-${this.#random() % 10_000}","count":${1 + (this.#random() % 9)},"price":${(this.#random() % 100_000) / 100}}`;
      separator = ",";
    }
    text += `],"note":"`;
    while (text.length < size - 2) text += `${pick(words, this.#random())} `;
    return `${text.slice(0, size - 2)}"}`;
  }

  /** xorshift32: small, quick and the same everywhere. */
  #random(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
}

const smallest = 256;

const names = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Edsger Dijkstra", "Barbara Liskov", "Ken Thompson"];
const cities = ["Berlin", "Tokyo", "Nairobi", "Lima", "Toronto", "Oslo", "Mumbai", "Lisbon", "Seoul", "Auckland"];
const goods = ["turbine", "igniter", "nozzle", "blade", "bearing", "gasket", "sensor", "harness", "valve", "filter"];
const statuses = ["placed", "paid", "packed", "shipped", "delivered", "returned"];
const words = ["please", "deliver", "to", "the", "back", "door", "before", "noon", "and", "ring", "twice", "thanks"];

function pick(list: readonly string[], random: number): string {
  return list[random % list.length] ?? "";
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
