import { requirementsOf } from "@shoal/core";
import { sampleSpec } from "@shoal/core/testing";
import { expect, it } from "vitest";
import type { PendingEntry } from "./pending-entry.ts";
import { WaitReporter } from "./wait-reporter.ts";

/** A lane whose jobs answer when they are released. */
function lane(count: number) {
  const spec = sampleSpec();
  const requirements = requirementsOf(spec) ?? expect.unreachable();
  const asked: string[] = [];
  const released = Promise.withResolvers<void>();
  const entries = Array.from({ length: count }, (_, index): PendingEntry => {
    const target: PendingEntry["target"] = {
      ref: { kind: "job", namespace: "default", id: `j-${index}` },
      state: () => undefined,
      isOpen: () => true,
      async command() {
        asked.push(target.ref.id);
        await released.promise;
        return { ok: true, changed: true };
      },
    };
    const position = { namespace: "default", priority: 0, since: 0, queuedAt: 0 };
    return { target, spec, requirements, ...position, slots: [], refusedBy: new Map(), shortage: undefined };
  });
  const reporter = new WaitReporter({ membership: { settled: () => true } });
  for (const entry of entries) reporter.add(entry);
  return { reporter, asked, release: () => released.resolve(), lane: { isBlocked: true, entries: () => entries } };
}

it("at most 64 jobs of a lane record at once why they wait, however often it is requested, and each one once", async () => {
  const { reporter, asked, release, lane: waiting } = lane(150);
  for (let times = 0; times < 3; times++) reporter.report(waiting, "no room");
  expect(asked).toHaveLength(64);
  release();
  await expect.poll(() => asked.length).toBe(150);
  reporter.report(waiting, "no room");
  expect(new Set(asked).size).toBe(150);
  expect(asked).toHaveLength(150);
});
