import { Fault, foldJob, type JobCommand, type Random, type StoredCommit } from "@shoal/core";
import { type Actor, type AggregateRef, type JobSpec, sha256 } from "@shoal/proto";
import type { Dispatcher } from "../owner/dispatcher.ts";
import { freshJobId, namedJobId, tokenJobId } from "./ids.ts";
import { type JobDefaults, withDefaults } from "./job-defaults.ts";
import type { OpenLimit } from "./open-limit.ts";
import { asksTheSame } from "./server-keys.ts";

/** The commands of clients. Any requester accepts them, whichever owns the job. */
export interface Commands {
  /**
   * Submits a job. Throws Fault TOO_MANY when its shard has reached its limit of open jobs. A second call with the same
   * token returns the first call's job.
   */
  submit(request: SubmitRequest): Promise<{ readonly jobId: string; readonly seq: number; readonly existed: boolean }>;
  /** Stops a job; `changed` is false when it was stopped before. */
  stop(jobId: string, request: StopRequest): Promise<{ readonly seq: number; readonly changed: boolean }>;
}

export interface SubmitRequest {
  readonly spec: JobSpec;
  /** Makes two calls the same request when they carry the same token. */
  readonly token?: string;
  readonly actor: Actor;
}

export interface StopRequest {
  readonly why: string;
  readonly actor: Actor;
}

export interface CommandParts {
  readonly dispatcher: Dispatcher;
  readonly random: Random;
  /** Defaults of jobs; none when left out. */
  readonly jobDefaults?: JobDefaults | undefined;
  /** The limit of open jobs; no limit when left out. */
  readonly openLimit?: Pick<OpenLimit, "admit"> | undefined;
}

export function createCommands({ dispatcher, random, jobDefaults, openLimit }: CommandParts): Commands {
  return {
    async submit({ spec: asked, token, actor }) {
      const spec = withDefaults(asked, jobDefaults);
      const aggregate = { kind: "job", namespace: spec.namespace, id: jobIdFor(random, spec, token) };
      // The token is in the log, so that any requester recognizes the same request.
      const id = token ? sha256(token).slice(0, 32) : random.uuid();
      const command: JobCommand = { name: "Submit", jobId: aggregate.id, spec };
      const create = () => dispatcher.create({ id, aggregate, command, actor });
      const { reply, existing } = await (openLimit?.admit(aggregate, create) ?? create());
      if (!reply.ok) throw new Fault(reply.rejection.code, reply.rejection.why);
      if (existing !== undefined) mustAskTheSame(existing, { aggregate, spec });
      return { jobId: aggregate.id, seq: reply.seq, existed: existing !== undefined };
    },
    async stop(jobId, { why, actor }) {
      const aggregate = { kind: "job", namespace: "*", id: jobId };
      const command: JobCommand = { name: "Stop", why };
      const reply = await dispatcher.send({ id: random.uuid(), aggregate, command, actor });
      if (!reply.ok) throw new Fault(reply.rejection.code, reply.rejection.why);
      return { seq: reply.seq, changed: reply.changed };
    },
  };
}

/** This request has submitted the job before. Throws Fault JOB_EXISTS when the job has another spec. */
function mustAskTheSame(
  first: StoredCommit,
  { aggregate, spec }: { readonly aggregate: AggregateRef; readonly spec: JobSpec },
): void {
  const job = foldJob([first]);
  if (job !== undefined && asksTheSame(job.header.spec, spec)) return;
  throw new Fault("JOB_EXISTS", `the idempotency token was used for another spec: job ${spec.name || aggregate.id}`);
}

/** A name determines the job; without a name the token does. */
function jobIdFor(random: Random, { namespace, name }: JobSpec, token: string | undefined): string {
  if (name !== "") return namedJobId(namespace, name);
  return token ? tokenJobId(namespace, token) : freshJobId(random);
}
