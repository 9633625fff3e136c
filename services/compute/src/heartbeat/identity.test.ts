import { createSimulatedCluster, sampleInfo } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { createIdentity } from "./identity.ts";

const nodeId = "n-one";

/** Processes that use one node id. */
function harness() {
  const sim = createSimulatedCluster();
  const lines: string[] = [];
  /** A process, with its outcome. */
  function instance(instanceId: string, startedAt = sim.clock.now()) {
    const { clock, bidServer, proc } = sim.node(nodeId);
    const ends: string[] = [];
    const identity = createIdentity({
      nodeId,
      clock,
      bidServer,
      logger: {
        info: () => {},
        warn: (fields, line) => lines.push(`${instanceId}: ${line} ${JSON.stringify(fields)}`),
      },
      instance: { instanceId, startedAt },
      info: () => sampleInfo(nodeId),
      onDuplicate: (why) => ends.push(why),
    });
    const start = async () => {
      const started = identity.start().then(
        () => "started",
        (failure: unknown) => String(failure),
      );
      await sim.clock.advance(400);
      return started;
    };
    const beat = () =>
      bidServer.heartbeat({ info: sampleInfo(nodeId), instanceId, startedAt, at: clock.now(), protocol: 1 });
    return { identity, proc, start, beat, ends, cut: () => proc.cutUntil(sim.clock.now() + 400) };
  }
  return { sim, lines, instance };
}

describe("two processes with one node id", () => {
  it("start when the other process has ended", async () => {
    const { instance } = harness();
    const first = instance("a");
    expect(await first.start()).toBe("started");
    first.proc.kill();
    expect(await instance("b").start()).toBe("started");
  });

  it("do not both run: the starting one gives way, whatever its clock says", async () => {
    const { instance, sim, lines } = harness();
    const first = instance("a", sim.clock.now() + 3_600_000);
    await first.start();
    const answer = await instance("b").start();
    expect(answer).toContain("expected no other process under the node id");
    expect(answer).toContain("set another nodeId here, or stop the other process");
    expect(first.ends).toEqual([]);
    expect(lines).toEqual([expect.stringContaining('"otherInstanceId":"b"')]);
  });

  it("do not both start at the same time: the later one, or the one with the greater id, gives way", async () => {
    const { instance, sim } = harness();
    const [one, other] = [instance("b"), instance("a")];
    const starting = [one.identity.start(), other.identity.start()].map((started) =>
      started.then(
        () => "started",
        () => "gave way",
      ),
    );
    await sim.clock.advance(400);
    expect(await Promise.all(starting)).toEqual(["gave way", "started"]);
  });

  it("that could not reach each other at the start: the later one ends after it has received the other's heartbeats for long", async () => {
    const { instance, sim, lines } = harness();
    const first = instance("a");
    await first.start();
    first.proc.cutUntil(sim.clock.now() + 1_000);
    const second = instance("b", sim.clock.now() + 1);
    expect(await second.start()).toBe("started");
    await sim.clock.advance(1_000);
    first.beat();
    second.beat();
    await sim.clock.advance(3_900);
    first.beat();
    second.beat();
    await sim.clock.advance(50);
    expect([first.ends, second.ends]).toEqual([[], []]);
    await sim.clock.advance(200);
    first.beat();
    second.beat();
    await sim.clock.advance(50);
    expect(second.ends).toHaveLength(1);
    expect(first.ends).toEqual([]);
    expect(lines).toHaveLength(2);
  });
});
