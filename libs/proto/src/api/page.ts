import { z } from "zod";

/** One page of a list. */
export const pageOf = <I extends z.ZodType>(item: I) =>
  z.object({
    /** Asks for the next page; empty when this was the last. */
    nextToken: z.string().default(""),
    items: z.array(item).default([]),
  });
