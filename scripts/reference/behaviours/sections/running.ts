import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const compute = testsOf("services/compute/src/create-compute.test.ts");
const steps = testsOf("services/compute/src/runner/steps.test.ts");
const limits = testsOf("services/compute/src/runner/time-limits.test.ts");
const follower = testsOf("services/compute/src/agent/follower.test.ts");
const stop = testsOf("services/compute/src/agent/desired-stop.test.ts");
const capture = testsOf("services/compute/src/runner/capture.test.ts");
const decide = testsOf("libs/core/src/job/decide.test.ts");
const newVersion = testsOf("libs/core/src/job/new-version.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");

/** What a node does with an execution. */
export const running: BehaviourSection = {
  title: "Running on a node",
  rows: [
    shown(
      "A node prepares inputs, folders and environment, runs the task, publishes, and cleans up.",
      steps("gives the workload its inputs, its folders and its environment"),
      steps("passes on the output, the exit code and a folder for each result, then cleans up"),
    ),
    shown(
      "A failed input is retried up to three times; a refusal for good is not.",
      steps("retries a failed input up to three attempts"),
      steps("fails with %s after %i tries"),
    ),
    shown(
      "Inputs that take too long, or an image that is not pulled in time, fail the execution for another node.",
      steps("gives up on inputs that take too long"),
      limits("aborts a hanging source, cleans up, and releases a late input"),
    ),
    shown("When one input fails the others are aborted.", steps("aborts the other inputs after the first failure")),
    shown(
      "The time limit of an execution is enforced on its node, and again by the requester.",
      compute("ends a task at its time limit"),
      testsOf("libs/core/src/job/deadlines.test.ts")("of a run leaves the node time to report the timeout"),
    ),
    shown(
      "An exit code other than 0 completes the execution, unless the task says that it is a failure.",
      newVersion("completes the execution otherwise"),
      newVersion("is a failure that is retried, when the task says so"),
    ),
    shown(
      "Output beyond the limit ends the execution with its reason; its node is not affected.",
      compute("ends a task at its output limit, without a retry"),
      testsOf("services/compute/src/output-limit.int.test.ts")(
        "is ended at its limit, and does not use the node's memory",
      ),
    ),
    shown(
      "The results have files with standard output, standard error and exit code, beside a folder for each result path.",
      steps("passes on the output, the exit code and a folder for each result, then cleans up"),
      capture("takes the head for the report, everything for files and the log"),
    ),
    shown(
      "A failed publication is retried, then reported with the task's output, for another node.",
      steps("reports that it publishes, and retries retryable failures"),
      steps("publishing > fails with the task's output, for another node"),
    ),
    shown(
      "A stop ends the workload, and is reported when it has ended.",
      stop("ends the workload, releases its resources and reports that it is stopped until the entry is removed"),
      stop("reports only after the workload has ended, and retries what an engine could not end"),
    ),
    shown(
      "A stop during preparation or publication leaves nothing behind.",
      steps("aborts when the assignment is removed, and leaves nothing behind"),
      steps("publishing > aborts when the assignment is removed"),
    ),
    shown(
      "A node that was killed starts nothing twice, and goes on with what its engine kept running.",
      compute("starts nothing twice, whichever write of its journal it dies %s, %s"),
      compute("resumes what an engine has kept running"),
      testsOf("services/compute/src/restart-phases.int.test.ts")(
        "while it %s, runs the task once, reports its end and leaves nothing behind",
      ),
    ),
    shown(
      "Work that a restart lost is reported with that reason, and retried without counting against the task.",
      compute("does not restart what an attachable engine has run and lost"),
      decide("a node that restarts > does not count against the task, at the time or later"),
    ),
    shown(
      "Results that were not published before a restart are published after it, without a second run.",
      steps("continues after a kill, without a second run of the task"),
    ),
    shown(
      "An assignment that vanished is no order to stop: the node asks, and goes on until it is answered.",
      follower("stops nothing before the verdict, nor when it is confirmed"),
      scenarios(
        "$description",
        "the absence of an assignment is not an order: work continues when the bucket is deleted (ADR 21)",
      ),
    ),
    shown(
      "An assignment that comes back after its end starts nothing.",
      scenarios(
        "$description",
        "an assignment that comes back after its end starts nothing: the node asks first (ADR 21)",
      ),
      follower("a settled execution that reappears does not begin a second time"),
    ),
    shown(
      "Reports are repeated until the log has them.",
      testsOf("services/compute/src/reports/numbered-reports.test.ts")(
        "is repeated every few minutes while its assignment exists, until the log has it",
      ),
      compute("repeats reports that may not have been stored"),
    ),
    shown(
      "One execution that fails in an unexpected way does not affect the others.",
      compute("isolates the failure of one execution"),
    ),
    shown(
      "Folders of executions that are over are removed, and only these.",
      testsOf("services/compute/src/workspace/disk-workspace.test.ts")("sweeps all folders that are not in `keep`"),
      compute("forgets and sweeps executions that were removed in the meantime"),
    ),
    shown(
      "A full disk fails the execution with that reason, and begins nothing that cannot be journalled.",
      testsOf("services/compute/src/disk-full.int.test.ts")("fails inputs that do not fit"),
      testsOf("services/compute/src/disk-full.int.test.ts")("begins nothing that it cannot journal"),
    ),
    shown(
      "An invalid task ends as failed with its reason, and the node goes on.",
      compute("refuses a task with %s, and continues"),
    ),
    shown(
      "The engine `noop` runs for the time and ends as its params say: it is for tests.",
      testsOf("services/compute/src/executors/noop.test.ts")("runs for the time in its params, by its clock"),
      testsOf("services/compute/src/executors/noop.test.ts")("fails as its params say"),
    ),
  ],
};
