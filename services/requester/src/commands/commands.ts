import {
  type CommandEnvelope,
  Fault,
  foldJob,
  isSameRequest,
  type JobCommand,
  type Random,
  type StoredCommit,
} from "@shoal/core";
import { type Actor, type AggregateRef, type JobSpec, sha256 } from "@shoal/proto";
import type { Dispatcher } from "../owner/dispatcher.ts";
import type { Secrets } from "../secrets/secrets.ts";
import { freshJobId, namedJobId, tokenJobId } from "./ids.ts";
import { type JobDefaults, withDefaults } from "./job-defaults.ts";
import type { OpenLimit } from "./open-limit.ts";
import { type NodeUpdate, updateNode } from "./update-node.ts";

/** The commands of clients. Any requester accepts them, whichever owns the job. */
export interface Commands {
  /**
   * Submits a job, or updates the job of its name. Throws Fault JOB_UNCHANGED for the same spec without `force`, and Fault TOO_MANY when its shard has reached its limit of open jobs. A second call with the same
   * token returns the first call's job. Throws Fault SECRET_MISSING when the spec refers to a secret that does not exist.
   */
  submit(request: SubmitRequest): Promise<SubmitResult>;
  /** The spec as it would be stored: with the cluster's defaults. */
  withDefaults(spec: JobSpec): JobSpec;
  /** Runs the spec of a version, 0 for the current one, as a new version of the job. */
  rerun(jobId: string, request: RerunRequest): Promise<{ readonly seq: number }>;
  /** Stops a job; `changed` is false when it was stopped before. */
  stop(jobId: string, request: StopRequest): Promise<{ readonly seq: number; readonly changed: boolean }>;
  /** Sends an operator's order to a node. Throws Fault NODE_NOT_FOUND, or NODE_CONFLICT when it changes nothing. */
  updateNode(nodeId: string, order: NodeUpdate): Promise<{ readonly seq: number }>;
}

export interface SubmitResult {
  readonly jobId: string;
  readonly seq: number;
  /** An earlier call had submitted it. */
  readonly existed: boolean;
}

export interface SubmitRequest {
  /** Updates the job of this name even if its spec is the same; false when left out. */
  readonly force?: boolean;
  readonly spec: JobSpec;
  /** Makes two calls the same request when they carry the same token. */
  readonly token?: string;
  readonly actor: Actor;
}

export interface RerunRequest {
  readonly version: number;
  readonly why: string;
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
  /** The secrets that specs refer to; not checked when left out. */
  readonly secrets?: Pick<Secrets, "requireAll">;
  /** The limit of open jobs; no limit when left out. */
  readonly openLimit?: Pick<OpenLimit, "admit" | "reopen"> | undefined;
}

export function createCommands({ dispatcher, random, jobDefaults, openLimit, secrets }: CommandParts): Commands {
  /** Sends a command that begins a version of a job. */
  const begin = async (envelope: CommandEnvelope & { readonly command: JobCommand }): Promise<number> => {
    const send = () => dispatcher.send(envelope);
    const reply = await (openLimit?.reopen(envelope.aggregate, send) ?? send());
    if (!reply.ok) throw new Fault(reply.rejection.code, reply.rejection.why);
    return reply.seq;
  };
  return {
    async submit({ spec: asked, token, force = false, actor }) {
      const spec = withDefaults(asked, jobDefaults);
      await secrets?.requireAll(spec);
      const aggregate = { kind: "job", namespace: spec.namespace, id: jobIdFor(random, spec, token) };
      // The token is in the log, so that any requester recognizes the same request.
      const id = token ? sha256(token).slice(0, 32) : random.uuid();
      const command: JobCommand = { name: "Submit", jobId: aggregate.id, spec };
      const create = () => dispatcher.create({ id, aggregate, command, actor });
      const { reply, existing } = await (openLimit?.admit(aggregate, create) ?? create());
      if (!reply.ok && reply.rejection.code === "JOB_EXISTS" && spec.name !== "") {
        const seq = await begin({ id, aggregate, command: { name: "Update", spec, force }, actor });
        return { jobId: aggregate.id, seq, existed: false };
      }
      if (!reply.ok) throw new Fault(reply.rejection.code, reply.rejection.why);
      if (existing !== undefined) mustAskTheSame(existing, { aggregate, spec });
      return { jobId: aggregate.id, seq: reply.seq, existed: existing !== undefined };
    },
    withDefaults: (spec) => withDefaults(spec, jobDefaults),
    updateNode: (nodeId, order) => updateNode({ dispatcher, random }, nodeId, order),
    async rerun(jobId, { version, why, actor }) {
      const aggregate = { kind: "job", namespace: "*", id: jobId };
      return { seq: await begin({ id: random.uuid(), aggregate, command: { name: "Rerun", version, why }, actor }) };
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
  if (job !== undefined && isSameRequest(job.header.spec, spec)) return;
  throw new Fault("JOB_EXISTS", `the idempotency token was used for another spec: job ${spec.name || aggregate.id}`);
}

/** A name determines the job; without a name the token does. */
function jobIdFor(random: Random, { namespace, name }: JobSpec, token: string | undefined): string {
  if (name !== "") return namedJobId(namespace, name);
  return token ? tokenJobId(namespace, token) : freshJobId(random);
}
