import type { LogChunk } from "@shoal/core";
import { record } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { logLimits } from "./log-limits.ts";
import { createLogReader } from "./log-reader.ts";
import { createLogSender } from "./log-sender.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness();
  });
  afterEach(() => harness.close());

  const bytes = (text: string) => new TextEncoder().encode(text);

  async function listen(executionId: string, tail: boolean) {
    const collected = record<string>();
    const reading = await createLogReader(await harness.session()).read(
      executionId,
      { tail },
      {
        chunk: ({ stream, bytes: output }: LogChunk) => collected.push(`${stream}: ${Buffer.from(output)}`),
        caughtUp: () => collected.push("caught up"),
      },
    );
    return { collected, reading };
  }

  it("delivers stored output, reports that it has caught up, and continues; with tail it delivers only new output", async () => {
    const sender = createLogSender(await harness.session(), "n1");
    sender.send("e-1", { stream: "stdout", generation: 1, at: 0, bytes: bytes("one") });
    sender.send("e-2", { stream: "stdout", generation: 1, at: 0, bytes: bytes("another's") });
    const all = await listen("e-1", false);
    await all.collected.first((what) => what === "stdout: one");
    const tail = await listen("e-1", true);
    await tail.collected.atLeast(1);
    sender.send("e-1", { stream: "stderr", generation: 1, at: 0, bytes: bytes("two") });
    expect(await all.collected.atLeast(3)).toEqual(expect.arrayContaining(["stdout: one", "caught up", "stderr: two"]));
    expect(await tail.collected.atLeast(2)).toEqual(["caught up", "stderr: two"]);
    await all.reading.close();
    await tail.reading.close();
  });

  it("is caught up at once when there is no output", async () => {
    const { collected, reading } = await listen("e-3", false);
    expect(await collected.atLeast(1)).toEqual(["caught up"]);
    await reading.close();
  });

  it("drops output over the rate, and continues later at its place", async () => {
    let now = 1_000_000;
    const session = await harness.session();
    const sender = createLogSender({ ...session, clock: { ...session.clock, now: () => now } }, "n1");
    const megabyte = new Uint8Array(1_048_576);
    for (let count = 0; count < 6; count++)
      sender.send("e-4", { stream: "stdout", generation: 1, at: count * megabyte.length, bytes: megabyte });
    sender.send("e-5", { stream: "stdout", generation: 1, at: 0, bytes: bytes("another's") });
    now += 1_000;
    sender.send("e-4", { stream: "stdout", generation: 1, at: 0, bytes: bytes("later") });
    const { collected, reading } = await listen("e-4", false);
    await collected.first((what) => what === "stdout: later");
    const saved = collected.all.filter((what) => what.startsWith("stdout: \0"));
    expect(saved).toHaveLength(logLimits.burstBytes / logLimits.chunkBytes);
    await reading.close();
  });
});
