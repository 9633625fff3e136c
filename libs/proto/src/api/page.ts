import { z } from "zod";

/** One page of a list. */
export const pageOf = <I extends z.ZodType>(item: I) =>
  z.object({
    /** Requests the next page; empty on the last one. */
    nextToken: z.string().default(""),
    items: z.array(item).default([]),
  });
