import type { CloudEvent } from "@shoal/core";

/** Who listens to a feed. */
export interface FeedReader {
  /** Takes a piece of the stream; false when he cannot take more for now. */
  write(piece: string): boolean;
  /** Calls back once, when he can take more again. */
  onceDrained(callback: () => void): void;
  /** Ends the stream at once. */
  drop(): void;
}

/** One event in the form of server-sent events: its id resumes behind it. */
export const framed = (event: CloudEvent): string =>
  `id: ${event.id}\nevent: ${event.type.slice("shoal.".length)}\ndata: ${JSON.stringify(event)}\n\n`;

/** A line that says nothing but that the stream lives. */
export const heartbeat = ": still here\n\n";
