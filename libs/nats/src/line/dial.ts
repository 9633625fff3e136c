import { once } from "node:events";
import { type Socket, connect as tcp } from "node:net";
import { connect as encrypt } from "node:tls";
import { z } from "zod";
import { hostOf, type Peer } from "../connection/peer.ts";

const Greeting = z.object({ tls_required: z.boolean().default(false), tls_available: z.boolean().default(false) });

const greetingForm = /^INFO (.*)\r\n$/;

// Enough to see what it was.
const shownChars = 200;

/**
 * Connects and hears the server's greeting; encrypts when the server can, as the client library does. Rejects with what
 * stood in the way, among it the signal's reason.
 */
export async function dial(
  { server, tlsName }: Pick<Peer, "server" | "tlsName">,
  signal: AbortSignal,
): Promise<Socket> {
  const { port } = new URL(`nats://${server}`);
  const socket = tcp({ host: hostOf(server), port: Number(port), noDelay: true });
  survive(socket);
  signal.addEventListener("abort", () => socket.destroy(signal.reason), { once: true });
  try {
    const info = greetingIn(await firstLine(socket));
    if (!info.tls_required && !info.tls_available) return socket;
    const secured = survive(encrypt({ socket, servername: tlsName }));
    await told(secured, "secureConnect");
    return secured;
  } catch (failure) {
    socket.destroy();
    throw failure;
  }
}

function greetingIn(line: string): z.output<typeof Greeting> {
  const text = greetingForm.exec(line)?.[1];
  if (text !== undefined) return Greeting.parse(JSON.parse(text));
  throw new Error(`wanted the greeting of a NATS server, found ${JSON.stringify(line.slice(0, shownChars))}`);
}

/** An error is always followed by the close, which is waited for; but one that nobody listens to ends the process. */
function survive(socket: Socket): Socket {
  return socket.on("error", () => undefined);
}

async function firstLine(socket: Socket): Promise<string> {
  let heard = "";
  while (!heard.endsWith("\r\n")) {
    await told(socket, "readable");
    heard += socket.read() ?? "";
  }
  return heard;
}

/** Waits for an event. Rejects with the socket's error, or when it is closed before. */
async function told(socket: Socket, event: "readable" | "secureConnect"): Promise<void> {
  const leave = new AbortController();
  const { signal } = leave;
  const closed = once(socket, "close", { signal }).then(() => {
    throw new Error("the server closed the connection");
  });
  try {
    await Promise.race([once(socket, event, { signal }), closed]);
  } finally {
    leave.abort();
  }
}
