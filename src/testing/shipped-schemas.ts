import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const directory = fileURLToPath(new URL("../../schemas/", import.meta.url));

/** The JSON Schemas that Relight ships. */
export class ShippedSchemas {
  readonly #ajv = new Ajv2020({ allowUnionTypes: true, strictTypes: false, allErrors: true });
  readonly names: readonly string[];

  constructor() {
    this.names = globSync("*.json", { cwd: directory }).map((file) => basename(file, ".json"));
    for (const name of this.names) {
      const schema: unknown = JSON.parse(readFileSync(join(directory, `${name}.json`), "utf8"));
      this.#ajv.addSchema(closed(schema) as Record<string, unknown>);
    }
  }

  /** Asserts that a value is what a schema says, and nothing that the schema does not know of. */
  check(name: string, value: unknown): void {
    const validate = this.#validator(name);
    const errors = validate(value) ? [] : (validate.errors ?? []);
    const text = errors.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
    assert.deepEqual(text, [], `${name}.json does not describe ${JSON.stringify(value).slice(0, 2_000)}`);
  }

  /** True where a value is what a schema says. */
  accepts(name: string, value: unknown): boolean {
    return this.#validator(name)(value);
  }

  #validator(name: string): ValidateFunction {
    const validate = this.#ajv.getSchema(`relight:/schemas/${name}.json`);
    assert.ok(validate, `there is no schema ${name}.json`);
    return validate as ValidateFunction;
  }
}

/**
 * A schema whose objects have no other fields than those it names. Readers must live with fields that a later release adds,
 * so the shipped ones are open; the closed ones find what they have forgotten.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)] as const);
  const copy = Object.fromEntries(entries);
  // A property may itself be called "properties"; schemas of objects say so.
  if (copy.type === "object" && "properties" in copy && !("additionalProperties" in copy)) {
    copy.additionalProperties = false;
  }
  return copy;
}
