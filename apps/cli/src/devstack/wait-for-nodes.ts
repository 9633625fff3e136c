import { createClient } from "@shoal/client";

// The processes are ready already; their first heartbeats are on the way.
const waitMs = 10_000;

/** Resolves when the API shows so many connected compute nodes, or after waitMs: then people see for themselves who is missing. */
export async function waitForNodes(endpoints: readonly string[], count: number, stop: AbortSignal): Promise<void> {
  const client = createClient({ endpoints });
  const leave = new AbortController();
  const signal = AbortSignal.any([stop, leave.signal, AbortSignal.timeout(waitMs)]);
  const all = async (): Promise<boolean> => {
    const nodes = await client.nodes();
    const connected = nodes.filter(({ info, connection }) => info.nodeType === "Compute" && connection === "connected");
    return connected.length >= count;
  };
  // Looks once, and then whenever the feed tells of a node: the feed is opened first, so that nothing falls between.
  const feed = client.events({ signal });
  let next = feed.next();
  while (!(await all())) {
    const { done } = await next;
    stop.throwIfAborted();
    if (done === true) return;
    next = feed.next();
  }
  // Nobody waits for the answer that is still under way; the iteration ends with it.
  next.catch(() => undefined);
  leave.abort();
}
