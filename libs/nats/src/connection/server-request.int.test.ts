import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { ask, patienceMs } from "./server-request.ts";

onServer(() => {
  it("is not repeated over a connection that closes before its listeners hear of it", async () => {
    const harness = await natsHarness({ topology: false });
    const { nc, ...session } = await harness.session();
    nc.subscribe("silent");
    const clock = createManualClock(0);
    const answer = ask({ ...session, nc, clock, onChange: () => () => undefined }, { subject: "silent", text: "" });
    await nc.close();
    await clock.advanceTo(patienceMs);
    expect(await answer).toBe("the connection is closed");
    await harness.close();
  });
});
