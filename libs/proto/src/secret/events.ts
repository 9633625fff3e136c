import { z } from "zod";
import { defineEvent } from "../event.ts";
import { SealedSecret } from "./sealed-secret.ts";

/** A version of a secret was stored, sealed to a key of the cluster. */
export const SecretPut = defineEvent(
  "SecretPut",
  SealedSecret.extend({ namespace: z.string(), name: z.string(), version: z.int().min(1) }),
);
/** A secret was deleted with all its versions. Their sealed values are still in the log. */
export const SecretDeleted = defineEvent("SecretDeleted", z.object({}));
