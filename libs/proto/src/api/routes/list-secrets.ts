import { z } from "zod";
import { secretNamespace } from "../query.ts";
import { defineRoute } from "../route.ts";
import { SecretEntry } from "../secret.ts";

export const listSecrets = defineRoute({
  name: "listSecrets",
  methods: ["GET"],
  path: "/api/v1/orchestrator/secrets",
  summary: "Lists the secrets of a namespace, or of all with `*`: names, versions and times, without values.",
  query: z.object(secretNamespace),
  answer: z.object({ secrets: z.array(SecretEntry).default([]).describe("by namespace and name") }),
});
