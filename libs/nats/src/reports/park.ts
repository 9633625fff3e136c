import { streams, subjects } from "@shoal/proto";
import { headerNames } from "../connection/message-headers.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import type { ReadMessage } from "../stream/read-message.ts";
import { parkedHeadBytes } from "../topology/topology-data.ts";

/** Headers that a parked message carries beside its first bytes. */
export const parkedHeaders = {
  reason: "Shoal-Reason",
  subject: "Shoal-Subject",
  seq: "Shoal-Seq",
  /** How long the message was: no more than `parkedHeadBytes` of it are parked. */
  bytes: "Shoal-Bytes",
} as const;

// A node chooses subjects and field names, and a message's headers are kept beside its head: no one of them may outgrow it.
const headerCharsMax = 512;

// A header is one line of ASCII.
const oneLine = (text: string) => text.slice(0, headerCharsMax).replace(/[^\x20-\x7e]+/g, " ");

/** Puts the head of a message that nobody can read aside, with the reason, for a person to look at. What fails here is told as trouble; true when it is stored. */
export function park(
  link: NatsSession,
  { shard, message, why }: { readonly shard: number; readonly message: ReadMessage; readonly why: string },
): Promise<boolean> {
  link.onProblem(`${message.subject} at ${message.seq} is parked: ${why}`, "warn");
  const headers = {
    // The same message met again by a new owner is parked once.
    [headerNames.messageId]: `${streams.reports}.${message.seq}`,
    [parkedHeaders.reason]: oneLine(why),
    [parkedHeaders.subject]: oneLine(message.subject),
    [parkedHeaders.seq]: message.seq,
    [parkedHeaders.bytes]: message.bytes.length,
  };
  return link.publisher
    .publish({
      subject: subjects.parked(shard),
      bytes: new Uint8Array(message.bytes.subarray(0, parkedHeadBytes)),
      headers,
    })
    .then((outcome) => {
      if (outcome.state !== "stored")
        link.onProblem(`${message.subject} at ${message.seq} is not parked: ${outcome.why}`, "warn");
      return outcome.state === "stored";
    });
}
