import { z } from "zod";
import { AuthMethod } from "../auth.ts";
import { defineRoute } from "../route.ts";

export const authMethods = defineRoute({
  name: "authMethods",
  methods: ["GET"],
  path: "/api/v1/auth",
  summary: "Lists how a client can show who it is.",
  query: z.object({}),
  answer: z.object({ nextToken: z.string().default(""), methods: z.record(z.string(), AuthMethod) }),
});
