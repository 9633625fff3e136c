import {
  biddingContract,
  logStreamContract,
  queueSummariesContract,
  reportQueueContract,
} from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { createBidClient } from "./bidding/bid-client.ts";
import { createBidServer } from "./bidding/bid-server.ts";
import { createLogReader } from "./logs/log-reader.ts";
import { createLogSender } from "./logs/log-sender.ts";
import { createQueueSummaries } from "./queue-summaries.ts";
import { createReportQueue } from "./reports/report-queue.ts";
import { createReportSender } from "./reports/report-sender.ts";
import { natsHarness } from "./testing/nats-harness.ts";
import { onServer } from "./testing/on-server.ts";

onServer(() => {
  logStreamContract("output on a NATS server", async () => {
    const harness = await natsHarness();
    const sender = createLogSender(await harness.session(), "n1");
    return { sender, reader: createLogReader(await harness.session()), close: harness.close };
  });

  biddingContract("the market on a NATS server", async () => {
    const harness = await natsHarness({ topology: false });
    const nodes = await harness.session();
    const bidClient = createBidClient(await harness.session());
    return { bidClient, bidServer: (nodeId) => createBidServer(nodes, nodeId), close: harness.close };
  });

  queueSummariesContract("queue summaries over NATS", async () => {
    const harness = await natsHarness({ topology: false });
    return { requester: async () => createQueueSummaries(await harness.session()), close: harness.close };
  });

  reportQueueContract("reports on a NATS server", async () => {
    const harness = await natsHarness();
    const [requester, nodes] = [await harness.session(), await harness.session()];
    let parked = 0;
    const counted = (count: number) => {
      parked = count;
    };
    return {
      queue: createReportQueue(requester, counted),
      sender: (nodeId) => createReportSender(nodes, nodeId),
      async sendGarbage(nodeId, jobId) {
        const subject = subjects.report(nodeId, jobId, "e-1");
        const outcome = await nodes.publisher.publish({ subject, bytes: new TextEncoder().encode(streams.reports) });
        if (outcome.state !== "stored") throw new Error(outcome.why);
      },
      parked: async () => parked,
      close: harness.close,
    };
  });
});
