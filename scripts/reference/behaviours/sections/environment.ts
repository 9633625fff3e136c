import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const validation = testsOf("libs/proto/src/job/validation.test.ts");
const policies = testsOf("services/compute/src/bidder/policies/policies.test.ts");
const steps = testsOf("services/compute/src/runner/steps.test.ts");
const config = testsOf("services/compute/src/config.test.ts");

/** Environment variables of a task. */
export const environment: BehaviourSection = {
  title: "Environment",
  rows: [
    shown(
      "A variable's name has upper-case letters, digits and `_`, and begins with a letter.",
      validation("a job is refused > %s", "with a variable in lower case"),
    ),
    shown(
      "Names that begin with `BACALHAU_` or `SHOAL_` belong to the node.",
      validation("a job is refused > %s", "with a variable of the node's prefix"),
      validation("a job is refused > %s", "with a variable of Shoal's prefix"),
    ),
    shown("A variable's value is not empty.", validation("a job is refused > %s", "with an empty variable")),
    shown(
      "`env:NAME` is a variable of the node that its operator allows by name or pattern.",
      steps("gives the workload its inputs, its folders and its environment"),
      policies("…, as a bid policy > accepts what fits, and returns the same verdict twice", "env:SEEN_IT"),
    ),
    shown(
      "A node does not bid for a task with a variable that it lacks or denies, and names it.",
      policies("…, as a bid policy > refuses with a reason that contains %s", "SEEN_NOT"),
      policies("…, as a bid policy > refuses with a reason that contains %s", "env:PATH"),
    ),
    shown(
      "Credentials of the cluster are passed to no task, whatever is allowed.",
      config("%s is passed to no task, whatever is allowed"),
    ),
    shown(
      "The node sets the ids of execution and job, the job type, and partition index and count, under `SHOAL_` and `BACALHAU_` names.",
      steps("gives the workload its inputs, its folders and its environment"),
    ),
    shown(
      "Docker params may list variables too; those of the task win.",
      testsOf("services/compute/src/executors/docker/docker.int.test.ts")(
        "merges environments, in which the task's variables win",
      ),
      testsOf("libs/proto/src/params/engines/docker.test.ts")("%o are refused with the reason", "NOVALUE"),
    ),
    shown(
      "The node sets variables for each port of the task.",
      testsOf("services/compute/src/executors/docker/networks.int.test.ts")(
        "bridge publishes the ports of the task, which it finds in its environment",
      ),
    ),
  ],
};
