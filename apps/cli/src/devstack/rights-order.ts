import type { ServerUser } from "@shoal/nats";
import { CliError } from "../failure.ts";

type Login = Pick<ServerUser, "user" | "password">;

/** The users of a NATS server without their rights. It contains passwords, and is therefore sent over a channel. */
export interface RightsOrder {
  readonly requester: Login;
  /** The user of a node is its id. */
  readonly nodes: readonly Login[];
}

/** Reads an order. Throws CliError for any other message, as when the program is started by hand. */
export function rightsOrderOf(message: unknown): RightsOrder {
  if (isOrder(message)) return message;
  throw new CliError("BAD_REQUEST", "only a devstack can ask for the rights of its users");
}

function isOrder(message: unknown): message is RightsOrder {
  if (typeof message !== "object" || message === null) return false;
  const { requester, nodes }: { readonly [key in keyof RightsOrder]?: unknown } = message;
  return typeof requester === "object" && requester !== null && Array.isArray(nodes);
}
