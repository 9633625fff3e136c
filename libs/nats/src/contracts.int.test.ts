import { logStreamContract, marketContract, reportQueueContract } from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { createLogReader } from "./logs/log-reader.ts";
import { createLogSender } from "./logs/log-sender.ts";
import { createMarket } from "./market/market.ts";
import { createStall } from "./market/stall.ts";
import { createReportQueue } from "./reports/report-queue.ts";
import { createReportSender } from "./reports/report-sender.ts";
import { natsBench } from "./testing/nats-bench.ts";
import { onServer } from "./testing/on-server.ts";

onServer(() => {
  logStreamContract("output on a NATS server", async () => {
    const bench = await natsBench();
    const sender = createLogSender(await bench.link(), "n1");
    return { sender, reader: createLogReader(await bench.link()), close: bench.close };
  });

  marketContract("the market on a NATS server", async () => {
    const bench = await natsBench({ topology: false });
    const nodes = await bench.link();
    const market = createMarket(await bench.link());
    return { market, stall: (nodeId) => createStall(nodes, nodeId), close: bench.close };
  });

  reportQueueContract("reports on a NATS server", async () => {
    const bench = await natsBench();
    const [requester, nodes] = [await bench.link(), await bench.link()];
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
      close: bench.close,
    };
  });
});
