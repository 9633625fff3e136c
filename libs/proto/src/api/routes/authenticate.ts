import { z } from "zod";
import { Authentication } from "../auth.ts";
import { defineRoute } from "../route.ts";

export const authenticate = defineRoute({
  name: "authenticate",
  methods: ["POST"],
  path: "/api/v1/auth/:name",
  summary: "Issues a token to a client that proves that it holds its key. No route requires a token yet.",
  query: z.object({}),
  body: z.object({ methodData: z.unknown().optional() }),
  answer: z.object({ authentication: Authentication.describe("the outcome") }),
});
