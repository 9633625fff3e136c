import type { ServerUser } from "@shoal/nats";
import { CliError } from "../failure.ts";

/** The order of a devstack to the guard of its NATS server. It contains passwords, and is therefore sent over their channel. */
export interface GuardOrder {
  readonly dataDir: string;
  /** -1 for any free port. */
  readonly port: number;
  readonly users: readonly ServerUser[];
}

/** Reads an order. Throws CliError for any other message, as when the guard is started by hand. */
export function guardOrderOf(message: unknown): GuardOrder {
  if (isOrder(message)) return message;
  throw new CliError("BAD_REQUEST", "only a devstack can start the guard of the NATS server");
}

function isOrder(message: unknown): message is GuardOrder {
  if (typeof message !== "object" || message === null) return false;
  const { dataDir, port, users }: { readonly [key in keyof GuardOrder]?: unknown } = message;
  return typeof dataDir === "string" && typeof port === "number" && Array.isArray(users);
}
