/**
 * The process of one guest: started ahead of time, takes one job, and ends with it.
 *
 * It runs under Node's permission model, which allows it to read its own script only, so that this code cannot open another file of the
 * host by a path, by a link or by a bug. It requests files from the node on an inherited descriptor, by handle and by the guest's own
 * path. It must import only files of this folder, which `sandbox-script.ts` joins into one script, and of Node only `node:fs`: a module
 * that Node has not loaded by itself costs some milliseconds of processor time in each process.
 */
import { channelDescriptor } from "./protocol.ts";
import { serveOne } from "./serve-guests.ts";

// Not by process.exit, which unwinds first.
serveOne(channelDescriptor, () => process.kill(process.pid, "SIGKILL"));
