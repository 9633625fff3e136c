import { record } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness({ topology: false });
  });
  afterEach(() => harness.close());

  it("allows the process other work between two chunks of a long read", async () => {
    const [reader, writer] = [await harness.session(), await harness.session()];
    const bytes = new Uint8Array(1_024);
    const count = 2_000;
    const turns: number[] = [];
    const received = record<number>();
    let turn = 0;
    const nextTurn = () => {
      turn += 1;
      if (received.all.length < count) setImmediate(nextTurn);
    };
    reader.nc.subscribe("long", {
      callback: () => {
        turns[turn] = (turns[turn] ?? 0) + bytes.length;
        received.push(turn);
      },
    });
    await reader.nc.flush();
    setImmediate(nextTurn);
    for (let index = 0; index < count; index++) writer.nc.publish("long", bytes);
    await received.atLeast(count);
    // Two parts: the socket may resume in the turn of the last part.
    expect(Math.max(...turns.filter((each) => each > 0))).toBeLessThanOrEqual(2 * 16_384);
  });
});
