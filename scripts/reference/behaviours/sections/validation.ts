import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const rules = testsOf("libs/proto/src/job/validation.test.ts");
const submit = testsOf("services/requester/src/http/submit.test.ts");
const read = testsOf("services/requester/src/http/read.test.ts");
const newVersion = testsOf("libs/core/src/job/new-version.test.ts");
const refused = (row: string) => rules("a job is refused > %s", row);
const bad = (row: string) => submit("a bad submission > of %s is refused with a reason", row);

/** What is refused, and how. */
export const validation: BehaviourSection = {
  title: "Validation",
  rows: [
    shown(
      "A submission with problems is refused with status 400 and all of them, a line each.",
      submit("names every problem, a line each"),
    ),
    shown(
      "A submission without a job, that is no object or no JSON is refused.",
      bad("no job"),
      bad("no object"),
      bad("broken JSON"),
    ),
    shown(
      "A missing and an unknown job type are refused with the types that there are.",
      refused("without a type"),
      refused("of an unknown type"),
      bad("an unknown type"),
    ),
    shown(
      "A negative count is refused, and a count above 1 for ops jobs and daemons.",
      refused("with a negative count"),
      refused("of type ops with a count"),
      refused("of type daemon with a count"),
    ),
    shown("A job without tasks is refused.", refused("without tasks")),
    shown("A value of a wrong type is refused with its path.", bad("a wrong type"), bad("a count that is no number")),
    shown("Null characters in texts are refused.", refused("with a null character in a text")),
    shown(
      "A namespace that cannot be part of a subject is refused.",
      refused("with a namespace that is no token"),
      bad("a bad namespace"),
    ),
    shown(
      "A refused submission leaves nothing in the log.",
      testsOf("test/scenarios/scenarios.test.ts")(
        "$description",
        "a job of a type that this version does not run is refused, and leaves nothing in the log",
      ),
    ),
    shown(
      "An unknown job, execution or version is refused with its id.",
      read("that does not exist is answered with 404"),
      read("returns its versions"),
      testsOf("services/requester/src/http/logs/logs.test.ts")("is sent on the socket: %s", "no such execution"),
    ),
    shown(
      "A version that is not stored is refused by name.",
      newVersion("is refused before the job has run, and for a version that is not stored"),
    ),
    shown(
      "An update strategy is for services and daemons only, and a retry policy's pauses are in order.",
      refused("with an update strategy for a job that ends by itself"),
      refused("with a pause before retries that is longer than the longest"),
      refused("with retries of an unknown failure"),
    ),
    shown(
      "Params of an engine, source or publisher that are unknown or wrong refuse the bid with the key's name.",
      testsOf("libs/proto/src/params/engines/docker.test.ts")("%o are refused with the reason"),
      testsOf("services/compute/src/bidder/policies/policies.test.ts")(
        "…, as a bid policy > refuses with a reason that contains %s",
        "ExitCode",
      ),
      testsOf("services/compute/src/publishers/contract.ts")("refuses unknown params"),
    ),
    shown(
      "Params of a known engine, source or publisher are checked when a job is submitted: all problems are named with their paths.",
      submit("a bad submission > names the params of known parts that are wrong, with their paths"),
      testsOf("libs/proto/src/params/check-params.test.ts")("are refused with every problem of every part"),
    ),
    shown(
      "A job of an engine, source or publisher that the requester does not know is accepted with a warning: a node may offer it.",
      submit("a submission's warnings > name %s", "an unknown engine"),
      testsOf("libs/proto/src/params/check-params.test.ts")("is accepted with any params, and named: %s", "quantum"),
    ),
    shown(
      "Errors have status, code, component, request id and a hint.",
      testsOf("libs/client/src/client.test.ts")("a refusal > carries every field of the error body"),
      read("that does not exist is answered with 404"),
      testsOf("services/requester/src/http/admission.test.ts")("gives internal errors an id that is in the log too"),
    ),
    shown(
      "Bodies that are large, deep, or built to be slow are refused before they cost anything.",
      submit("is refused when it is larger than 10 MB"),
      submit("a submission that is built to be slow > is refused: %s"),
      testsOf("services/requester/src/http/json-body.test.ts")("refuses a body of %s before it is parsed"),
    ),
  ],
};
