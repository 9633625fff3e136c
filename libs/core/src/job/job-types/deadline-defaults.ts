import type { JobTypeDefaults } from "./job-type.ts";

const minuteMs = 60_000;

/** The deadlines of a job type that has no others. */
export const deadlineDefaults: JobTypeDefaults = {
  /** An image of 20 GB over 100 Mbit/s takes 27 minutes. */
  prepareTimeoutMs: 30 * minuteMs,
  /** The node's preparation limit, and half as long again for its queue, a restart, and a clock that runs slower than the owner's. */
  startWithinMs: 45 * minuteMs,
  /** As for inputs. */
  publishTimeoutMs: 30 * minuteMs,
  /**
   * A node that is gone is lost by its heartbeat timeout already. This bounds a node that is connected but does not act: long enough for a
   * restart of the node, short enough that a stopped job leaves memory within the hour.
   */
  stopWithinMs: 10 * minuteMs,
};
