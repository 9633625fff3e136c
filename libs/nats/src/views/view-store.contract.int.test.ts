import { viewStoreContract } from "@shoal/core/testing/contracts";
import { natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { createViewStore } from "./view-store.ts";

onServer(() => {
  viewStoreContract("a bucket on a NATS server", async () => {
    const bench = await natsBench();
    const links = [await bench.link(), await bench.link()];
    let opened = 0;
    const open = () => {
      const link = links[opened++ % links.length];
      if (link === undefined) throw new Error("no connection was made");
      return createViewStore(link, { bucket: "nodes" });
    };
    return { views: open(), again: open, close: bench.close };
  });
});
