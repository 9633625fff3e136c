import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const property = testsOf("libs/core/src/schedule/constraints.property.test.ts");
const schedule = testsOf("libs/core/src/schedule/schedule.test.ts");
const filters = testsOf("libs/core/src/schedule/filters/filters.contract.test.ts");
const validation = testsOf("libs/proto/src/job/validation.test.ts");
const refused = (row: string) => validation("a job is refused > %s", row);

/** Constraints and label selectors. */
export const constraints: BehaviourSection = {
  title: "Constraints and labels",
  rows: [
    shown(
      "`in`, `notin`, `=`, `==`, `!=`, `exists`, `!`, `gt` and `lt` compare a label of the node, as the selectors of Kubernetes do.",
      property("is met as Kubernetes' selectors are"),
      filters("…, as a filter > accepts candidates that fit", "notin"),
      filters("…, as a filter > refuses the others with a reason", "lt"),
    ),
    shown(
      "A constraint that a node does not meet is named with the label's value.",
      schedule("a constraint > %s %s %j that is not met is named with the label's value"),
    ),
    shown(
      "Each operator takes its number of values: at least one, none, or one.",
      refused("with `in` without values"),
      refused("with `exists` with a value"),
      refused("with `=` with two values"),
    ),
    shown("`gt` and `lt` compare whole numbers.", refused("with `gt` of a word")),
    shown(
      "An unknown operator and a constraint without a key are refused.",
      refused("with an unknown operator"),
      refused("with a constraint without a key"),
    ),
    shown(
      "A key that begins with `favour_` is a preference: it raises a node's rank and refuses none.",
      schedule("that is a preference is counted when it is met, and is never a condition"),
      schedule("is higher by a tenth of the capacity for each preference that its labels meet"),
    ),
    shown(
      "A job whose constraint no node meets fails at once, with the constraint, when it may not queue.",
      testsOf("test/scenarios/scenarios.test.ts")(
        "$description",
        "a job whose constraint no node's labels meet fails at once, and names the constraint",
      ),
    ),
    shown(
      "Nodes and jobs are listed by the selector grammar of Kubernetes; a selector that cannot be read is refused.",
      testsOf("services/requester/src/catalog/catalog.test.ts")("a label selector > %j is refused"),
      testsOf("services/requester/src/http/read.test.ts")("are filtered by labels and state"),
    ),
    shown(
      "A node publishes labels for its system, architecture and name by itself.",
      testsOf("services/compute/src/serve.int.test.ts")(
        "has labels for its system, its architecture and its name, beside those of its settings",
      ),
    ),
  ],
};
