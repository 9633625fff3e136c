import { once } from "node:events";
import { failureInWords } from "../failure.ts";
import { compactHeap } from "../process/compact-heap.ts";
import { notifyParent } from "../process/parent.ts";
import { listenForQuit } from "../process/quit.ts";
import { wantFreePort } from "./free-port.ts";
import { guardOrderOf } from "./guard-order.ts";
import { lockDataDir } from "./lock.ts";

// The guard of a devstack's NATS server: this process locks the data directory, runs the server as its child, and stops it on a
// signal or when the devstack process is gone, for any reason.
const quit = listenForQuit();
process.exitCode = await guard().catch(async (failure: unknown) => {
  await notifyParent({ type: "failed", ...failureInWords(failure) });
  return 1;
});
if (process.connected) process.disconnect();

async function guard(): Promise<number> {
  process.channel?.ref(); // Keeps this process alive until it has its order.
  const [message] = await once(process, "message");
  process.channel?.unref();
  const { dataDir, port, users } = guardOrderOf(message);
  const lock = lockDataDir(dataDir);
  try {
    // After the lock: the previous holder of the directory may have used the port too.
    await wantFreePort(Math.max(0, port), "--nats-port");
    const { findServer, startServer } = await import("@shoal/nats/server");
    const server = await startServer(await findServer(), { dataDir, port, users });
    await notifyParent({ type: "ready", facts: { url: server.url, port: server.port, serverPid: server.pid } });
    compactHeap();
    const end = await Promise.race([server.ended, quit.asked]);
    await server.stop();
    return end === undefined ? 0 : 1;
  } finally {
    lock.release();
  }
}
