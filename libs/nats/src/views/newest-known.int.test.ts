import { kinds } from "@shoal/core";
import { expect, it } from "vitest";
import { createPositions } from "../positions.ts";
import { natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { newestKnown } from "./newest-known.ts";
import { createViewStore } from "./view-store.ts";

onServer(() => {
  it("knows the end of the log from the last entries of views and from their positions, whichever is newer", async () => {
    const harness = await natsHarness();
    const session = await harness.session();
    expect((await newestKnown(session, kinds)).seq).toBe(0);
    const [jobs, nodes] = ["jobs", "nodes"].map((bucket) => createViewStore(session, { bucket }));
    await jobs?.put("default.j-1", { seq: 5 });
    expect(await newestKnown(session, kinds)).toEqual({ seq: 5, by: "the view jobs" });
    await createPositions(session).save("nodes", 3, { eventsSeq: 9, reportsSeq: 0, revision: 0 });
    expect(await newestKnown(session, kinds)).toEqual({ seq: 9, by: "the position of the view nodes" });
    await nodes?.put("n-1", { seq: 12 });
    expect(await newestKnown(session, kinds)).toEqual({ seq: 12, by: "the view nodes" });
    await harness.close();
  });
});
