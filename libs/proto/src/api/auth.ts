import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** A way for a client to authenticate: it signs a phrase. */
export const AuthMethod = z.object({
  type: onWire(z.literal("challenge").describe("the client signs a phrase"), { name: "type" }),
  params: onWire(z.object({ inputPhrase: z.base64().describe("the phrase to sign") }).describe("the challenge"), {
    name: "params",
  }),
});

/** Result of an authentication: a token, or why there is none. */
export const Authentication = z.object({
  success: onWire(z.boolean().describe("whether the client is authenticated"), { name: "success" }),
  token: onWire(z.string().optional().describe("the token of later requests"), { name: "token" }),
  reason: onWire(z.string().optional().describe("why there is no token"), { name: "reason" }),
});
