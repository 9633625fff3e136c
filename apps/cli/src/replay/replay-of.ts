import type { ReplayOptions, ReplayReport } from "@shoal/requester";
import type { LogAccess } from "../devstack/known-cluster.ts";

/** Replays the log of a cluster into a second set of views and compares. Throws what the service throws. */
export async function replayOf(access: LogAccess, options: ReplayOptions = {}): Promise<ReplayReport> {
  const { openReplay } = await import("@shoal/requester");
  const replay = await openReplay(access);
  try {
    return await replay.run(options);
  } finally {
    await replay.close();
  }
}
