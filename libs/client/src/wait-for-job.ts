import type { JobEntity } from "@shoal/proto";
import { jobMachine } from "@shoal/proto";
import { ownProblem } from "./api-error.ts";
import type { FeedEvent } from "./events/feed-event.ts";
import type { FollowOptions } from "./events/follow-events.ts";

/** The namespace of the job; `default` when left out. */
interface InNamespace {
  readonly namespace?: string | undefined;
}

/** What `waitForJob` needs of a client. */
export interface JobWait {
  events(options: FollowOptions): AsyncGenerator<FeedEvent, void>;
  job(id: string, query?: InNamespace): Promise<JobEntity>;
}

/** Options of `waitForJob`. */
export interface WaitOptions extends InNamespace {
  readonly signal?: AbortSignal | undefined;
  /** Called with every event of the job's current version, from its beginning. */
  readonly onEvent?: ((event: FeedEvent) => void) | undefined;
  /** `running`: resolves once the job runs and no rollout is in progress; for jobs that run until they are stopped. */
  readonly until?: "ended" | "running" | undefined;
}

/** Whether this state of a job is terminal. */
export const isOver = (state: JobEntity["state"]["stateType"]): boolean => jobMachine.terminal.includes(state);

// The events that end a job: only an update or a rerun follows them.
const endings: ReadonlySet<string> = new Set(
  jobMachine.rows.flatMap(([, { name }, to]) => (to !== "same" && isOver(to) ? [name] : [])),
);

// Events after which a job may have reached what `running` waits for.
const steps: ReadonlySet<string> = new Set(["JobStarted", "JobRolledOut", "JobRolloutHalted"]);

/** The version that begins with this event; undefined for any other event. */
function versionOf({ type, cloudEvent }: FeedEvent): number | undefined {
  if (type === "JobSubmitted") return 1;
  const version = type === "JobUpdated" ? cloudEvent.data["Version"] : undefined;
  return typeof version === "number" ? version : undefined;
}

const isRolling = ({ state }: JobEntity): boolean => state.details["Rollout"] === "rolling";

/**
 * The job once its current version, or a later one, has ended; follows its events, without polling. Throws ApiError when the signal
 * fires first.
 */
export async function waitForJob(client: JobWait, id: string, options: WaitOptions = {}): Promise<JobEntity> {
  const { namespace, signal, onEvent, until = "ended" } = options;
  const { id: jobId, version } = await client.job(id, { namespace });
  let seen = 0;
  for await (const event of client.events({ jobId, after: 0, signal })) {
    seen = versionOf(event) ?? seen;
    if (seen < version) continue;
    onEvent?.(event);
    if (!endings.has(event.type) && !(until === "running" && steps.has(event.type))) continue;
    const job = await client.job(jobId, { namespace });
    if (isOver(job.state.stateType) || (until === "running" && !isRolling(job))) return job;
  }
  throw ownProblem("STOPPED", `waiting for job ${jobId} was cancelled`);
}
