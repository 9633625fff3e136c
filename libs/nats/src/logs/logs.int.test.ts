import type { LogChunk } from "@shoal/core";
import { heard } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { logLimits } from "./log-limits.ts";
import { createLogReader } from "./log-reader.ts";
import { createLogSender } from "./log-sender.ts";

onServer(() => {
  let bench: NatsBench;
  beforeEach(async () => {
    bench = await natsBench();
  });
  afterEach(() => bench.close());

  const bytes = (text: string) => new TextEncoder().encode(text);

  async function listen(executionId: string, tail: boolean) {
    const told = heard<string>();
    const reading = await createLogReader(await bench.link()).read(
      executionId,
      { tail },
      {
        chunk: ({ stream, bytes: output }: LogChunk) => told.tell(`${stream}: ${Buffer.from(output)}`),
        caughtUp: () => told.tell("caught up"),
      },
    );
    return { told, reading };
  }

  it("tells what is kept, says that it has caught up, and goes on; with tail only what is new", async () => {
    const sender = createLogSender(await bench.link(), "n1");
    sender.send("e-1", { stream: "stdout", bytes: bytes("one") });
    sender.send("e-2", { stream: "stdout", bytes: bytes("another's") });
    const all = await listen("e-1", false);
    await all.told.first((what) => what === "stdout: one");
    const tail = await listen("e-1", true);
    await tail.told.atLeast(1);
    sender.send("e-1", { stream: "stderr", bytes: bytes("two") });
    expect(await all.told.atLeast(3)).toEqual(expect.arrayContaining(["stdout: one", "caught up", "stderr: two"]));
    expect(await tail.told.atLeast(2)).toEqual(["caught up", "stderr: two"]);
    await all.reading.close();
    await tail.reading.close();
  });

  it("is caught up at once when there is nothing", async () => {
    const { told, reading } = await listen("e-3", false);
    expect(await told.atLeast(1)).toEqual(["caught up"]);
    await reading.close();
  });

  it("sheds what comes too fast, says so once, and takes again what comes later", async () => {
    let now = 1_000_000;
    const link = await bench.link();
    const sender = createLogSender({ ...link, clock: { ...link.clock, now: () => now } }, "n1");
    const megabyte = new Uint8Array(1_048_576);
    for (let count = 0; count < 6; count++) sender.send("e-4", { stream: "stdout", bytes: megabyte });
    sender.send("e-5", { stream: "stdout", bytes: bytes("another's") });
    now += 1_000;
    sender.send("e-4", { stream: "stdout", bytes: bytes("later") });
    const { told, reading } = await listen("e-4", false);
    await told.first((what) => what === "stdout: later");
    const shed = told.all.filter((what) => what.includes("output shed here"));
    const kept = told.all.filter((what) => what.startsWith("stdout: \0"));
    expect(shed).toHaveLength(1);
    expect(kept).toHaveLength(logLimits.burstBytes / logLimits.chunkBytes);
    await reading.close();
  });
});
