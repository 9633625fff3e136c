import type { JobTypeDefaults } from "./job-type.ts";

const minuteMs = 60_000;

/** What a job type takes that has no deadlines of another kind. */
export const deadlineDefaults: JobTypeDefaults = {
  /** An image of 20 GB over 100 Mbit/s takes 27 minutes. */
  prepareTimeoutMs: 30 * minuteMs,
  /** What the node may prepare, and half as long again for its queue, a restart, and a clock that runs slower than the owner's. */
  startWithinMs: 45 * minuteMs,
  /** As for inputs. */
  publishTimeoutMs: 30 * minuteMs,
  /**
   * A node that is gone is lost within its heartbeats' limit anyway. This bounds what is connected and does not act: long enough for a
   * restart of the node, short enough that a job which was stopped leaves memory the same hour.
   */
  stopWithinMs: 10 * minuteMs,
};
