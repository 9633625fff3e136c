import type { OpenReplay, ReplayReport, VerifyOptions } from "@shoal/requester";
import type { KnownCluster } from "../devstack/known-cluster.ts";

/** Connects to the log of a cluster, and closes the connection when `use` is done. Throws what the service throws. */
export async function onLog<T>(
  { natsUrl, user, password, passwordFile = "" }: KnownCluster,
  use: (replay: OpenReplay) => Promise<T>,
): Promise<T> {
  const { openReplay } = await import("@shoal/requester");
  const secret = { "nats.password": password, "nats.passwordFile": passwordFile };
  const replay = await openReplay({ env: {}, flags: { "nats.url": natsUrl, "nats.user": user, ...secret } });
  return await use(replay).finally(() => replay.close());
}

/** Verifies the log of a cluster, and compares its views with it. */
export const replayOf = (cluster: KnownCluster, options: VerifyOptions = {}): Promise<ReplayReport> =>
  onLog(cluster, (replay) => replay.run(options));
