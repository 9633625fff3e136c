import { type Job, type JobCommand, type JobEvent, jobKind, type StoredCommit } from "@shoal/core";
import { createSimulatedCluster, sampleResources, sampleSpec } from "@shoal/core/testing";
import { type Commit, commitVersion } from "@shoal/proto";
import { expect, it } from "vitest";
import { jobRef } from "../../testing/shard-harness.ts";
import { Actors, type AnyActor } from "./actors.ts";
import { AggregateActor } from "./aggregate-actor.ts";

const jobsCount = 100_000;

/** The first commit of a job that has one execution on a node. */
function placedOn(nodeId: string): StoredCommit {
  const place = { slot: "0", nodeId, askId: "a", resources: sampleResources };
  const events: JobEvent[] = [];
  let job: Job | undefined;
  const commands: readonly JobCommand[] = [
    { name: "Submit", jobId: "j", spec: sampleSpec() },
    { name: "Place", places: [place], answers: [] },
  ];
  for (const command of commands) {
    const decision = jobKind.decide(job, command, 1);
    if (!decision.ok) throw new Error(decision.rejection.why);
    for (const event of decision.events) job = jobKind.evolve(job, event, { at: 1, seq: 1 });
    events.push(...decision.events);
  }
  const actor = { type: "client", id: "test" } as const;
  const commit: Commit<JobEvent> = {
    v: commitVersion,
    id: "c",
    at: 1,
    by: "a",
    actor,
    cause: { command: "test" },
    epoch: 1,
    prev: "",
    events,
  };
  return { aggregate: jobRef("j"), seq: 1, hash: "1", commit };
}

it("of 100,000 jobs only those on a lost node are visited", () => {
  const { log, clock, random } = createSimulatedCluster().requester("a");
  const [others, here] = [placedOn("n-other"), placedOn("n-lost")];
  const actors = new Actors();
  let looks = 0;
  for (let n = 0; n < jobsCount; n++) {
    const ref = jobRef(`j-${n}`);
    const actor = new AggregateActor({
      ...{ ref, log, clock, random, by: "a", epoch: 1, isOwner: true, onCommit: () => undefined },
      kind: {
        ...jobKind,
        nodesOf(job) {
          looks += 1;
          return jobKind.nodesOf(job);
        },
      },
    });
    void actor.absorb({ ...(n % 50_000 === 7 ? here : others), aggregate: ref });
    actors.add(actor as unknown as AnyActor);
    actors.index(actor as unknown as AnyActor);
  }
  expect([actors.size, looks]).toEqual([jobsCount, jobsCount]);
  expect(actors.on("n-lost").map(({ ref }) => ref.id)).toEqual(["j-7", "j-50007"]);
  expect(looks).toBe(jobsCount);
  for (const actor of actors.on("n-lost")) actors.delete(actor);
  expect([actors.on("n-lost"), actors.on("n-other").length]).toEqual([[], jobsCount - 2]);
});
