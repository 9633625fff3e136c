import { createClient } from "@shoal/client";

// The processes are ready; their first heartbeats are on the way.
const waitMs = 10_000;

/** Resolves when the API shows `count` connected compute nodes, or after `waitMs`: `shoal node list` then shows which are missing. */
export async function waitForNodes(endpoints: readonly string[], count: number, stop: AbortSignal): Promise<void> {
  const client = createClient({ endpoints });
  const leave = new AbortController();
  const signal = AbortSignal.any([stop, leave.signal, AbortSignal.timeout(waitMs)]);
  const all = async (): Promise<boolean> => {
    const nodes = await client.nodes();
    const connected = nodes.filter(({ info, connection }) => info.nodeType === "Compute" && connection === "connected");
    return connected.length >= count;
  };
  // Reads the nodes once, and then after every event. The feed is opened first, so that no change is missed.
  const feed = client.events({ signal });
  let next = feed.next();
  while (!(await all())) {
    const { done } = await next;
    stop.throwIfAborted();
    if (done === true) return;
    next = feed.next();
  }
  // The pending read is abandoned; the iteration ends with it.
  next.catch(() => undefined);
  leave.abort();
}
