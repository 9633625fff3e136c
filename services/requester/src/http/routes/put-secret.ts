import { Fault } from "@shoal/core";
import { apiRoutes, fromWire } from "@shoal/proto";
import { clientActor } from "../client-actor.ts";
import { defineHandler } from "../route-handler.ts";
import { secretNamed } from "../secret-named.ts";

export const putSecret = defineHandler(apiRoutes.putSecret, async (request, context) => {
  const secret = secretNamed(request);
  const read = fromWire(apiRoutes.putSecret.body, request.body ?? {});
  if (!read.ok) throw new Fault("BAD_REQUEST", read.problems.join("\n"));
  const { version, seq } = await context.secrets.put(secret, read.value.value, clientActor(request.request));
  request.reflects(seq);
  return { ...secret, version };
});
