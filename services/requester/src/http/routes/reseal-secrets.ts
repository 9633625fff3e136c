import { Fault } from "@shoal/core";
import { apiRoutes, fromWire } from "@shoal/proto";
import { clientActor } from "../client-actor.ts";
import { defineHandler } from "../route-handler.ts";

export const resealSecrets = defineHandler(apiRoutes.resealSecrets, async ({ body, request }, context) => {
  const read = fromWire(apiRoutes.resealSecrets.body, body ?? {});
  if (!read.ok) throw new Fault("BAD_REQUEST", read.problems.join("\n"));
  const { failed, ...done } = await context.secrets.reseal(read.value.after, clientActor(request));
  return { ...done, failed: [...failed] };
});
