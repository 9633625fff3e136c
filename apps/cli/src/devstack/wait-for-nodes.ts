import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";

// The processes are ready; their first heartbeats are on the way.
const waitMs = 10_000;

/**
 * Resolves when the API shows `count` connected compute nodes, or after `waitMs`: `shoal node list` then shows which are missing.
 * Reads the nodes once, and then after every event. Uses two paths of the table of routes without the client: its schemas would take
 * 25 MiB of a devstack for as long as it runs (docs/notes/performance.md).
 */
export async function waitForNodes(api: string, count: number, stop: AbortSignal): Promise<void> {
  const leave = new AbortController();
  const signal = AbortSignal.any([stop, leave.signal, AbortSignal.timeout(waitMs)]);
  const open = async (path: string): Promise<IncomingMessage> => {
    const [response] = await once(get(new URL(`/api/v1/orchestrator/${path}`, api), { signal }), "response", {
      signal,
    });
    return response;
  };
  const all = async (): Promise<boolean> =>
    connectedIn(JSON.parse(await textOf(await open("nodes?filter-status=connected")))) >= count;
  // Opened first, so that no change is missed; the answer begins with the first event.
  const feed = open("events");
  feed.catch(() => undefined);
  try {
    if (await all()) return;
    for await (const _ of await feed) if (await all()) return;
  } catch (failure) {
    if (!signal.aborted) throw failure;
    stop.throwIfAborted();
  } finally {
    leave.abort();
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
