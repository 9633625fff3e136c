import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";

// The processes are ready; their first heartbeats are on the way.
const waitMs = 10_000;
// Between two reads: no event says when the list is complete, since its view is written up to half a second after the event that a
// node has joined. A read takes a millisecond.
const pauseMs = 50;

/**
 * Resolves when the API shows `count` connected compute nodes, or after `waitMs`: `shoal node list` then shows which are missing.
 * Uses a path of the table of routes without the client: its schemas would take 25 MiB of a devstack for as long as it runs
 * (docs/notes/performance.md).
 */
export async function waitForNodes(api: string, count: number, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(waitMs)]);
  const url = new URL("/api/v1/orchestrator/nodes?filter-status=connected", api);
  try {
    for (;;) {
      const [response] = await once(get(url, { signal }), "response", { signal });
      if (connectedIn(JSON.parse(await textOf(response))) >= count) return;
      await setTimeout(pauseMs, undefined, { signal });
    }
  } catch (failure) {
    if (!signal.aborted) throw failure;
    stop.throwIfAborted();
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}

/** The compute nodes in a list of nodes, in the API's format. */
function connectedIn(list: { readonly Nodes?: readonly { readonly Info?: { readonly NodeType?: string } }[] }): number {
  return (list.Nodes ?? []).filter(({ Info }) => Info?.NodeType === "Compute").length;
}
