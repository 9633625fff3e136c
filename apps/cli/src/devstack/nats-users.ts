import type { ServerUser } from "@shoal/nats";
import type { DataDir } from "./data-dir.ts";
import { nodeName, requesterUser } from "./plans.ts";
import type { DevstackSettings } from "./settings.ts";

/** The users of the NATS server: the requesters share one, and each node has one with rights to its own subjects. */
export async function natsUsers({ nodes }: DevstackSettings, dataDir: DataDir): Promise<readonly ServerUser[]> {
  const { permissionsOfNode, permissionsOfRequester } = await import("@shoal/nats/rights");
  const ids = Array.from({ length: nodes }, (_, index) => nodeName(index));
  return [
    { user: requesterUser, password: dataDir.passwordOf(requesterUser), rights: permissionsOfRequester() },
    ...ids.map((id) => ({ user: id, password: dataDir.passwordOf(id), rights: permissionsOfNode(id) })),
  ];
}
