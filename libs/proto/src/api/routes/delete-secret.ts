import { z } from "zod";
import { secretNamespace } from "../query.ts";
import { defineRoute } from "../route.ts";

export const deleteSecret = defineRoute({
  name: "deleteSecret",
  methods: ["DELETE"],
  path: "/api/v1/orchestrator/secrets/:name",
  summary: "Deletes a secret with all its versions. Tasks that refer to it fail when they start.",
  query: z.object(secretNamespace),
  answer: z.object({}),
});
