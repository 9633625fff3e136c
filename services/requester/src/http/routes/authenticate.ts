import { Fault } from "@shoal/core";
import { apiRoutes, fromWire } from "@shoal/proto";
import { errorReply } from "../../wire/error-reply.ts";
import { clientKey, redeem } from "../auth/client-key.ts";
import { defineHandler } from "../route-handler.ts";

export const authenticate = defineHandler(
  apiRoutes.authenticate,
  ({ body, param, reply, request }, { secret, clock }) => {
    if (param("name") !== clientKey)
      throw new Fault("NOT_FOUND", `authentication method not found: ${param("name")} (available: ${clientKey})`);
    const read = fromWire(apiRoutes.authenticate.body, body);
    try {
      const token = redeem(secret, read.ok ? read.value.methodData : undefined, clock.now());
      return { authentication: { success: true, token } };
    } catch (failure) {
      if (!(failure instanceof Fault) || failure.code !== "UNAUTHORIZED") throw failure;
      const { status, body: error } = errorReply(failure, request.id);
      return reply.code(status).send({ ...error, Authentication: { success: false, reason: failure.why } });
    }
  },
);
