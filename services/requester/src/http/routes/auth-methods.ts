import { Fault } from "@shoal/core";
import { z } from "zod";
import { clientKey, requirement } from "../auth/client-key.ts";
import { defineRoute } from "../route-handler.ts";

export const authMethods = defineRoute({
  name: "auth-methods",
  methods: ["GET"],
  path: "/api/v1/auth",
  does: "Lists how a client can show who it is.",
  query: z.object({}),
  answer: (_, { secret, clock }) => ({ NextToken: "", Methods: { [clientKey]: requirement(secret, clock.now()) } }),
});

export const authMethod = defineRoute({
  name: "auth-method",
  methods: ["GET"],
  path: "/api/v1/auth/:name",
  does: "Tells about one method.",
  query: z.object({}),
  answer({ param }, { secret, clock }) {
    if (param("name") === clientKey) return requirement(secret, clock.now());
    throw new Fault("NOT_FOUND", `no method ${param("name")}, only ${clientKey}`);
  },
});
