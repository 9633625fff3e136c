import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** A secret without its value, as the API shows it and the view stores it. */
export const SecretEntry = z
  .object({
    namespace: z.string().describe("the namespace of the secret"),
    name: z.string().describe("its name, unique in the namespace"),
    versions: z
      .array(
        z.object({
          version: z.int().min(1).describe("the number of the version, from 1"),
          keyId: z.string().describe("the cluster key that the value is sealed to"),
          createdAt: onWire(z.number().describe("when it was stored"), { as: "rfc3339" }),
        }),
      )
      .describe("the versions that tasks may use, oldest first; the last one is the default"),
  })
  .meta({ id: "Secret" });
export type SecretEntry = z.infer<typeof SecretEntry>;
