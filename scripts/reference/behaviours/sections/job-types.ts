import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const standing = testsOf("libs/core/src/job/job-types/standing.test.ts");
const ops = testsOf("libs/core/src/job/job-types/ops.test.ts");
const decide = testsOf("libs/core/src/job/decide.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");
const scenario = (description: string) => scenarios("$description", description);
const compute = testsOf("services/compute/src/create-compute.test.ts");
const rollout = testsOf("libs/core/src/job/rollout.test.ts");
const decideNodes = testsOf("services/requester/src/nodes/node-changes.test.ts");

/** What batch, service, ops and daemon jobs do. */
export const jobTypes: BehaviourSection = {
  title: "Job types",
  rows: [
    shown(
      "Batch: a failed execution is retried, at once first and then after growing pauses, up to a limit.",
      scenario("a failing task is retried with growing delays, up to a limit"),
      decide("of a failure lead to retries, first at once and then later, until attempts are exhausted"),
    ),
    shown(
      "Batch: an execution of a lost node is placed on another one, and this does not count against the task.",
      scenario("the executions of a failed node are retried on other nodes"),
      decide("losing a node > does not count against the task"),
    ),
    shown(
      "A failure that no other attempt can repair ends the job at once, and stops its other executions.",
      decide("of a final failure end the job, and stop its other executions"),
    ),
    shown(
      "Ops: an execution runs once on each node that fits at the submission, and not on those that join later.",
      ops("runs once on each node that fits when it is submitted, and not on those that join later"),
      scenario("an ops job runs once on every node of the moment; one that joins later gets nothing"),
    ),
    shown(
      "Ops: the job ends when all executions have ended, as failed when one of them has failed, without a retry unless its policy says so.",
      ops("fails when all executions have ended and one of them has failed, without a retry"),
      ops("retries on the same node as its retry policy says"),
    ),
    shown(
      "Ops: without a node that fits the job fails at once, unless it may queue.",
      ops("fails at once without a node that fits, unless it may wait for one"),
    ),
    shown(
      "Service: an execution that completes or fails is replaced, after pauses that grow to five minutes.",
      standing("runs until it is stopped: an execution that completes is replaced"),
      standing("waits longer before each replacement, up to five minutes, and not after a stable run"),
      scenario("an execution of a service that ends is replaced, at once first and then after growing pauses"),
    ),
    shown(
      "Service: a retry policy that gives up fails the job with the first cause.",
      standing("fails once its retry policy gives up, with the first cause"),
      standing("names the exit code"),
    ),
    shown(
      "Service: a count of 0 keeps the job running without executions.",
      standing("is running with no execution when it is scaled to zero, and runs again when it is scaled up"),
    ),
    shown(
      "Daemon: an execution runs on every node that fits; a node that joins gets one.",
      standing("runs from its submission on, on every node that fits, and on those that join"),
    ),
    shown(
      "Daemon: joining nodes are noticed by an event, not by polling.",
      decideNodes("calls back once for the nodes that become candidates within the time that it gathers them"),
    ),
    shown(
      "Daemon: a node that is gone has none, and gets one again when it is back.",
      standing("is not placed on a node that is gone, and again when the node is back"),
    ),
    shown("Daemon: the job stays running when a node refuses it.", standing("goes on when a node refuses it for good")),
    shown(
      "Executions of ops jobs and daemons are shown as running, and are placed by bids like all others.",
      testsOf("services/requester/src/owner/scheduler/scheduler.test.ts")(
        "pinned slots > wait for their own node and start there",
      ),
      testsOf("libs/core/src/testing/machines.test.ts")(
        "the execution's table > of … moves or refuses on %s as in the table",
      ),
    ),
    shown(
      "Execution timeouts hold for ops jobs as for batch jobs.",
      testsOf("services/requester/src/commands/submit.test.ts")(
        "sets a timeout only for jobs that end by themselves: %s",
        "ops",
      ),
    ),
    shown(
      "After a restart of its node an execution without an engine that keeps it running fails and is retried.",
      testsOf("test/scenarios/scenarios.test.ts")(
        "$description",
        "a node that is killed and restarts reports its lost executions at once; they are retried",
      ),
      testsOf("test/int/crash-node.test.ts")(
        "fails and retries the executions of a node that is killed and restarts at once",
      ),
    ),
    shown(
      "After a restart of its node a service goes on: its container is attached again, or it is started again.",
      compute("a compute node that was killed > restarts a service"),
      compute("a compute node that was killed > resumes what an engine has kept running"),
    ),
    shown(
      "Services and daemons are updated in steps: each new execution runs for long enough before the next is replaced.",
      rollout("replaces one execution at a time, each after the one before has run for long enough"),
      rollout("goes through the nodes of a daemon, and does not wait for one that does not fit any more"),
    ),
    shown(
      "A new version whose execution fails is rolled back, or halted where the strategy says so.",
      rollout("rolls back when an execution of the new version fails"),
      rollout("halts when the version that is restored fails too, and when the strategy says so"),
    ),
  ],
};
