import { z } from "zod";
import { Authentication } from "../auth.ts";
import { defineRoute } from "../route.ts";

export const authenticate = defineRoute({
  name: "authenticate",
  methods: ["POST"],
  path: "/api/v1/auth/:name",
  summary: "Gives a token to a client that holds the key it names. No call needs one yet.",
  query: z.object({}),
  body: z.object({ methodData: z.unknown().optional() }),
  answer: z.object({ authentication: Authentication }),
});
