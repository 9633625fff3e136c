import type { JobEntity } from "@shoal/proto";
import { jobMachine, next } from "@shoal/proto";
import { ownProblem } from "./api-error.ts";
import type { FeedEvent } from "./events/feed-event.ts";
import type { FollowOptions } from "./events/follow-events.ts";

/** Where the job is looked for; without it the API looks in `default`. */
interface InNamespace {
  readonly namespace?: string | undefined;
}

/** What waiting needs of a client. */
export interface JobWait {
  events(options: FollowOptions): AsyncGenerator<FeedEvent, void>;
  job(id: string, query?: InNamespace): Promise<JobEntity>;
}

/** How a job is waited for. */
export interface WaitOptions extends InNamespace {
  readonly signal?: AbortSignal | undefined;
  /** Sees every event of the job on the way, from its submission. */
  readonly onEvent?: ((event: FeedEvent) => void) | undefined;
}

/** Whether a job in this state has come to its end. */
export const isOver = (state: JobEntity["state"]["stateType"]): boolean =>
  jobMachine.rows.every(([, { name }]) => next(jobMachine, state, name) === undefined);

// The kinds of event that end a job: after them the table has no row.
const endings: ReadonlySet<string> = new Set(jobMachine.rows.flatMap(([, { name }, to]) => (isOver(to) ? [name] : [])));

/** The job once it is over, found by its events and not by asking again and again. Throws ApiError when the signal fires first. */
export async function waitForJob(client: JobWait, id: string, options: WaitOptions = {}): Promise<JobEntity> {
  const { namespace, signal, onEvent } = options;
  const { id: jobId } = await client.job(id, { namespace });
  for await (const event of client.events({ jobId, after: 0, signal })) {
    onEvent?.(event);
    if (endings.has(event.type)) return await client.job(jobId, { namespace });
  }
  throw ownProblem("STOPPED", `waiting for job ${jobId} was given up`);
}
