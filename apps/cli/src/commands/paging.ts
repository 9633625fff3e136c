import type { apiRoutes, InputOf } from "@shoal/proto";
import { type OptionRow, type Options, wholeNumber } from "../command.ts";

// What the API gives at most on one page.
const pageMax = 1000;

/** Options of every command that lists. */
export const pagingOptions: readonly OptionRow[] = [
  { flags: "--limit <number>", summary: "entries on a page", read: wholeNumber("--limit", 1, pageMax) },
  { flags: "--next-token <token>", summary: "continue behind an earlier page" },
  { flags: "--order-by <field>", summary: "such as created_at or modified_at" },
  { flags: "--order-reversed", summary: "the other way round" },
];

/** What the options of a list ask for. */
export function pagingOf(
  options: Options,
  limit: number,
): Pick<InputOf<typeof apiRoutes.listJobs>, "limit" | "nextToken" | "orderBy" | "reverse"> {
  return {
    limit: options.number("limit") ?? limit,
    nextToken: options.text("nextToken"),
    orderBy: options.text("orderBy"),
    reverse: options.flag("orderReversed") ? true : undefined,
  };
}
