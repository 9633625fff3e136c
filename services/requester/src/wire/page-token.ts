import { Fault } from "@shoal/core";
import { z } from "zod";

/**
 * The maximum number of items on a page, for the response: the requested limit, or the limit of the API if that is
 * less.
 */
export const pageLimitHeader = "x-shoal-page-limit";

/** The continuation of a list, as an opaque token. */
export function writeToken(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/**
 * Reads a token; undefined when there is none. It is not signed, as every requester must read the tokens of every
 * other, so its schema limits its content as a query's schema would. Only the exact text that `writeToken` writes is
 * accepted. Throws Fault BAD_REQUEST.
 */
export function readToken<S extends z.ZodType>(schema: S, token: string | undefined): z.output<S> | undefined {
  if (token === undefined) return undefined;
  const read = z.safeParse(schema, parsed(Buffer.from(token, "base64url").toString()));
  if (read.success && writeToken(read.data) === token) return read.data;
  throw new Fault("BAD_REQUEST", `"${token.slice(0, 80)}" is not a next_token of this list: restart without one`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
