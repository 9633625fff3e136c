import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const entity = testsOf("libs/core/src/job/entity.test.ts");
const wire = testsOf("libs/proto/src/api/execution.test.ts");
const read = testsOf("services/requester/src/http/read.test.ts");
const versions = testsOf("services/requester/src/http/new-version.test.ts");
const machines = testsOf("libs/core/src/testing/machines.test.ts");
const decide = testsOf("libs/core/src/job/decide.test.ts");
const stopping = testsOf("libs/core/src/job/stopping.test.ts");
const capture = testsOf("services/compute/src/runner/capture.test.ts");

/** Executions: states, output, links. */
export const executions: BehaviourSection = {
  title: "Executions",
  rows: [
    shown(
      "States are integers on the wire, the key of standard error is `stderr`, and a partition index of 0 is left out.",
      read("have states as integers, and their output under Bacalhau's keys"),
    ),
    shown(
      "Each state has the integer of Bacalhau that clients know.",
      wire("that is %s has Bacalhau's state %d, which is read as %s"),
    ),
    shown(
      "The desired state is running or stopped, and follows the execution's state.",
      entity("that is %s is to be %s"),
    ),
    shown(
      "Every event in every state either moves an execution or is refused, as its table says.",
      machines("the execution's table > of … moves or refuses on %s as in the table"),
    ),
    shown(
      "Running and publishing are states that the API shows.",
      entity("that is %s is to be %s", "publishing"),
      decide("reports > start, publish and complete"),
    ),
    shown(
      "An execution has no output before it ends, and then its output and exit code.",
      entity("has its node, its place and its resources, and no outcome before it ends"),
      entity("has its output and its error code when it failed, and the attempts before and after it"),
    ),
    shown(
      "The record has the head of the output with a mark when it was cut; files and logs have the rest.",
      capture("takes the head for the report, everything for files and the log"),
      capture("does not mark a text as truncated that fits exactly"),
    ),
    shown(
      "A failed execution has an error code and the reason.",
      entity("has its output and its error code when it failed, and the attempts before and after it"),
    ),
    shown(
      "A stop is a state until the node confirms it, or is lost.",
      stopping("ends the job at once, and an execution when its node confirms"),
      stopping("is lost with its node, without a retry"),
      stopping("is lost when its node does not confirm in time"),
    ),
    shown(
      "An end is final: a later report changes nothing.",
      testsOf("test/scenarios/scenarios.test.ts")(
        "$description",
        "a report about an execution that has ended is refused: an end is final",
      ),
    ),
    shown(
      "Executions of a job are listed in pages: of the latest version, of one, or of all.",
      read("executions > come in pages and in order"),
      versions("executions and history of a job with two versions > are %s", "of all"),
      versions("executions and history of a job with two versions > are %s", "of one version"),
    ),
  ],
};
