import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const codec = testsOf("libs/proto/src/wire/codec.property.test.ts");
const folding = testsOf("libs/proto/src/wire/fold-keys.test.ts");
const validation = testsOf("libs/proto/src/job/validation.test.ts");
const submit = testsOf("services/requester/src/http/submit.test.ts");
const read = testsOf("services/requester/src/http/read.test.ts");
const entity = testsOf("libs/core/src/job/entity.test.ts");
const machines = testsOf("libs/core/src/testing/machines.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");
const parse = testsOf("apps/cli/src/spec/parse-spec.test.ts");
const decide = testsOf("libs/core/src/job/decide.test.ts");

/** The fields of a job and how a submission is cleaned. */
export const job: BehaviourSection = {
  title: "Job",
  rows: [
    shown(
      "Keys of a spec are read in any case at every level.",
      codec("reads keys in any case, and does not change the keys of maps"),
      submit("reads keys in any case and retains those of maps"),
    ),
    shown(
      "Keys of `Env`, `Meta` and `Labels` keep their case; two that differ in case alone are two entries.",
      folding("retains keys that differ in case alone, up to its limit"),
      submit("is not one with 256 labels, some of which differ in case alone"),
    ),
    shown(
      "A field that is sent in two spellings is refused, not chosen at random.",
      submit("a submission that is built to be slow > is refused: %s", "two spellings of a known field"),
      folding("may not have one key in two spellings"),
    ),
    shown(
      "Keys of an engine's, source's or publisher's params are read in any case, and never twice.",
      folding("params of a part > may not have one key in two spellings"),
      testsOf("services/compute/src/bidder/policies/policies.test.ts")(
        "…, as a bid policy > accepts what fits, and returns the same verdict twice",
        "NoOp",
      ),
    ),
    shown(
      "A job without a name has its id as its name.",
      entity("has its id as its name when it has none, and its error code when it failed"),
    ),
    shown(
      "Namespace, priority, count and task name have the defaults `default`, 0, 1 and `main`.",
      validation("has a count of 1, the namespace `default`, priority 0 and a task named main"),
    ),
    shown(
      "The namespace comes from the job, else from the body, else from the query.",
      submit("puts a job into the namespace of the body or the query when the job names none"),
    ),
    shown(
      "A job may be named with spaces, and may have a count of 0; one with nothing to do completes at once.",
      validation("may have a count of 0, and a name with spaces"),
      decide("completes at once when there is nothing to do"),
    ),
    shown(
      "Only the first task is used; others are dropped with a warning.",
      submit("a submission's warnings > name %s", "several tasks"),
    ),
    shown(
      "State, version and id in a submission are ignored, each with a warning.",
      submit("a submission's warnings > name %s", "a state"),
      submit("a submission's warnings > name %s", "a version"),
    ),
    shown(
      "Reserved keys of `Meta` are dropped with a warning.",
      submit("a submission's warnings > name %s", "reserved meta"),
    ),
    shown(
      "A whole job as clients send it back, with zero values, causes no warning.",
      submit("are none for a whole job as clients serialise it"),
    ),
    shown(
      "An unknown field, also a nested one, causes a warning at the API.",
      submit("a submission's warnings > name %s", "an unknown field"),
      codec("lists unknown keys"),
    ),
    shown(
      "The command line refuses unknown keys at any depth, keys that the server sets, and values of a wrong type.",
      parse("with %s is refused by name", "an unknown nested key"),
      parse("with %s is refused by name", "a key that the server sets"),
      parse("with %s is refused by name", "a wrong type"),
    ),
    shown(
      "The requester records in `Meta` which requester accepted the job and which client sent it.",
      submit("records the requester that accepted the job and the client that sent it"),
    ),
    shown(
      "A job's states are words on the wire, and its times nanoseconds.",
      codec("writes times in nanoseconds and states as words, and reads them back"),
      read("has times in nanoseconds"),
    ),
    shown(
      "Completed, failed and stopped are the ends of a job; only a new version leaves them.",
      machines("has the documented terminal states"),
      machines("refuses every event but a new version when it is %s"),
    ),
    shown(
      "Labels select jobs in lists with `in`, `notin`, `=`, `!=`, and `!`.",
      read("lists of jobs > with %j"),
      testsOf("services/requester/src/catalog/catalog.test.ts")("a label selector > %j holds: %s"),
    ),
    shown(
      "Jobs of a higher priority get free room first.",
      scenarios("$description", "queued jobs get free room by priority"),
    ),
    shown(
      "A job's first version is 1; its revision counts its changes.",
      entity("has its id as its name when it has none, and its error code when it failed"),
    ),
    shown("A spec, written to JSON and read again, is the same spec.", codec("reads back what it writes")),
    shown(
      "Text that is shown to people holds no control or invisible format characters.",
      testsOf("libs/proto/src/job/spec.test.ts")("holds no U+%s"),
    ),
  ],
};
