import { kinds as productKinds } from "@shoal/core";
import { createSimulatedCluster, noFaults, releases } from "@shoal/core/testing";
import { createSimulatedServices } from "../sim/services.ts";
import { perform, type Stage } from "./perform.ts";
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

/** Plays a scenario with the real services, on memory ports without delays; resolves with the transcript. */
export async function play(scenario: Scenario): Promise<string> {
  const { name, description, requesters, nodes, acts, untilSeconds, logs = [] } = scenario;
  const kinds = scenario.release === undefined ? productKinds : releases[scenario.release].kinds;
  const sim = createSimulatedCluster({ seed: name, faults: { ...noFaults, delayMs: 0 }, kinds });
  const startAt = sim.clock.now();
  const transcript = createTranscript(description, startAt);
  const problems: string[] = [];
  const planned = Object.entries(nodes).map(
    ([id, cores]) => [id, { cores, memoryBytes: 2 ** 33, pool: "cpu" }] as const,
  );
  const { openMax, ...preferences } = scenario.settings ?? {};
  const plan = { requesters, nodes: new Map(planned), settings: { ...settings, ...preferences } };
  const problem = (what: string) => void problems.push(what);
  const note = (who: string, line: string) => {
    if (logs.some((sentence) => line.startsWith(sentence))) transcript.log(sim.clock.now(), who, line);
  };
  const services = createSimulatedServices({
    ...{
      plan,
      sim,
      problem,
      note,
      crash: () => 0,
      endedAt: () => undefined,
      isStanding: () => false,
      kindsOf: () => kinds,
    },
    prng: sim.prng.split("fleet"),
    ...(openMax === undefined ? {} : { openMax }),
  });
  const answer = (text: string) => transcript.answer(sim.clock.now(), text);
  const stage: Stage = { sim, services, answer, jobs: new Map() };
  sim.log.onAppended.add(transcript.commit);
  const startedLater = acts.flatMap(([, act]) => (act.handle === "start" ? [act.whom] : []));
  for (const supervised of services.all) if (!startedLater.includes(supervised.id)) supervised.raise();
  for (const [atSeconds, act] of acts)
    sim.clock.at(startAt + atSeconds * 1_000, () => {
      transcript.act(sim.clock.now(), act);
      const performed = perform[act.handle] as (act: Act, stage: Stage) => void | Promise<void>;
      Promise.resolve(performed(act, stage)).catch((failure: unknown) => problem(`${act.handle}: ${String(failure)}`));
    });
  await sim.clock.advanceTo(startAt + untilSeconds * 1_000);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return transcript.text();
}
