import { kinds, type Positions, type ViewStore } from "@shoal/core";
import { connectRequester } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { rebuildViews } from "../verify/rebuild-views.ts";
import type { Stores } from "../verify/stored-views.ts";

// A program: it rebuilds all views of the log at <url>, and is ended by SIGKILL as soon as <count> operations
// <put|save> are stored.
const [url = "", deadly = "", count = ""] = process.argv.slice(2);
const ports = await connectRequester({
  clock: systemClock(),
  random: systemRandom,
  requesterId: "killed",
  servers: [url],
  replicas: 1,
  onParked: () => undefined,
});
const stored: Record<string, number> = { put: 0, save: 0 };

async function counted<T>(operation: "put" | "save", done: Promise<T>): Promise<T> {
  const result = await done;
  stored[operation] = (stored[operation] ?? 0) + 1;
  if (operation === deadly && stored[operation] === Number(count)) process.kill(process.pid, "SIGKILL");
  return result;
}

const counting = (store: ViewStore): ViewStore => ({
  ...store,
  put: (key, entry) => counted("put", store.put(key, entry)),
});
const views: Stores = ports.views;
const stores = Object.fromEntries(Object.entries(views).map(([name, store]) => [name, counting(store)]));
const positions: Positions = {
  ...ports.positions,
  save: (bucket, shard, position) => counted("save", ports.positions.save(bucket, shard, position)),
};
await rebuildViews({ log: ports.log, positions, kinds, stores, shard: "all", buckets: Object.keys(stores) });
await ports.close();
