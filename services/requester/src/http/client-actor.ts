import type { Actor } from "@shoal/proto";
import type { FastifyRequest } from "fastify";

/** The client of a request, as the actor of the resulting commits. */
export function clientActor({ id, ip }: FastifyRequest): Actor {
  return { type: "client", id: "", address: ip, requestId: id };
}
