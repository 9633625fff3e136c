import type { ServerUser } from "@shoal/nats";
import { CliError } from "../failure.ts";

/** What a devstack tells the keeper of its NATS server; over the channel between them, because passwords stand in it. */
export interface GuardOrder {
  readonly dataDir: string;
  /** -1 for any free one. */
  readonly port: number;
  readonly users: readonly ServerUser[];
}

/** Reads an order. Throws CliError for anything else: somebody started the keeper by hand. */
export function guardOrderOf(message: unknown): GuardOrder {
  if (isOrder(message)) return message;
  throw new CliError("BAD_REQUEST", "the keeper of the NATS server takes its orders from a devstack");
}

function isOrder(message: unknown): message is GuardOrder {
  if (typeof message !== "object" || message === null) return false;
  const { dataDir, port, users }: { readonly [key in keyof GuardOrder]?: unknown } = message;
  return typeof dataDir === "string" && typeof port === "number" && Array.isArray(users);
}
