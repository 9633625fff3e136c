import { AuthorizationError, createInbox, errors, PermissionViolationError } from "@nats-io/nats-core";
import { type Clock, Fault } from "@shoal/core";
import { openLine } from "../line/line.ts";
import { type Credentials, hostOf, tlsNameOf } from "./peer.ts";

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

/** The user as messages name it. */
export const userIn = ({ user, token }: Credentials): string =>
  user === undefined || user === ""
    ? token === undefined
      ? "a client without a user"
      : "this token"
    : `user "${user}"`;

/** The Fault for a user that is not let in. */
export function userRefused(servers: readonly string[], credentials: Credentials, why: string): Fault {
  const where = servers.join(", ");
  return new Fault("NATS_REFUSED", `${where} refuses ${userIn(credentials)}: ${why.replaceAll("'", "")}`);
}

/** Whom `refusedByAll` asks, and how. */
export interface RefusalProbe {
  /** Without secrets. */
  readonly servers: readonly string[];
  readonly credentials: Credentials;
  readonly name: string;
  readonly inboxPrefix: string;
  readonly clock: Clock;
}

// The server's words for a user that it does not let in; the library looks for the same.
const refusalWords = /authorization violation|authentication (expired|timeout)/i;

/**
 * Connects to each server once by our own means. The words of a server when at least one refuses the user and none lets it in;
 * else undefined: some may let it in, or be there, later. The client library reports such a state for one server only.
 */
export async function refusedByAll(probe: RefusalProbe): Promise<string | undefined> {
  const answers = await Promise.all(probe.servers.map((server) => answerOf(server, probe)));
  if (answers.includes(undefined)) return undefined;
  return answers.find((why) => why !== undefined && refusalWords.test(why));
}

/** Why this server lets nobody in; undefined when it does. */
async function answerOf(server: string, probe: RefusalProbe): Promise<string | undefined> {
  const { servers, credentials, name, clock } = probe;
  const host = URL.parse(server.includes("://") ? server : `nats://${server}`);
  const address = `${host?.hostname ?? hostOf(server)}:${host?.port || defaultPort}`;
  const peer = { server: address, tlsName: tlsNameOf(server, servers), credentials, name, clock };
  try {
    const line = await openLine(peer, createInbox(probe.inboxPrefix), { heard: () => {}, broke: () => {} });
    line.close();
    return undefined;
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure);
  }
}

// As the client library: the port of NATS where a URL names none.
const defaultPort = 4_222;
