import type { JobEntity } from "@shoal/proto";
import { jobMachine, next } from "@shoal/proto";
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
  /** Called with every event of the job, from its submission. */
  readonly onEvent?: ((event: FeedEvent) => void) | undefined;
}

/** Whether this state of a job is terminal. */
export const isOver = (state: JobEntity["state"]["stateType"]): boolean =>
  jobMachine.rows.every(([, { name }]) => next(jobMachine, state, name) === undefined);

// The events that end a job: the machine has no row after them.
const endings: ReadonlySet<string> = new Set(jobMachine.rows.flatMap(([, { name }, to]) => (isOver(to) ? [name] : [])));

/** The job once it has ended; follows its events, without polling. Throws ApiError when the signal fires first. */
export async function waitForJob(client: JobWait, id: string, options: WaitOptions = {}): Promise<JobEntity> {
  const { namespace, signal, onEvent } = options;
  const { id: jobId } = await client.job(id, { namespace });
  for await (const event of client.events({ jobId, after: 0, signal })) {
    onEvent?.(event);
    if (endings.has(event.type)) return await client.job(jobId, { namespace });
  }
  throw ownProblem("STOPPED", `waiting for job ${jobId} was cancelled`);
}
