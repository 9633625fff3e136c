import { Fault } from "@shoal/core";
import { fromWire } from "@shoal/proto";
import { z } from "zod";
import { errorReply } from "../../wire/error-reply.ts";
import { clientKey, redeem } from "../auth/client-key.ts";
import { defineRoute } from "../route-handler.ts";

const Body = z.object({ methodData: z.unknown().optional() });

export const authenticate = defineRoute({
  name: "authenticate",
  methods: ["POST"],
  path: "/api/v1/auth/:name",
  does: "Gives a token to a client that holds the key it names. No call needs one yet.",
  query: z.object({}),
  answer({ body, param, reply, request }, { secret, clock }) {
    if (param("name") !== clientKey) throw new Fault("NOT_FOUND", `no method ${param("name")}, only ${clientKey}`);
    const read = fromWire(Body, body);
    try {
      const token = redeem(secret, read.ok ? read.value.methodData : undefined, clock.now());
      return { Authentication: { success: true, token } };
    } catch (failure) {
      if (!(failure instanceof Fault) || failure.code !== "UNAUTHORIZED") throw failure;
      const { status, body: told } = errorReply(failure, request.id);
      reply.code(status);
      return { ...told, Authentication: { success: false, reason: failure.why } };
    }
  },
});
