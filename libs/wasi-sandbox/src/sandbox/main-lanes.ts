/**
 * The process of the guests of a namespace: it runs one guest at a time on each of its lanes, in a thread. Its argument is the number of
 * lanes. What holds for `main.ts` holds for it, except that it may start threads.
 */
import { isMainThread, workerData } from "node:worker_threads";
import { startLanes } from "./lanes.ts";
import { channelDescriptor } from "./protocol.ts";
import { serveMany } from "./serve-guests.ts";

if (isMainThread) startLanes(Number(process.argv[2]), channelDescriptor);
else serveMany(Number(workerData), () => process.exit());
