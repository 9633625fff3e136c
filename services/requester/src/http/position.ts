import type { Socket } from "node:net";
import { Fault } from "@shoal/core";
import type { FastifyReply, FastifyRequest } from "fastify";

/** The header in which an answer carries the log position it reflects, and a read the position it must not be older than. */
export const positionHeader = "x-shoal-position";

// The greatest position that each connection has been answered with; it goes with its connection.
const answered = new WeakMap<Socket, number>();

// A whole number that JSON and JavaScript carry exactly.
const form = /^\d{1,15}$/;

/** The position that a read must reflect: what it names, or what this connection was answered with before; 0 for none. Throws Fault BAD_REQUEST. */
export function namedPosition({ headers, raw }: FastifyRequest): number {
  const named = headers[positionHeader] ?? "0";
  if (typeof named !== "string" || !form.test(named))
    throw new Fault(
      "BAD_REQUEST",
      `${positionHeader}: expected a whole number of at most 15 digits, got "${String(named).slice(0, 40)}"`,
    );
  return Math.max(Number(named), answered.get(raw.socket) ?? 0);
}

/** Says in the answer which position it reflects, and remembers it for the connection. */
export function answerWith(
  position: number,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): void {
  const { socket } = request.raw;
  answered.set(socket, Math.max(position, answered.get(socket) ?? 0));
  reply.header(positionHeader, position);
}
