import { AuthorizationError, errors, PermissionViolationError } from "@nats-io/nats-core";
import { Fault } from "@shoal/core";
import type { Authentication } from "./authentication.ts";
import { dial } from "./dial.ts";
import { dialLimits } from "./dial-policy.ts";

/** The server does not let this user do something. */
export interface PermissionRefusal {
  readonly operation: "publish" | "subscription";
  readonly subject: string;
  /** The server's words. */
  readonly why: string;
}

/** Reads a permission refusal from what the library reports; undefined when it is something else. */
export function permissionRefusal(failure: Error): PermissionRefusal | undefined {
  if (!(failure instanceof PermissionViolationError)) return undefined;
  const operation = failure.operation === "subscription" ? "subscription" : "publish";
  return { operation, subject: failure.subject, why: failure.message };
}

/** Whether the server refuses the user as a whole. */
export function isUserRefusal(failure: unknown): boolean {
  return failure instanceof AuthorizationError || failure instanceof errors.UserAuthenticationExpiredError;
}

/** The Fault for a user that is not let in. `identity` is the user as messages name it. */
export function userRefused(servers: readonly string[], identity: string, why: string): Fault {
  return new Fault("NATS_REFUSED", `${servers.join(", ")} refuses ${identity}: ${why.replaceAll("'", "")}`);
}

/** Which servers `refusedByAll` asks, and as which client. */
export interface RefusalProbe {
  /** Without secrets. */
  readonly servers: readonly string[];
  readonly authentication: Authentication;
  readonly name: string;
  readonly inboxPrefix: string;
}

/**
 * Connects to each server once. The words of a server when at least one refuses the user and none lets it in; else undefined:
 * some may let it in, or be there, later. The client library reports such a state for one server only.
 */
export async function refusedByAll(probe: RefusalProbe): Promise<string | undefined> {
  const answers = await Promise.all(probe.servers.map((server) => answerOf(server, probe)));
  if (answers.includes(undefined)) return undefined;
  return answers.find(isUserRefusal)?.message;
}

/** Why this server does not let the client in; undefined when it does. */
async function answerOf(server: string, probe: RefusalProbe): Promise<Error | undefined> {
  const { authentication, name, inboxPrefix } = probe;
  const { authenticator, tls } = authentication;
  try {
    const connection = await dial({
      servers: [server],
      ...{ name, inboxPrefix, authenticator },
      ...(tls === undefined ? {} : { tls }),
      reconnect: false,
      // The others are asked for themselves.
      ignoreClusterUpdates: true,
      timeout: dialLimits.timeoutMs,
    });
    await connection.close();
    return undefined;
  } catch (failure) {
    return failure instanceof Error ? failure : new Error(String(failure));
  }
}
