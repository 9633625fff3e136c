import type { Socket } from "node:net";
import { Fault } from "@shoal/core";
import type { FastifyReply, FastifyRequest } from "fastify";

/** The header that carries the log position of a response, and the minimum position of a read. */
export const positionHeader = "x-shoal-position";

// The greatest position that was sent on each connection.
const answered = new WeakMap<Socket, number>();

// A whole number that JSON and JavaScript represent exactly.
const form = /^\d{1,15}$/;

/**
 * The minimum position of a read: the one in its header, or the greatest one sent on this connection; 0 for none.
 * Throws Fault BAD_REQUEST.
 */
export function namedPosition({ headers, raw }: FastifyRequest): number {
  const named = headers[positionHeader] ?? "0";
  if (typeof named !== "string" || !form.test(named))
    throw new Fault(
      "BAD_REQUEST",
      `${positionHeader}: expected a whole number of at most 15 digits, got "${String(named).slice(0, 40)}"`,
    );
  return Math.max(Number(named), answered.get(raw.socket) ?? 0);
}

/** Sets the position header of the response, and records the position for the connection. */
export function answerWith(
  position: number,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): void {
  const { socket } = request.raw;
  answered.set(socket, Math.max(position, answered.get(socket) ?? 0));
  reply.header(positionHeader, position);
}
