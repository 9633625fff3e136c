import { z } from "zod";
import { defineRoute } from "../route.ts";

export const resealSecrets = defineRoute({
  name: "resealSecrets",
  methods: ["POST"],
  path: "/api/v1/orchestrator/secrets/reseal",
  summary:
    "Seals the values of the next secrets to the first key of this requester's key file; call it with `next` until that is empty. A call that breaks off loses nothing and may be repeated.",
  query: z.object({}),
  body: z.object({
    after: z.string().max(512).default("").describe("`next` of the call before; empty begins with the first secret"),
  }),
  answer: z.object({
    keyId: z.string().describe("the key that seals"),
    resealed: z.int().describe("versions that this call has sealed to it"),
    failed: z
      .array(
        z.object({
          namespace: z.string().describe("the namespace of the secret"),
          name: z.string().describe("its name"),
          version: z
            .int()
            .describe("the version that is still sealed to another key; 0 for a secret that cannot be read"),
          keyId: z.string().describe("that key; empty for a secret that cannot be read"),
          why: z.string().describe("why it could not be sealed again"),
        }),
      )
      .describe("versions that this requester could not open"),
    next: z.string().describe("the last secret of this call, for the next one; empty after the last secret"),
  }),
});
