import { eventLogContract } from "@shoal/core/testing/contracts";
import { natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { createEventLog } from "./event-log.ts";

onServer(() => {
  eventLogContract("the log on a NATS server", async () => {
    const bench = await natsBench();
    return { log: createEventLog(await bench.link(), () => {}), close: bench.close };
  });
});
