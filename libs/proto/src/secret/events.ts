import { z } from "zod";
import { defineEvent } from "../event.ts";
import { SealedSecret } from "./sealed-secret.ts";

export const SecretPut = defineEvent(
  "SecretPut",
  SealedSecret.extend({
    namespace: z.string().describe("the namespace of the secret"),
    name: z.string().describe("its name, unique in the namespace"),
    version: z.int().min(1).describe("the number of the version, from 1; a number is never used twice"),
  }).describe("A version of a secret was stored, sealed to a key of the cluster."),
);
export const SecretResealed = defineEvent(
  "SecretResealed",
  SealedSecret.extend({
    version: z.int().min(1).describe("the number of the version; its value is the same"),
  }).describe("A version of a secret was sealed to another key of the cluster."),
);
export const SecretDeleted = defineEvent(
  "SecretDeleted",
  z.object({}).describe("A secret was deleted with all its versions. Their sealed values are still in the log."),
);
