import type { NodeDrain, NodeInfo, Report } from "@shoal/proto";
import type { JobCommand } from "../job/commands.ts";
import { evolveJob, type JobEvent } from "../job/evolve.ts";
import type { Execution, Job } from "../job/job.ts";
import { jobKind } from "../job/kind.ts";
import type { Kind, Reaction, World } from "../kind.ts";
import { sampleAt, sampleOutput, sampleReport, sampleResources } from "./samples.ts";

export interface JobRunOptions {
  readonly kind?: Kind<Job, JobCommand, JobEvent>;
  readonly nodes?: readonly NodeInfo[];
}

/** A job that takes commands as from its owner, at a time that the test sets. */
export class JobRun {
  readonly #kind: Kind<Job, JobCommand, JobEvent>;
  #job: Job | undefined;
  #now = sampleAt;
  #seq = 0;
  #reports = 0;
  /** The connected nodes. */
  nodes: readonly NodeInfo[];
  isSettled = true;
  /** Nodes that are gone. */
  readonly gone = new Set<string>();
  /** Why nodes that are gone do not return. */
  readonly removed = new Map<string, string>();
  readonly drains = new Map<string, NodeDrain>();

  constructor({ kind = jobKind, nodes = [] }: JobRunOptions = {}) {
    this.#kind = kind;
    this.nodes = nodes;
  }

  get job(): Job {
    if (this.#job === undefined) throw new Error("no job was submitted");
    return this.#job;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  react(): Reaction<JobCommand> {
    const world: World = {
      isGone: (nodeId) => this.gone.has(nodeId),
      removalOf: (nodeId) => this.removed.get(nodeId),
      drainOf: (nodeId) => this.drains.get(nodeId),
      nodes: () => this.nodes,
      settled: () => this.isSettled,
    };
    return this.#kind.react(this.job, world, this.#now);
  }

  /** Decides a command and folds its events in; returns their types. Throws the refusal. */
  give(command: JobCommand): readonly string[] {
    const decision = this.#kind.decide(this.#job, command, this.#now);
    if (!decision.ok) throw new Error(`${decision.rejection.code}: ${decision.rejection.why}`);
    this.#seq++;
    for (const event of decision.events) {
      const after = evolveJob(this.#job, event, { at: this.#now, seq: this.#seq });
      if (after === undefined) throw new Error(`decided, but not legal: ${event.type}`);
      this.#job = after;
    }
    return decision.events.map(({ type }) => type);
  }

  /** Gives the commands that the job issues to itself now; returns the types of their events. */
  act(): readonly string[] {
    return this.react().commands.flatMap((command) => this.give(command));
  }

  /** Places a slot; a pinned one on its own node. */
  place(slot: string, nodeId = slot): readonly string[] {
    const places = [{ slot, nodeId, askId: "a", resources: sampleResources }];
    return this.give({ name: "Place", places, answers: [] });
  }

  /** The live execution of a slot. */
  live(slot: string): Execution {
    const found = [...this.job.live.values()].find(({ placement }) => placement.slot === slot);
    if (found === undefined) throw new Error(`slot ${slot} has no live execution`);
    return found;
  }

  /** The version of the live execution of each slot, as `slot:version`; stopping ones with a minus sign. */
  versions(): readonly string[] {
    return [...this.job.live.values()]
      .map(({ placement: { slot, version }, state }) => `${slot}:${state === "stopping" ? "-" : ""}${version}`)
      .toSorted();
  }

  /** The node of a slot reports on its live execution. */
  report(slot: string, saw: Report["saw"]): readonly string[] {
    const { executionId, nodeId } = this.live(slot).placement;
    this.#reports++;
    return this.give({ name: "Report", nodeId, executionId, report: sampleReport(saw, this.#reports) });
  }

  runs(slot: string): readonly string[] {
    return this.report(slot, { kind: "running", startedAt: this.#now });
  }

  completes(slot: string, exitCode = 0): readonly string[] {
    return this.report(slot, { kind: "completed", startedAt: this.#now, output: { ...sampleOutput, exitCode } });
  }

  fails(slot: string, code = "ENGINE_FAILED", why = "it broke"): readonly string[] {
    return this.report(slot, { kind: "failed", code, why, final: false });
  }

  stops(slot: string): readonly string[] {
    return this.report(slot, { kind: "stopped" });
  }
}
