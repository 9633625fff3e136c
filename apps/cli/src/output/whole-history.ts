import type { Client } from "@shoal/client";
import { apiRoutes, type InputOf } from "@shoal/proto";
import { listOf, textOf } from "./answer.ts";

// Entries asked for at once: the API's own default.
const pageEntries = 100;

/** Every entry of a job's history as it is now, as it came. A job that still runs always offers a next page; an empty one ends it. */
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
