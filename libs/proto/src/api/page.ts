import { z } from "zod";

/** One page of a list. */
export const pageOf = <I extends z.ZodType>(item: I) =>
  z.object({
    nextToken: z.string().default("").describe("requests the next page; empty on the last one"),
    items: z.array(item).default([]).describe("the items of this page"),
  });
