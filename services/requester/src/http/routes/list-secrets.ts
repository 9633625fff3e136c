import { Fault } from "@shoal/core";
import { apiRoutes, tokenProblem } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

export const listSecrets = defineHandler(apiRoutes.listSecrets, async ({ query }, context) => {
  const { namespace = "default" } = query;
  const problem = namespace === "*" ? undefined : tokenProblem(namespace);
  if (problem !== undefined) throw new Fault("BAD_REQUEST", `invalid namespace "${namespace}": ${problem}`);
  return { secrets: [...(await context.secrets.list(namespace))] };
});
