import { createSimulatedCluster, noFaults, sampleSpec } from "@shoal/core/testing";
import type { Commands } from "../../services/requester/src/commands/commands.ts";
import { createSimulatedServices, type SimulatedServices } from "../sim/services.ts";
import type { Act, Scenario } from "./scenario.ts";
import { createTranscript } from "./transcript.ts";

// The defaults of a cluster, except for a settling time that shortens the scenarios.
const settings = {
  width: 3,
  rounds: 3,
  waitMs: 250,
  disconnectAfterMs: 10_000,
  settleMs: 1_000,
  positionsMs: 1_000,
  heartbeatMs: 1_000,
} as const;

interface Stage {
  readonly services: SimulatedServices;
  /** The ids of the jobs that were submitted, by their names. */
  readonly jobs: Map<string, Promise<string>>;
}

/** Plays a scenario with the real services, on memory ports without delays; resolves with the transcript. */
export async function play({ name, description, requesters, nodes, acts, untilSeconds }: Scenario): Promise<string> {
  const sim = createSimulatedCluster({ seed: name, faults: { ...noFaults, delayMs: 0 } });
  const startAt = sim.clock.now();
  const transcript = createTranscript(description, startAt);
  const problems: string[] = [];
  const planned = Object.entries(nodes).map(
    ([id, cores]) => [id, { cores, memoryBytes: 2 ** 33, pool: "cpu" }] as const,
  );
  const plan = { requesters, nodes: new Map(planned), settings };
  const problem = (what: string) => void problems.push(what);
  const quiet = { crash: () => 0, note: () => undefined, problem, endedAt: () => undefined };
  const stage: Stage = {
    services: createSimulatedServices({ plan, sim, prng: sim.prng.split("fleet"), ...quiet }),
    jobs: new Map(),
  };
  sim.log.onAppended.add(transcript.commit);
  const startedLater = acts.flatMap(([, act]) => (act.handle === "start" ? [act.whom] : []));
  for (const supervised of stage.services.all) if (!startedLater.includes(supervised.id)) supervised.raise();
  for (const [atSeconds, act] of acts)
    sim.clock.at(startAt + atSeconds * 1_000, () => {
      transcript.act(sim.clock.now(), act);
      perform[act.handle](act as never, stage);
    });
  await sim.clock.advanceTo(startAt + untilSeconds * 1_000);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return transcript.text();
}

type Perform<A> = (act: A, stage: Stage) => void;

const perform: { readonly [K in Act["handle"]]: Perform<Extract<Act, { handle: K }>> } = {
  submit({ job, spec }, { services, jobs }) {
    const submitted = commandsOf(services).submit({
      spec: { ...sampleSpec(spec), name: job },
      actor: { type: "client", id: "test" },
    });
    jobs.set(
      job,
      submitted.then(({ jobId }) => jobId),
    );
  },
  stop({ job }, { services, jobs }) {
    void jobs
      .get(job)
      ?.then((jobId) =>
        commandsOf(services).stop(jobId, { why: "requested by the client", actor: { type: "client", id: "test" } }),
      );
  },
  kill: ({ whom }, { services }) => supervisedOf(services, whom).remove(),
  start: ({ whom }, { services }) => supervisedOf(services, whom).raise(),
};

/** The commands of the first requester that is up. */
function commandsOf(services: SimulatedServices): Commands {
  const up = services.requesters
    .map((supervised) => supervised.incarnation())
    .find((incarnation) => incarnation !== undefined);
  if (up === undefined) throw new Error("no requester is up");
  return up.requester.commands;
}

function supervisedOf(services: SimulatedServices, whom: string) {
  const supervised = services.all.find(({ id }) => id === whom);
  if (supervised === undefined) throw new Error(`there is no ${whom}`);
  return supervised;
}
