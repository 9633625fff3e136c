import { causeOf, explainJob, foldJob } from "@shoal/core";
import { entriesOf, ofNextType, type SimulatedCluster, sampleSpec } from "@shoal/core/testing";
import { type AggregateRef, commitVersion, JobSpec, type NodeEntity } from "@shoal/proto";
import { explanationLines } from "../../apps/cli/src/output/explanation-lines.ts";
import type { NodeUpdate } from "../../services/requester/src/commands/update-node.ts";
import type { Requester } from "../../services/requester/src/create-requester.ts";
import type { SimulatedServices } from "../sim/services.ts";
import type { Act } from "./scenario.ts";

/** The cluster that acts change. */
export interface Stage {
  readonly sim: SimulatedCluster;
  readonly services: SimulatedServices;
  /** Adds the answer of a requester to the transcript. */
  readonly answer: (text: string) => void;
  /** The jobs that were submitted, by their names. */
  readonly jobs: Map<string, AggregateRef>;
}

type Perform<A> = (act: A, stage: Stage) => void | Promise<void>;

const actor = { type: "client", id: "test" } as const;

/** How each act is performed. The answer to a client is in the transcript unless the log shows it: a refusal, or no change. */
export const perform: { readonly [K in Act["handle"]]: Perform<Extract<Act, { handle: K }>> } = {
  submit: ({ job, spec, over, token, isOfNextType = false }, stage) =>
    answered(stage, async () => {
      const { engine = "noop", disconnect, ...preferences } = over ?? {};
      const [task, ...others] = sampleSpec(spec).tasks;
      const tasks = [{ ...task, engine: { ...task?.engine, type: engine }, disconnect }, ...others];
      const parsed = JobSpec.parse({ ...sampleSpec(spec), ...preferences, tasks, name: job });
      const request = { spec: isOfNextType ? ofNextType(parsed) : parsed, actor };
      const { jobId, existed } = await requesterOf(stage).commands.submit({
        ...request,
        ...(token === undefined ? {} : { token }),
      });
      stage.jobs.set(job, { kind: "job", namespace: request.spec.namespace, id: jobId });
      return existed ? `${job} was submitted by the same request before` : undefined;
    }),
  rerun: ({ job, version }, stage) =>
    answered(stage, async () => {
      const { id } = jobOf(stage, job);
      await requesterOf(stage).commands.rerun(id, { version, why: "Job rerun requested by user", actor });
      return undefined;
    }),
  explain: ({ job }, stage) =>
    answered(stage, async () => {
      const stored = stage.sim.log.load(jobOf(stage, job), 0);
      const found = foldJob(stored);
      if (found === undefined) return `${job} is unknown`;
      const explained = explainJob({ job: found, stored, nodes: nodesOf(stage), now: stage.sim.clock.now() });
      return explanationLines(explained).join("\n");
    }),
  stop: ({ job, via }, stage) =>
    answered(stage, async () => {
      const jobId = stage.jobs.get(job)?.id ?? job;
      const { changed } = await requesterOf(stage, via).commands.stop(jobId, { why: "requested by the client", actor });
      return changed ? undefined : `${job} is stopped already`;
    }),
  "update-node": ({ node, action, order = {} }, stage) =>
    answered(stage, async () => {
      const { mode = "finish", deadlineSeconds = 3_600 } = order;
      const update: NodeUpdate = { action, mode, withinMs: deadlineSeconds * 1_000, why: "", actor };
      await requesterOf(stage).commands.updateNode(node, update);
      return undefined;
    }),
  kill: ({ whom }, stage) => supervisedOf(stage, whom).remove(),
  start: ({ whom }, stage) => supervisedOf(stage, whom).raise(),
  crash: ({ whom, downSeconds }, stage) => supervisedOf(stage, whom).crash(downSeconds * 1_000),
  "shut-down": ({ whom, downSeconds }, stage) => supervisedOf(stage, whom).stop(downSeconds * 1_000),
  pause: ({ whom, forSeconds }, stage) => processOf(stage, whom).pauseUntil(after(stage, forSeconds)),
  disconnect: ({ whom, forSeconds }, stage) => processOf(stage, whom).cutUntil(after(stage, forSeconds)),
  outage: ({ forSeconds }, stage) => stage.sim.cutAll(after(stage, forSeconds)),
  "delete-bucket": ({ bucket }, { sim }) => sim.drop(bucket),
  "restore-assignments"(_, stage) {
    stage.sim.cutAll(after(stage, 1));
    stage.sim.rebuild();
  },
  "set-clock": ({ whom, bySeconds }, stage) => processOf(stage, whom).jumpClock(bySeconds * 1_000),
  report({ from, job, execution }, stage) {
    const { id: jobId, namespace } = jobOf(stage, job);
    const saw = { kind: "running", startedAt: stage.sim.clock.now() };
    // Higher than the numbers of the node's own reports.
    const report = { at: stage.sim.clock.now(), namespace, number: 100, saw };
    const [last] = stage.sim.log
      .load(jobOf(stage, job), 0)
      .flatMap(({ commit }) =>
        commit.events.flatMap(({ type, data }) =>
          type === "ExecutionAssigned" ? [data as { executionId: string }] : [],
        ),
      );
    const executionId = execution === "" ? (last?.executionId ?? "") : execution;
    stage.sim.reports.store(from, { jobId, executionId, report });
  },
  "append-unreadable"({ job }, stage) {
    const ref = jobOf(stage, job);
    const prev = stage.sim.log.load(ref, 0).at(-1)?.hash;
    stage.sim.log.put(ref, JSON.stringify({ v: commitVersion + 1, id: "c-later", prev }));
  },
  "start-errand": ({ errand, children }, stage) =>
    answered(stage, async () => {
      const refOf = (id: string) => ({ kind: "errand", namespace: "default", id });
      const planned = children.map(({ errand: id, runSeconds, refuses = false }) => ({
        target: refOf(id),
        runMs: runSeconds * 1_000,
        refuses,
      }));
      const command = { name: "Start", plan: { namespace: "default", id: errand, children: planned } };
      const envelope = { id: `start-${errand}`, aggregate: refOf(errand), command, actor };
      const { reply } = await requesterOf(stage).dispatcher.create(envelope);
      return reply.ok ? undefined : `refused: ${reply.rejection.why} (${reply.rejection.code})`;
    }),
};

/** The nodes as the list of nodes has them: by the view, with the load of their last heartbeats. */
function nodesOf(stage: Stage): readonly NodeEntity[] {
  const { membership } = requesterOf(stage);
  const available = new Map(membership.nodes().map(({ heartbeat: { info } }) => [info.nodeId, info.available]));
  return [...entriesOf(stage.sim.views.nodes).values()].flatMap(({ node }) => {
    const entity = node as NodeEntity | undefined;
    const compute = entity?.info.computeNodeInfo;
    if (entity === undefined || compute === undefined) return [];
    const availableCapacity = available.get(entity.info.nodeId) ?? compute.availableCapacity;
    return [{ ...entity, info: { ...entity.info, computeNodeInfo: { ...compute, availableCapacity } } }];
  });
}

const after = ({ sim }: Stage, seconds: number): number => sim.clock.now() + seconds * 1_000;

/** Sends a request, and adds its answer to the transcript. */
async function answered({ answer }: Stage, request: () => Promise<string | undefined>): Promise<void> {
  const text = await request().catch((failure: unknown) => {
    const { code, why } = causeOf(failure);
    return `refused: ${why} (${code})`;
  });
  if (text !== undefined) answer(text);
}

/** The named requester, or the first one that serves requests. */
function requesterOf({ services }: Stage, via?: string): Requester {
  const serving = services.requesters
    .filter(({ id }) => id === (via ?? id))
    .map((supervised) => supervised.serving())
    .find((incarnation) => incarnation !== undefined);
  if (serving === undefined) throw new Error("no requester serves requests");
  return serving.requester;
}

function supervisedOf({ services }: Stage, whom: string) {
  const supervised = services.all.find(({ id }) => id === whom);
  if (supervised === undefined) throw new Error(`there is no ${whom}`);
  return supervised;
}

function processOf(stage: Stage, whom: string) {
  const incarnation = supervisedOf(stage, whom).incarnation();
  if (incarnation === undefined) throw new Error(`${whom} is down`);
  return incarnation.proc;
}

function jobOf({ jobs }: Stage, job: string): AggregateRef {
  const found = jobs.get(job);
  if (found === undefined) throw new Error(`${job} was not submitted`);
  return found;
}
