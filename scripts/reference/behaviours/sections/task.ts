import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const validation = testsOf("libs/proto/src/job/validation.test.ts");
const policies = testsOf("services/compute/src/bidder/policies/policies.test.ts");
const plain = testsOf("services/compute/src/runner/prepare/plain.test.ts");
const newVersion = testsOf("libs/core/src/job/new-version.test.ts");
const refused = (row: string) => validation("a job is refused > %s", row);

/** The parts of a task. */
export const task: BehaviourSection = {
  title: "Task",
  rows: [
    shown(
      "A task needs a name and an engine.",
      refused("with a task without a name"),
      refused("without an engine's type"),
    ),
    shown(
      "The type of an engine, source or publisher is matched in any case.",
      policies("…, as a bid policy > accepts what fits, and returns the same verdict twice", "NoOp"),
      testsOf("libs/core/src/registry.test.ts")("finds a part by its name in any case"),
    ),
    shown("An empty publisher means none.", validation("has no publisher when it is empty or null")),
    shown(
      "An input needs a source and a target; two inputs share neither target nor alias.",
      refused("with an input without a target"),
      refused("with an input without a source"),
      refused("with two inputs at one target"),
      refused("with two inputs of one alias"),
    ),
    shown(
      "A relative target begins at the task's root, and never leaves it.",
      testsOf("services/requester/src/http/real-clients.test.ts")(
        "is accepted with relative targets, which begin at the task's root",
      ),
      refused("with an input that leaves the task's root"),
    ),
    shown(
      "A result has a name and an absolute path, each once in the task.",
      refused("with a result without a name"),
      refused("with a result at a relative path"),
      refused("with two results of one name"),
      refused("with two results of one path"),
    ),
    shown("Results need a publisher.", refused("with results and no publisher")),
    shown(
      "A result's name is one plain file name: it leads out of no folder.",
      plain("the name of a result > may not be %j"),
    ),
    shown(
      "A retry policy says how often, after which pauses and after which failures a task is tried again.",
      newVersion("limits the attempts that fail because of the task, and no others"),
      newVersion("sets the pauses, with a jitter that every requester computes alike"),
      newVersion("retries only the failures that it names"),
    ),
    shown(
      "An exit code other than 0 is a failure where the task says so (`FailOnNonZeroExit`).",
      newVersion("is a failure that is retried, when the task says so"),
    ),
  ],
};
