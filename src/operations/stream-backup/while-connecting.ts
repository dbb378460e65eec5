import type { Wire } from "../../jetstream/wire/wire.ts";

/** Does something while a connection is being made; closes that where it fails. */
export async function whileConnecting<T>(connection: Promise<Wire>, run: () => Promise<T>): Promise<T> {
  // Looked at when it is needed.
  connection.catch(() => {});
  try {
    return await run();
  } catch (error) {
    await connection.then(
      (made) => made.close(),
      () => {},
    );
    throw error;
  }
}
