import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { HeldPath } from "../held-path.ts";
import type { Source } from "../sources/source.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeHarness } from "../testing/node-harness.ts";

/** A source that holds its inputs open, and counts the open ones. */
function holding(fails: (nth: number) => boolean = () => false) {
  let fetched = 0;
  const open = new Set<number>();
  const source: Source = {
    name: "library",
    params: z.strictObject({}),
    unavailable: async () => undefined,
    close: async () => {},
    refuses: async () => undefined,
    fetch: async () => {
      const fd = ++fetched;
      if (fails(fd)) throw new Error("the library is empty");
      open.add(fd);
      const place = { kind: "folder", realPath: "/library", dev: 1, ino: fd, steady: false } as const;
      const held: HeldPath = { ...place, fd, close: async () => void open.delete(fd) };
      return { hostPath: "/library", readOnly: true, sizeBytes: 0, held };
    },
  };
  return { source, open, fetched: () => fetched };
}

const seconds = (RunSeconds: number) =>
  assignmentOf({
    task: {
      engine: { type: "noop", params: { RunSeconds } },
      inputSources: ["/a", "/b"].map((target) => ({ source: { type: "library" }, target })),
    },
  });

describe("an input that a source holds open", () => {
  it("stays open while it runs, and is closed when it has ended", async () => {
    const fileStore = holding();
    const harness = createNodeHarness({ sources: [fileStore.source] });
    await harness.boot();
    harness.assign(seconds(1));
    await harness.sim.clock.advance(20);
    expect(fileStore.open.size).toBe(2);
    await harness.sim.clock.advance(2_000);
    expect(fileStore.open.size).toBe(0);
  });

  it("is closed when the execution is stopped", async () => {
    const fileStore = holding();
    const harness = createNodeHarness({ sources: [fileStore.source] });
    await harness.boot();
    const assignment = seconds(1_000);
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    expect(fileStore.open.size).toBe(2);
    harness.unassign(assignment);
    await harness.sim.clock.advance(20_000);
    expect(fileStore.open.size).toBe(0);
  });

  it("is closed when another input fails", async () => {
    const fileStore = holding((nth) => nth === 2);
    const harness = createNodeHarness({ sources: [fileStore.source] });
    await harness.boot();
    harness.assign(seconds(1));
    await harness.sim.clock.advance(120_000);
    expect(fileStore.fetched()).toBeGreaterThan(1);
    expect(fileStore.open.size).toBe(0);
  });
});
