import { isIP } from "node:net";

/** How a client shows who it is. */
export interface Credentials {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

/** The server that a connection stands with now, and who we are there: all that another connection needs. */
export interface Peer {
  /** Host and port, as `127.0.0.1:4222`. */
  readonly server: string;
  /** The name in the server's certificate, where connections are encrypted; empty when nothing but an address is known. */
  readonly tlsName: string;
  readonly credentials: Credentials;
  /** Shown by the server's monitoring. */
  readonly name: string;
}

/** The host of an address, with its port or without, as a socket takes it. */
export function hostOf(server: string): string {
  const { hostname } = new URL(server.includes("://") ? server : `nats://${server}`);
  return hostname.replace(/^\[|\]$/g, "");
}

/** The name that a server's certificate must bear: its own, or for one that is known by its number the first that was configured. */
export function tlsNameOf(server: string, configured: readonly string[]): string {
  return [server, ...configured].map(hostOf).find((host) => isIP(host) === 0) ?? "";
}
