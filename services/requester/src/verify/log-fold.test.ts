import { kinds } from "@shoal/core";
import { expect, it } from "vitest";
import { jobIdOf, jobRef, steps } from "../testing/sample-jobs.ts";
import { createVerifyHarness } from "../testing/verify-harness.ts";
import { appended } from "../testing/verify-history.ts";
import { LogFold } from "./log-fold.ts";

it("has in memory what is open, and what cannot be folded further", async () => {
  const harness = createVerifyHarness();
  const { start, complete } = appended(() => harness);
  const settled = Array.from({ length: 50 }, (_, n) => `j-settled-${n}`);
  const [open, stopped] = [jobIdOf(1), jobIdOf(2)];
  for (const id of [...settled, open, stopped]) await start(id);
  for (const id of settled) await complete(id);
  await harness.append(jobRef(stopped), steps.assigned(stopped));
  const fold = new LogFold(kinds);
  await harness.ports.log.scan(0, (stored) => void fold.take(stored));
  expect(fold.aggregates()).toEqual({ job: settled.length + 2 });
  expect([...fold.inMemory()].map(({ ref }) => ref.id)).toEqual([open, stopped]);
  expect([...fold.inMemory()].map(({ stoppedAt }) => stoppedAt?.code)).toEqual([undefined, "LOG_DAMAGED"]);
  harness.close();
});
