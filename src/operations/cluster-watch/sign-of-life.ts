import { connect, type Socket } from "node:net";

/** Where a server listened when it last told of it. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
  /** A client port greets whoever comes; a monitoring port answers a request. It is open before a server has read its store. */
  readonly kind: "client" | "monitor";
}

/** How long a process may take to say who it is, in ms. */
const patienceMs = 1_500;
/** What it says of itself comes early; a monitoring port says far more than that. */
const enough = 16_384;

/**
 * Whether the process of a server seems to run although the cluster does not hear it: it reads a large store as it starts, stands
 * still, or is cut off from the others. Text for a person; null: nothing was found, which proves nothing. What listens there under
 * another name, or hangs up, is another's.
 */
export async function signOfLife(server: string, addresses: readonly ListeningAddress[]): Promise<string | null> {
  const signs = await Promise.all(addresses.map((address) => probe(server, address)));
  return signs.find((sign) => sign !== null) ?? null;
}

async function probe(server: string, { host, port, kind }: ListeningAddress): Promise<string | null> {
  const socket = connect({ host, port });
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  try {
    const said = await firstWords(socket, kind === "monitor" ? `GET /varz HTTP/1.0\r\nHost: ${where}\r\n\r\n` : null);
    if (said === null) return null;
    if (said === "") return `${where} takes connections, and says nothing`;
    return /"server_name":\s*"((?:[^"\\]|\\.)*)"/.exec(said)?.[1] === server ? `it answers at ${where}` : null;
  } finally {
    socket.destroy();
  }
}

/** What is said; "": it was connected, and nothing came; null: it was not, or was hung up on before anything came. */
function firstWords(socket: Socket, question: string | null): Promise<string | null> {
  return new Promise((resolve) => {
    let connected = false;
    let text = "";
    const timer = setTimeout(() => resolve(connected ? text : null), patienceMs);
    const end = (): void => {
      clearTimeout(timer);
      resolve(text === "" ? null : text);
    };
    socket.on("connect", () => {
      connected = true;
      if (question !== null) socket.write(question);
    });
    socket.on("data", (data: Buffer) => {
      text += data.toString("latin1");
      if (text.length >= enough || /"server_name":\s*"(?:[^"\\]|\\.)*"/.test(text)) end();
    });
    socket.on("error", end).on("close", end);
  });
}
