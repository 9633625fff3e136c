import { Fault } from "@shoal/core";
import type { Report } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Source } from "../sources/source.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeHarness } from "../testing/node-harness.ts";

const second = 1_000;

/** A source of another machine, whose fetches the test ends. */
function remote(failures = 0) {
  const gates: PromiseWithResolvers<void>[] = [];
  let [fetches, isLocal] = [0, false];
  const source: Source = {
    name: "remote",
    params: z.strictObject({}),
    unavailable: async () => undefined,
    close: async () => {},
    refuses: async () => undefined,
    identify: async () => undefined,
    async fetch({ folder }) {
      fetches += 1;
      if (fetches <= failures) throw new Fault("NODE_DISK_FULL", "no space");
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      if (!isLocal) await gate.promise;
      return { hostPath: folder, readOnly: true, sizeBytes: 7, isCached: isLocal };
    },
  };
  return {
    source,
    arrive: (nth: number) => gates[nth]?.resolve(),
    store: () => {
      isLocal = true;
    },
  };
}

const withInputs = (targets: readonly string[], RunSeconds: number) =>
  assignmentOf({
    task: {
      engine: { type: "noop", params: { RunSeconds } },
      inputSources: targets.map((target) => ({ source: { type: "remote" }, target })),
    },
  });

const shownBy = ({ saw: { kind }, preparation }: Report) => [
  kind,
  preparation?.inputs.map(({ target, state, tries, isCached }) => [target, state, tries, isCached]),
];

describe("what a node prepares", () => {
  it("is reported when it takes a second, when it changes, and with the start", async () => {
    const { source, arrive } = remote();
    const harness = createNodeHarness({ sources: [source] });
    await harness.boot();
    const assignment = withInputs(["/a", "/b"], 100);
    harness.assign(assignment);
    const { clock } = harness.sim;
    const reports = () => harness.reports(assignment.executionId).map(shownBy);
    await clock.advance(second / 2);
    expect(reports()).toEqual([]);
    await clock.advance(10 * second);
    const fetching = (target: string) => [target, "fetching", 1, false];
    const ready = (target: string) => [target, "ready", 1, false];
    const first = ["preparing", [fetching("/a"), fetching("/b")]];
    expect(reports()).toEqual([first]);
    arrive(1);
    await clock.advance(200 * second);
    const next = ["preparing", [fetching("/a"), ready("/b")]];
    expect(reports()).toEqual([first, next]);
    arrive(0);
    await clock.advance(5 * second);
    expect(reports()).toEqual([first, next, ["running", [ready("/a"), ready("/b")]]]);
    expect(harness.reports(assignment.executionId).map(({ number }) => number)).toEqual([1, 2, 3]);
  });

  it("shows tries and their reason, and what was on the node before", async () => {
    const { source, store } = remote(1);
    store();
    const harness = createNodeHarness({ sources: [source] });
    await harness.boot();
    const assignment = withInputs(["/a"], 0);
    harness.assign(assignment);
    await harness.sim.clock.advance(5 * second);
    const inputs = [{ target: "/a", source: "remote", state: "ready", tries: 2, isCached: true, sizeBytes: 7 }];
    expect(harness.reports(assignment.executionId).at(-1)).toMatchObject({
      saw: { kind: "completed" },
      preparation: { stage: "inputs", inputs: [{ ...inputs[0], why: expect.stringContaining("no space") }] },
    });
  });

  it("is done once more by the next process, with numbers that were not used", async () => {
    const { source, arrive } = remote();
    const harness = createNodeHarness({ sources: [source] });
    const life = await harness.boot();
    const assignment = withInputs(["/a"], 0);
    harness.assign(assignment);
    await harness.sim.clock.advance(2 * second);
    expect(harness.reports(assignment.executionId).map(shownBy)).toEqual([
      ["preparing", [["/a", "fetching", 1, false]]],
    ]);
    life.kill();
    harness.setRecorded(() => 1);
    await harness.boot();
    await harness.sim.clock.advance(second / 2);
    arrive(1);
    await harness.sim.clock.advance(5 * second);
    expect(harness.starts.get(assignment.executionId)).toBe(1);
    const last = harness.reports(assignment.executionId).at(-1);
    expect([last?.saw.kind, (last?.number ?? 0) > 1]).toEqual(["completed", true]);
  });
});
