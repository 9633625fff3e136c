import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** A way for a client to authenticate: it signs a phrase. */
export const AuthMethod = z.object({
  type: onWire(z.literal("challenge"), { name: "type" }),
  params: onWire(z.object({ inputPhrase: z.base64().describe("the phrase to sign") }), { name: "params" }),
});

/** Result of an authentication: a token, or why there is none. */
export const Authentication = z.object({
  success: onWire(z.boolean(), { name: "success" }),
  token: onWire(z.string().optional(), { name: "token" }),
  reason: onWire(z.string().optional(), { name: "reason" }),
});
