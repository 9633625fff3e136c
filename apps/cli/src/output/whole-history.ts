import type { Client } from "@shoal/client";
import { apiRoutes, type InputOf } from "@shoal/proto";
import { listOf, textOf } from "./answer.ts";

// Entries on a page: the default of the API.
const pageEntries = 100;

/** All current entries of a job's history, as the API sends them. A running job always has a next page; an empty page is the end. */
export async function wholeHistory(
  client: Client,
  input: InputOf<typeof apiRoutes.jobHistory>,
): Promise<readonly unknown[]> {
  const entries: unknown[] = [];
  let nextToken: string | undefined;
  do {
    const json = await client.call(apiRoutes.jobHistory, { limit: pageEntries, ...input, nextToken });
    const items = listOf(json, "Items");
    entries.push(...items);
    nextToken = items.length === 0 ? "" : textOf(json, "NextToken");
  } while (nextToken !== "");
  return entries;
}
