import { AuthorizationError, errors, PermissionViolationError } from "@nats-io/nats-core";
import { Fault } from "@shoal/core";
import type { Authentication } from "./authentication.ts";
import { dial } from "./dial.ts";
import { dialLimits } from "./dial-policy.ts";

/** The server refuses an operation of this user. */
export interface PermissionRefusal {
  readonly operation: "publish" | "subscription";
  readonly subject: string;
  /** The server's message. */
  readonly why: string;
}

/** Reads a permission refusal from what the library reports; undefined when it is something else. */
export function permissionRefusal(failure: Error): PermissionRefusal | undefined {
  if (!(failure instanceof PermissionViolationError)) return undefined;
  const operation = failure.operation === "subscription" ? "subscription" : "publish";
  return { operation, subject: failure.subject, why: failure.message };
}

/** Whether the server refuses the user itself. */
export function isUserRefusal(failure: unknown): boolean {
  return failure instanceof AuthorizationError || failure instanceof errors.UserAuthenticationExpiredError;
}

/** The Fault for a user that the servers refuse. `identity` is the user's name in messages. */
export function userRefused(servers: readonly string[], identity: string, why: string): Fault {
  return new Fault("NATS_REFUSED", `${servers.join(", ")} refuses ${identity}: ${why.replaceAll("'", "")}`);
}

/** The servers that `refusedByAll` dials, and the client's credentials. */
export interface RefusalProbe {
  /** Without secrets. */
  readonly servers: readonly string[];
  readonly authentication: Authentication;
  readonly name: string;
  readonly inboxPrefix: string;
}

/**
 * Connects to each server once. Returns a server's message when at least one refuses the user and none accepts it; else undefined,
 * as a server may accept the user or come up later. The client library reports such a state for one server only.
 */
export async function refusedByAll(probe: RefusalProbe): Promise<string | undefined> {
  const answers = await Promise.all(probe.servers.map((server) => answerOf(server, probe)));
  if (answers.includes(undefined)) return undefined;
  return answers.find(isUserRefusal)?.message;
}

/** Why this server does not accept the client; undefined when it does. */
async function answerOf(server: string, probe: RefusalProbe): Promise<Error | undefined> {
  const { authentication, name, inboxPrefix } = probe;
  const { authenticator, tls } = authentication;
  try {
    const connection = await dial({
      servers: [server],
      ...{ name, inboxPrefix, authenticator },
      ...(tls === undefined ? {} : { tls }),
      reconnect: false,
      // Each server is dialled itself.
      ignoreClusterUpdates: true,
      timeout: dialLimits.timeoutMs,
    });
    await connection.close();
    return undefined;
  } catch (failure) {
    return failure instanceof Error ? failure : new Error(String(failure));
  }
}
