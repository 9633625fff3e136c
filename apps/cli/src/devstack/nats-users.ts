import type { ServerUser } from "@shoal/nats";
import { CliError } from "../failure.ts";
import { startChild } from "./child.ts";
import type { DataDir } from "./data-dir.ts";
import { nodeName, requesterUser, rightsPlan } from "./plans.ts";
import type { DevstackSettings } from "./settings.ts";

/** The users of the NATS server: the requesters share one, and each node has one with rights to its own subjects. */
export async function natsUsers({ nodes }: DevstackSettings, dataDir: DataDir): Promise<readonly ServerUser[]> {
  const login = (user: string) => ({ user, password: dataDir.passwordOf(user) });
  const ids = Array.from({ length: nodes }, (_, index) => nodeName(index));
  const order = { requester: login(requesterUser), nodes: ids.map(login) };
  const { users } = await startChild(rightsPlan(dataDir, order)).ready;
  // A server without users gives all permissions to each client.
  if (!Array.isArray(users) || users.length !== 1 + nodes)
    throw new CliError("INTERNAL", "the users of the NATS server have no rights", `read ${dataDir.logOf("nats")}`);
  return users;
}
