import { calm, createSea, sampleSpec } from "@shoal/core/testing";
import type { Commands } from "../../services/requester/src/commands/commands.ts";
import { createFleet, type Fleet } from "../sim/fleet.ts";
import type { Act, Scenario } from "./scenario.ts";
import { createTranscript } from "./transcript.ts";

// What a cluster comes with, but for a settling time that keeps the plays short.
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
  readonly fleet: Fleet;
  /** The ids of the jobs that were submitted, by their names. */
  readonly jobs: Map<string, Promise<string>>;
}

/** Plays a scenario with the services as they are, on memory ports between which messages take no time; resolves with the transcript. */
export async function play({ name, shows, requesters, nodes, acts, untilSeconds }: Scenario): Promise<string> {
  const sea = createSea({ seed: name, faults: { ...calm, delayMs: 0 } });
  const startAt = sea.clock.now();
  const transcript = createTranscript(shows, startAt);
  const problems: string[] = [];
  const planned = Object.entries(nodes).map(
    ([id, cores]) => [id, { cores, memoryBytes: 2 ** 33, pool: "cpu" }] as const,
  );
  const plan = { requesters, nodes: new Map(planned), settings };
  const problem = (what: string) => void problems.push(what);
  const quiet = { crash: () => 0, note: () => undefined, problem, endedAt: () => undefined };
  const stage: Stage = {
    fleet: createFleet({ plan, sea, dice: sea.dice.split("fleet"), ...quiet }),
    jobs: new Map(),
  };
  sea.log.onAppended.add(transcript.commit);
  const later = acts.flatMap(([, act]) => (act.does === "start" ? [act.whom] : []));
  for (const ship of stage.fleet.all) if (!later.includes(ship.id)) ship.raise();
  for (const [atSeconds, act] of acts)
    sea.clock.at(startAt + atSeconds * 1_000, () => {
      transcript.act(sea.clock.now(), act);
      perform[act.does](act as never, stage);
    });
  await sea.clock.advanceTo(startAt + untilSeconds * 1_000);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return transcript.text();
}

type Perform<A> = (act: A, stage: Stage) => void;

const perform: { readonly [K in Act["does"]]: Perform<Extract<Act, { does: K }>> } = {
  submit({ job, spec }, { fleet, jobs }) {
    const submitted = commandsOf(fleet).submit({
      spec: { ...sampleSpec(spec), name: job },
      actor: { type: "client", id: "test" },
    });
    jobs.set(
      job,
      submitted.then(({ jobId }) => jobId),
    );
  },
  stop({ job }, { fleet, jobs }) {
    void jobs
      .get(job)
      ?.then((jobId) =>
        commandsOf(fleet).stop(jobId, { why: "the client said so", actor: { type: "client", id: "test" } }),
      );
  },
  kill: ({ whom }, { fleet }) => shipOf(fleet, whom).sink(),
  start: ({ whom }, { fleet }) => shipOf(fleet, whom).raise(),
};

/** What the first requester that is up does for clients. */
function commandsOf(fleet: Fleet): Commands {
  const up = fleet.requesters.map((ship) => ship.voyage()).find((voyage) => voyage !== undefined);
  if (up === undefined) throw new Error("no requester is up");
  return up.requester.commands;
}

function shipOf(fleet: Fleet, whom: string) {
  const ship = fleet.all.find(({ id }) => id === whom);
  if (ship === undefined) throw new Error(`there is no ${whom}`);
  return ship;
}
