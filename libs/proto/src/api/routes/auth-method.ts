import { z } from "zod";
import { AuthMethod } from "../auth.ts";
import { defineRoute } from "../route.ts";

export const authMethod = defineRoute({
  name: "authMethod",
  methods: ["GET"],
  path: "/api/v1/auth/:name",
  summary: "Returns one authentication method.",
  query: z.object({}),
  answer: AuthMethod,
});
