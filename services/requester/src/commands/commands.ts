import {
  type Chance,
  type Clock,
  decideJob,
  type EventLog,
  Fault,
  foldJob,
  type Job,
  type JobCommand,
  type JobEvent,
  noTip,
  type StoredCommit,
  type Tip,
} from "@shoal/core";
import { type AggregateRef, type Commit, commitVersion, type JobSpec } from "@shoal/proto";
import { freshJobId, namedJobId, tokenJobId } from "./ids.ts";
import { type JobDefaults, withDefaults } from "./job-defaults.ts";
import { asksTheSame } from "./server-keys.ts";

/** What clients may ask for. Any requester does it, whoever owns the job. */
export interface Commands {
  /** Submits a job. With a token, or a name, a second call finds the first one's job. */
  submit(request: SubmitRequest): Promise<{ readonly jobId: string; readonly seq: number; readonly existed: boolean }>;
  /** Stops a job; `changed` is false when it had been stopped before. */
  stop(jobId: string, why: string): Promise<{ readonly seq: number; readonly changed: boolean }>;
}

export interface SubmitRequest {
  readonly spec: JobSpec;
  /** Whatever the client says makes this the same request as another. */
  readonly token?: string;
  readonly cause: string;
}

export interface CommandPorts {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface CommandOptions {
  readonly by: string;
  /** Called with every commit at once, and with the job that it makes: an owner or a list in this process need not wait for the log. */
  readonly noticed: (stored: StoredCommit, job: Job) => void;
  /** What jobs get that do not say it; none when left out. */
  readonly jobDefaults?: JobDefaults | undefined;
}

// Five: with a few requesters a conflict is rare; as many in a row mean that something else is wrong.
const attemptsMax = 5;

/** Load, decide, append; if somebody wrote first, look again and decide again. */
function createHandle({ log, chance, clock }: CommandPorts, { by, noticed }: CommandOptions) {
  const commitOf = (
    events: readonly JobEvent[],
    { prev, cause }: { readonly prev: string; readonly cause: Commit["cause"] },
  ): Commit<JobEvent> => ({
    v: commitVersion,
    id: chance.uuid(),
    at: clock.now(),
    by,
    actor: { type: "client", id: "" },
    cause,
    epoch: 0,
    prev,
    events,
  });

  return async function handle(
    ref: AggregateRef,
    command: JobCommand,
    known?: Known,
  ): Promise<Tip & { readonly changed: boolean }> {
    let before = known;
    for (let attempt = 1; ; attempt++) {
      const { job, tip, namespace } = before ?? (await load(log, ref));
      const decision = decideJob(job, command, clock.now());
      if (!decision.ok) throw new Fault(decision.rejection.code, decision.rejection.why);
      if (decision.events.length === 0) return { ...tip, changed: false };
      const aggregate = { ...ref, namespace };
      const commit = commitOf(decision.events, { prev: tip.hash, cause: known?.cause ?? { command: command.name } });
      try {
        const after = await log.append(aggregate, tip, commit);
        const stored = { aggregate, ...after, commit };
        const made = foldJob([stored], job);
        if (made !== undefined) noticed(stored, made);
        return { ...after, changed: true };
      } catch (failure) {
        const conflict = failure instanceof Fault && failure.code === "REVISION_CONFLICT";
        if (!conflict || attempt === attemptsMax) throw failure;
        before = undefined;
      }
    }
  };
}

export function createCommands(ports: CommandPorts, options: CommandOptions): Commands {
  const { log, chance } = ports;
  const handle = createHandle(ports, options);
  return {
    async submit({ spec: asked, token }) {
      const spec = withDefaults(asked, options.jobDefaults);
      const { namespace } = spec;
      const ref: AggregateRef = { kind: "job", namespace, id: jobIdFor(chance, spec, token) };
      // Stands in the log, so that the same request is known again by whoever gets it the second time.
      const id = token ? chance.digest(token).slice(0, 32) : undefined;
      const cause = { command: "Submit", ...(id === undefined ? {} : { id }) };
      try {
        const known = { job: undefined, tip: noTip, namespace, cause };
        const tip = await handle(ref, { name: "Submit", jobId: ref.id, spec }, known);
        return { jobId: ref.id, seq: tip.seq, existed: false };
      } catch (failure) {
        if (!token || !(failure instanceof Fault) || failure.code !== "JOB_EXISTS") throw failure;
        const seq = await sameRequest(log, ref, { spec, cause });
        if (seq === undefined) throw failure;
        return { jobId: ref.id, seq, existed: true };
      }
    },
    async stop(jobId, why) {
      const { seq, changed } = await handle({ kind: "job", namespace: "*", id: jobId }, { name: "Stop", why });
      return { seq, changed };
    },
  };
}

interface Known {
  readonly job: Job | undefined;
  readonly tip: Tip;
  readonly namespace: string;
  /** What the commit names as its cause; the command's name when left out. */
  readonly cause?: Commit["cause"];
}

/** Where the job was submitted by this very request before; undefined when somebody else did. Throws Fault JOB_EXISTS for another spec. */
async function sameRequest(
  log: EventLog,
  ref: AggregateRef,
  { spec, cause }: { readonly spec: JobSpec; readonly cause: Commit["cause"] },
): Promise<number | undefined> {
  const [first] = await log.load(ref);
  if (first === undefined || first.commit.cause.id !== cause.id) return undefined;
  const job = foldJob([first]);
  if (job !== undefined && asksTheSame(job.header.spec, spec)) return first.seq;
  throw new Fault("JOB_EXISTS", `the idempotency token was used for another spec: job ${spec.name || ref.id}`);
}

/** A name says which job it is; without one the token does. */
function jobIdFor(chance: Chance, { namespace, name }: JobSpec, token: string | undefined): string {
  if (name !== "") return namedJobId(chance, namespace, name);
  return token ? tokenJobId(chance, namespace, token) : freshJobId(chance);
}

async function load(log: EventLog, ref: AggregateRef): Promise<Known> {
  const stored = await log.load(ref);
  const last = stored.at(-1);
  return { job: foldJob(stored), tip: last ?? noTip, namespace: last?.aggregate.namespace ?? ref.namespace };
}
