import { createInbox } from "@nats-io/nats-core";
import type { Link } from "../connection/link.ts";
import { openLine } from "../line/line.ts";
import { FrameIncoming } from "./frame-incoming.ts";
import type { OpenIntake } from "./intake.ts";

/**
 * An intake over a connection of its own: for what is read in one go, so that it neither waits behind other messages nor
 * holds them up, and costs less than a third of what the client library's takes for each.
 */
export function lineIntake(link: Link): OpenIntake {
  return async (ear) => {
    const inbox = createInbox(link.inboxPrefix);
    const line = await openLine({ ...link.peer(), clock: link.clock }, inbox, {
      heard: (frame) => ear.heard(new FrameIncoming(frame)),
      broke: (why) => ear.broke(why),
    });
    return { inbox, say: (subject, text) => line.publish(subject, { reply: inbox, text }), close: () => line.close() };
  };
}
