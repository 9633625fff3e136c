import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const reference = testsOf("libs/proto/src/secret/secret-reference.test.ts");
const kind = testsOf("libs/core/src/secret/kind.test.ts");
const api = testsOf("services/requester/src/http/secrets.test.ts");
const real = testsOf("test/int/secrets.test.ts");
const reseal = testsOf("services/requester/src/secrets/reseal-secrets.test.ts");
const node = testsOf("services/compute/src/runner/prepare/secrets.test.ts");

/** Secrets in a task's environment. */
export const secrets: BehaviourSection = {
  title: "Secrets",
  rows: [
    shown(
      "`secret:NAME` in a task's environment is a secret of the job's namespace, also of one version.",
      reference("%s refers to a secret"),
      node("gets the value that a requester seals to the key of the request"),
    ),
    shown(
      "A secret's value reaches the task and nothing else: no message, entry, log line or response.",
      real("reaches the task, and nothing else: no message, entry, log line or answer contains it"),
    ),
    shown(
      "Only the node that holds an execution gets its secrets.",
      real("is refused to a node that does not hold the execution, and to its own node once that has ended"),
      testsOf("libs/nats/src/rights/hostile-node.int.test.ts")(
        "cannot ask under the other node's id, and gets no answer to the other's subject",
      ),
    ),
    shown(
      "A job that refers to a missing secret is refused; one whose secret was deleted fails with that reason.",
      api("is refused unless the secret exists in its namespace, in that version"),
      real("fails an execution that starts after it was deleted"),
    ),
    shown(
      "Secrets have versions, are listed without values, and are deleted.",
      kind("is stored in versions from 1"),
      api("are stored in versions, listed without values by namespace, and deleted"),
    ),
    shown(
      "The cluster's keys are rotated: the first seals, all open.",
      testsOf("services/requester/src/secrets/key-ring.test.ts")(
        "seal with the first, and open with all: a key is rotated by a new first one",
      ),
    ),
    shown(
      "After a rotation all stored versions are sealed to the new key; a requester that is killed in between loses none.",
      reseal("leaves every value as it was, and needs the old key no more"),
      reseal("number %i, loses no value, and the next call seals the rest"),
      reseal("names the versions whose key is missing, and seals the others"),
    ),
  ],
};
