import { z } from "zod";
import { secretLimits } from "../../secret/sealed-secret.ts";
import { secretNamespace } from "../query.ts";
import { defineRoute } from "../route.ts";

const encoder = new TextEncoder();

export const putSecret = defineRoute({
  name: "putSecret",
  methods: ["PUT"],
  path: "/api/v1/orchestrator/secrets/:name",
  summary: "Stores a value as the next version of a secret, sealed to the cluster's key. No answer ever contains it.",
  query: z.object(secretNamespace),
  body: z.object({
    value: z
      .string("expected a text")
      .min(1, "expected a value, got an empty text")
      .refine(
        (value) => encoder.encode(value).length <= secretLimits.valueBytes,
        `expected at most ${secretLimits.valueBytes} bytes in UTF-8`,
      )
      .refine((value) => !value.includes("\0"), "expected a text without zero bytes, for an environment variable")
      .describe("the value: a text"),
  }),
  answer: z.object({
    namespace: z.string().describe("the namespace of the secret"),
    name: z.string().describe("its name"),
    version: z.int().describe("the version that the value has, from 1"),
  }),
});
