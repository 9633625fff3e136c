import { apiRoutes } from "@shoal/proto";
import { clientKey, requirement } from "../auth/client-key.ts";
import { defineHandler } from "../route-handler.ts";

export const authMethods = defineHandler(apiRoutes.authMethods, (_, { secret, clock }) => ({
  nextToken: "",
  methods: { [clientKey]: requirement(secret, clock.now()) },
}));
