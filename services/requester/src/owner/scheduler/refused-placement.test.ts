import { sampleSpec } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { nodesOf, schedulerHarness, type TestJob } from "../../testing/scheduler-harness.ts";

const rejection = { code: "ILLEGAL_TRANSITION", why: "it was stopped" } as const;

/** The failures of a placement while nodes are asked, or once they have bid. */
const cases: Readonly<Record<string, (job: TestJob) => void>> = {
  "is refused": (job) => {
    job.command = async () => ({ ok: false, rejection });
  },
  "changes nothing": (job) => {
    job.command = async () => ({ ok: true, changed: false });
  },
  "cannot be stored": (job) => {
    job.command = async () => ({ ok: false, rejection: { ...rejection, code: "FEATURE_LEVEL" } });
  },
};

it.each(Object.keys(cases))("a placement that %s releases the room on every node", async (name) => {
  const harness = schedulerHarness({ nodes: nodesOf(3, 1) });
  const { nodes, clock } = harness;
  const free = [...nodes.values()].map(({ info }) => info.available);
  const job = harness.submit(sampleSpec({ count: 5 }));
  cases[name]?.(job);
  await clock.settle();
  expect(harness.asks()).toBeGreaterThan(0);
  expect([...nodes.values()].map(({ info }) => info.available)).toEqual(free);
});

it.each(["left this requester", "needs no slots any more"])(
  "the room for a job that %s while nodes were asked is released",
  async (why) => {
    const harness = schedulerHarness({ nodes: nodesOf(3, 1) });
    const { nodes, clock, scheduler } = harness;
    const free = [...nodes.values()].map(({ info }) => info.available);
    // Nodes that do not answer leave the round open.
    for (const nodeId of ["n-1", "n-2"]) Object.assign(nodes.get(nodeId) ?? {}, { isSilent: true });
    const commands: string[] = [];
    const job = harness.submit(sampleSpec({ count: 5 }));
    job.command = async ({ name }) => {
      commands.push(name);
      return { ok: true, changed: false };
    };
    await clock.settle();
    expect(nodes.get("n-0")?.info.available).not.toEqual(free[0]);
    if (why === "left this requester") job.isOpen = () => false;
    else scheduler.request(job, []);
    await clock.advance(1_000);
    expect([...nodes.values()].map(({ info }) => info.available)).toEqual(free);
    expect(commands).not.toContain("Place");
  },
);

it.each([
  ["placed entirely", 3, ["Place"]],
  ["placed in part", 5, ["Place", "Wait"]],
] as const)("a job that is %s waits for the rest only", async (_, count, expected) => {
  const harness = schedulerHarness({ nodes: nodesOf(3, 1) });
  const commands: string[] = [];
  const job = harness.submit(sampleSpec({ count, resources: { cpu: "1", memory: "1Mb" } }));
  const decide = job.command.bind(job);
  job.command = async (command) => {
    commands.push(command.name);
    return await decide(command);
  };
  await harness.clock.settle();
  expect(commands).toEqual(expected);
});
