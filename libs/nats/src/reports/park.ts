import { streams, subjects } from "@shoal/proto";
import { headerNames } from "../connection/message-headers.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import type { ReadMessage } from "../stream/read-message.ts";
import { parkedHeadBytes } from "../topology/topology-data.ts";

/** Headers of a parked message, whose data is the head of the original. */
export const parkedHeaders = {
  reason: "Shoal-Reason",
  subject: "Shoal-Subject",
  seq: "Shoal-Seq",
  /** Size of the original message: at most `parkedHeadBytes` of it are parked. */
  bytes: "Shoal-Bytes",
} as const;

// A node chooses subjects and field names, and both are stored in the headers: none may be larger than the head.
const headerCharsMax = 512;

// A header is one line of ASCII.
const oneLine = (text: string) => text.slice(0, headerCharsMax).replace(/[^\x20-\x7e]+/g, " ");

/**
 * Stores the head of an unreadable message, with the reason, for an operator to inspect. Resolves with true when it is stored; a
 * failure is reported through `onProblem`.
 */
export function park(
  session: NatsSession,
  { shard, message, why }: { readonly shard: number; readonly message: ReadMessage; readonly why: string },
): Promise<boolean> {
  session.onProblem(`parked the message at ${message.seq} on ${message.subject}: ${why}`, "warn");
  const headers = {
    // A message that a new owner reads again is parked once.
    [headerNames.messageId]: `${streams.reports}.${message.seq}`,
    [parkedHeaders.reason]: oneLine(why),
    [parkedHeaders.subject]: oneLine(message.subject),
    [parkedHeaders.seq]: message.seq,
    [parkedHeaders.bytes]: message.bytes.length,
  };
  return session.publisher
    .publish({
      subject: subjects.parked(shard),
      bytes: new Uint8Array(message.bytes.subarray(0, parkedHeadBytes)),
      headers,
    })
    .then((outcome) => {
      if (outcome.state !== "stored")
        session.onProblem(`cannot park the message at ${message.seq} on ${message.subject}: ${outcome.why}`, "warn");
      return outcome.state === "stored";
    });
}
