import { expect, it } from "vitest";
import { cutProxy } from "../testing/cut-proxy.ts";
import { natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";

onServer(() => {
  it("a flush that a disconnection interrupts fails with the code of an unreachable log", async () => {
    const harness = await natsHarness({ topology: false });
    const proxy = await cutProxy(harness.server().port);
    const session = await harness.session({ servers: [proxy.url] });
    proxy.deafen();
    const flushed = session.flushed();
    proxy.cut();
    await expect(flushed).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    await session.abandon();
    await proxy.close();
    await harness.close();
  });

  it("a flush of a closed connection fails with the code of an unreachable log", async () => {
    const harness = await natsHarness({ topology: false });
    const session = await harness.session();
    await session.nc.close();
    await expect(session.flushed()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    await harness.close();
  });
});
