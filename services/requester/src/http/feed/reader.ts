import type { CloudEvent } from "@shoal/core";

/** The client of a feed. */
export interface FeedReader {
  /** Sends a piece of the stream; false when the client cannot accept more for now. */
  write(piece: string): boolean;
  /** Calls back once, when the client can accept more. */
  onceDrained(callback: () => void): void;
  /** Ends the stream at once. */
  drop(): void;
}

/** One event in the form of server-sent events: its id resumes behind it. */
export const framed = (event: CloudEvent): string =>
  `id: ${event.id}\nevent: ${event.type.slice("shoal.".length)}\ndata: ${JSON.stringify(event)}\n\n`;

/** A comment line that only keeps the connection alive. */
export const heartbeat = ": still here\n\n";
