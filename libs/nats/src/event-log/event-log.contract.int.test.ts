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
    const link = await harness.link();
    return {
      log: createEventLog(link),
      as: async (known) => createEventLog(link, known),
      async put(aggregate, text) {
        const bytes = new TextEncoder().encode(text);
        // As another version of a requester does: with a message id.
        const headers = { [headerNames.messageId]: link.random.uuid() };
        const outcome = await link.publisher.publish({ subject: subjectOf(aggregate), bytes, headers });
        return outcome.state === "stored" ? outcome.seq : expect.unreachable(outcome.why);
      },
      close: harness.close,
    };
  });
});
