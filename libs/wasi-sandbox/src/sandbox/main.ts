/**
 * The process of one guest: started ahead of time, takes one job, and ends with it. With a number of lanes as its argument it runs one
 * guest at a time on each, in a thread.
 *
 * It runs under Node's permission model, which allows it to read its own script only, so that this code cannot open another file of the
 * host by a path, by a link or by a bug. It requests files from the node on an inherited descriptor, by handle and by the guest's own
 * path. It must import only `node:*` and files of this folder, which `sandbox-script.ts` joins into one script.
 */
import { isMainThread, workerData } from "node:worker_threads";
import { startLanes } from "./lanes.ts";
import { serveMany, serveOne } from "./serve-guests.ts";

// The descriptor of the channel, after the three standard streams.
const channelDescriptor = 3;

const lanes = Number(process.argv[2] ?? 0);
if (!isMainThread) {
  serveMany(Number(workerData), () => process.exit());
} else if (lanes > 0) {
  startLanes(lanes, channelDescriptor);
} else {
  // Not by process.exit, which unwinds first.
  serveOne(channelDescriptor, () => process.kill(process.pid, "SIGKILL"));
}
