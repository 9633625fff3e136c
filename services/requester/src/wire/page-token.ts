import { Fault } from "@shoal/core";
import { z } from "zod";

/** In the answer how many items a page has at most: what was asked for, or the limit of the API where that is less. */
export const pageLimitHeader = "x-shoal-page-limit";

/** Where a list goes on, as clients carry it: opaque to them. */
export function writeToken(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/**
 * Reads a token; undefined when there is none. It is not signed, as every requester must read every other's, so its schema bounds
 * whatever it holds as a query would. Only the very text that `writeToken` writes is accepted. Throws Fault BAD_REQUEST.
 */
export function readToken<S extends z.ZodType>(schema: S, token: string | undefined): z.output<S> | undefined {
  if (token === undefined) return undefined;
  const read = z.safeParse(schema, parsed(Buffer.from(token, "base64url").toString()));
  if (read.success && writeToken(read.data) === token) return read.data;
  throw new Fault("BAD_REQUEST", `"${token.slice(0, 80)}" is no next_token of this list: begin again without one`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
