import { eventLogContract } from "@shoal/core/testing/contracts";
import { subjectOf } from "@shoal/proto";
import { expect } from "vitest";
import { headerNames } from "../connection/message-headers.ts";
import { natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { createEventLog } from "./event-log.ts";

onServer(() => {
  eventLogContract("the log on a NATS server", async () => {
    const harness = await natsHarness();
    const session = await harness.session();
    return {
      log: createEventLog(session),
      as: async (known) => createEventLog(session, known),
      async put(aggregate, text) {
        const bytes = new TextEncoder().encode(text);
        // As another version of a requester does: with a message id.
        const headers = { [headerNames.messageId]: session.random.uuid() };
        const outcome = await session.publisher.publish({ subject: subjectOf(aggregate), bytes, headers });
        return outcome.state === "stored" ? outcome.seq : expect.unreachable(outcome.why);
      },
      close: harness.close,
    };
  });
});
