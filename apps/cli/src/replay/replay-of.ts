import type { ReplayOptions, ReplayReport } from "@shoal/requester";
import type { KnownCluster } from "../devstack/known-cluster.ts";

/** Replays the log of a cluster into a second set of views and compares. Throws what the service throws. */
export async function replayOf(
  { natsUrl, user, password, passwordFile = "" }: KnownCluster,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  const { openReplay } = await import("@shoal/requester");
  const secret = { "nats.password": password, "nats.passwordFile": passwordFile };
  const flags = { "nats.url": natsUrl, "nats.user": user, ...secret };
  const replay = await openReplay({ env: {}, flags });
  try {
    return await replay.run(options);
  } finally {
    await replay.close();
  }
}
