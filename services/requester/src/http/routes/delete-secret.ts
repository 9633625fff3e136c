import { apiRoutes } from "@shoal/proto";
import { clientActor } from "../client-actor.ts";
import { defineHandler } from "../route-handler.ts";
import { secretNamed } from "../secret-named.ts";

export const deleteSecret = defineHandler(apiRoutes.deleteSecret, async (request, context) => {
  const { seq } = await context.secrets.delete(secretNamed(request), clientActor(request.request));
  request.reflects(seq);
  return {};
});
