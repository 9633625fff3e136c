import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const validation = testsOf("libs/proto/src/job/validation.test.ts");
const deadlines = testsOf("libs/core/src/job/deadlines.test.ts");
const submit = testsOf("services/requester/src/commands/submit.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");
const limits = testsOf("services/compute/src/runner/time-limits.test.ts");
const compute = testsOf("services/compute/src/create-compute.test.ts");

/** Time limits of jobs and executions. */
export const timeouts: BehaviourSection = {
  title: "Timeouts",
  rows: [
    shown(
      "Timeouts are whole seconds of 0 or more; 0 means none.",
      validation("a job is refused > %s", "with a negative timeout"),
      validation("has no timeouts, and the network `default`"),
    ),
    shown(
      "Execution and queue timeout together are at most the total timeout.",
      validation("a job is refused > %s", "with phases that are longer than the whole"),
    ),
    shown(
      "An execution that runs for longer than its timeout ends as failed.",
      scenarios("$description", "a job that exceeds its time limit is ended"),
      compute("ends a task at its time limit"),
    ),
    shown(
      "The time limit of an execution counts from its first start, over a restart of the node.",
      compute("counts the time limit from the first start, over a restart of the node"),
    ),
    shown(
      "Pulling an image and fetching inputs have their own limit and are not run time.",
      limits("does not count as run time"),
      limits("aborts a hanging pull of an image"),
    ),
    shown(
      "A job that no node takes fails when its queue timeout ends; without one it fails at once.",
      deadlines("of the queue fails a job that was never placed"),
      scenarios(
        "$description",
        "a job without a suitable node and without a queue timeout fails at once, with every reason",
      ),
    ),
    shown(
      "The queue timeout is for the first placement; waiting after it has no limit.",
      deadlines("of the queue ends with the first placement: later waiting has no limit"),
    ),
    shown(
      "The total timeout ends the whole job, also while executions run.",
      deadlines("of the whole job fails it even while executions run"),
    ),
    shown(
      "An execution that its node does not start in time is lost and retried, and does not count against the task.",
      deadlines("of the start loses an execution that its node did not start, and retries it on another node"),
      deadlines("of the start does not count against the task"),
    ),
    shown(
      "Publishing has its own limit.",
      deadlines("of publishing loses an execution that publishes too long, independent of the run's deadline"),
      testsOf("services/compute/src/runner/steps.test.ts")("publishing > gives up when it takes too long"),
    ),
    shown(
      "A cluster may set a default execution timeout for jobs that end by themselves; a job's own timeouts win.",
      submit("gives each execution of a batch job the cluster's time"),
      submit("sets a timeout only for jobs that end by themselves: %s"),
      submit("retains the job's own timeouts: %o"),
    ),
  ],
};
