import { z } from "zod";
import { AuthMethod } from "../auth.ts";
import { defineRoute } from "../route.ts";

export const authMethods = defineRoute({
  name: "authMethods",
  methods: ["GET"],
  path: "/api/v1/auth",
  summary: "Lists the authentication methods.",
  query: z.object({}),
  answer: z.object({
    nextToken: z.string().default("").describe("always empty"),
    methods: z.record(z.string(), AuthMethod).describe("the methods by name; empty when none is needed"),
  }),
});
