import { streams, subjects } from "@shoal/proto";
import type { Link } from "../connection/link.ts";
import { headerNames } from "../connection/message-headers.ts";
import type { ReadMessage } from "../intake/intake.ts";

/** Headers that a parked message carries beside its own bytes. */
export const parkedHeaders = { reason: "Shoal-Reason", subject: "Shoal-Subject", seq: "Shoal-Seq" } as const;

// A header is one line of ASCII.
const oneLine = (text: string) => text.replace(/[^\x20-\x7e]+/g, " ");

/** Puts a message that nobody can read aside, with the reason, for a person to look at. What fails here is told as trouble. */
export function park(
  link: Link,
  { shard, message, why }: { readonly shard: number; readonly message: ReadMessage; readonly why: string },
): void {
  link.trouble(`${message.subject} at ${message.seq} is parked: ${why}`, "warn");
  const headers = {
    // The same message met again by a new owner is parked once.
    [headerNames.messageId]: `${streams.reports}.${message.seq}`,
    [parkedHeaders.reason]: oneLine(why),
    [parkedHeaders.subject]: oneLine(message.subject),
    [parkedHeaders.seq]: message.seq,
  };
  link.publisher
    .publish({ subject: subjects.parked(shard), bytes: new Uint8Array(message.bytes), headers })
    .then((outcome) => {
      if (outcome.state !== "stored")
        link.trouble(`${message.subject} at ${message.seq} is not parked: ${outcome.why}`, "warn");
    });
}
