import type { apiRoutes, InputOf } from "@shoal/proto";
import { type OptionRow, type Options, wholeNumber } from "../command.ts";

// The API's limit of entries on a page.
const pageMax = 1000;

/** The options of every list command. */
export const pagingOptions: readonly OptionRow[] = [
  { flags: "--limit <number>", summary: "entries on a page", read: wholeNumber("--limit", 1, pageMax) },
  { flags: "--next-token <token>", summary: "continue after an earlier page" },
  { flags: "--order-by <field>", summary: "field to sort by, such as created_at or modified_at" },
  { flags: "--order-reversed", summary: "reverse the order" },
];

/** The query parameters of the options of a list. */
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
