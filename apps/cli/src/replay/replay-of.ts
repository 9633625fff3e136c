import type { OpenReplay, ReplayReport, VerifyOptions } from "@shoal/requester";
import type { LogAccess } from "../devstack/known-cluster.ts";

/** Connects to the log of a cluster, and closes the connection when `use` is done. Rethrows the errors of the service. */
export async function onLog<T>(access: LogAccess, use: (replay: OpenReplay) => Promise<T>): Promise<T> {
  const { openReplay } = await import("@shoal/requester");
  const replay = await openReplay(access);
  return await use(replay).finally(() => replay.close());
}

/** Verifies the log of a cluster, and compares its views with it. */
export const replayOf = (access: LogAccess, options: VerifyOptions = {}): Promise<ReplayReport> =>
  onLog(access, (replay) => replay.run(options));
