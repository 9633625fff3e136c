import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const newVersion = testsOf("libs/core/src/job/new-version.test.ts");
const versions = testsOf("libs/core/src/job/versions.test.ts");
const stopping = testsOf("libs/core/src/job/stopping.test.ts");
const read = testsOf("services/requester/src/http/read.test.ts");
const submit = testsOf("services/requester/src/commands/submit.test.ts");
const send = testsOf("services/requester/src/http/submit.test.ts");
const http = testsOf("services/requester/src/http/new-version.test.ts");
const cli = testsOf("apps/cli/src/commands/job/versions.test.ts");
const dispatcher = testsOf("services/requester/src/owner/dispatcher.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");
const scenario = (description: string) => scenarios("$description", description);

/** Submit, update, stop, rerun and diff. */
export const commands: BehaviourSection = {
  title: "Submit, update, stop, rerun",
  rows: [
    shown(
      "A submission is acknowledged when it is stored, with the job's id and its position in the log.",
      send("answers %s with the job's id and its position in the log"),
    ),
    shown(
      "A repeated submission with one token is one job, through any requester.",
      send("makes one job of two calls with the same token %s"),
      submit("finds the first one's job also through another requester"),
    ),
    shown(
      "The same token with another spec is refused.",
      submit("refuses another spec under the same token"),
      scenario("a repeated idempotency token returns the first job; with another spec it is refused (ADR 3)"),
    ),
    shown(
      "Submissions without a token and a name are different jobs.",
      send("makes two jobs of two calls without a token"),
    ),
    shown(
      "A submission under an existing name updates that job, as its next version with the same id.",
      submit("updates the job of its name, once for each token"),
      http("has the id of its name's job and the next version, and every version is listed"),
    ),
    shown(
      "An unchanged spec is refused unless it is forced; what the server added and how quantities are written does not count.",
      http("without a change is refused with the flag that forces it"),
      newVersion(
        "refuses an unchanged spec without force, whatever the server added and however quantities are written",
      ),
    ),
    shown("An update cannot change the job type: it is refused, not ignored.", newVersion("refuses another job type")),
    shown(
      "An update stops the executions of the version before, and places a slot again once it is free.",
      newVersion("stops the executions of a batch job and places the new version's slots once they have stopped"),
      versions("places a slot for the new version after any end of its old execution"),
    ),
    shown(
      "An update opens a job that has ended, with fresh attempts and deadlines.",
      newVersion("opens a job that has ended, with fresh attempts, failures and deadlines"),
    ),
    shown(
      "An update of a large job stops the executions of the version before in bounded steps.",
      testsOf("libs/core/src/job/large-jobs.test.ts")(
        "stops the executions of the version before in bounded steps, and replaces all of them",
      ),
    ),
    shown(
      "Stopping a thousand executions is one short event.",
      stopping("of a thousand executions is one short event, and copies the job once"),
    ),
    shown(
      "A stop ends the job at once, with the reason as its message; its executions end when their nodes confirm.",
      read("stopping a job > accepts the reason %s"),
      scenario("a job is stopped at once, also when its node does not answer; its execution ends later (ADR 18)"),
    ),
    shown(
      "Evaluation ids are random texts for clients: Shoal has no evaluations, and decides from the log.",
      send("answers %s with the job's id and its position in the log"),
      http("is the next version of the job, with an evaluation"),
    ),
    shown(
      "A second stop changes nothing and has no evaluation id.",
      read("a second time changes nothing and reports so"),
    ),
    shown(
      "A job that has completed or failed cannot be stopped: the answer is a conflict.",
      read("that has completed is refused"),
      stopping("is refused for a job that has ended otherwise or does not exist"),
    ),
    shown(
      "A stop reaches the node: the assignment says stop until the node confirms it.",
      testsOf("libs/core/src/views/jobs.test.ts")(
        "has the desired state run, and then stop, until the execution has ended",
      ),
      testsOf("services/compute/src/agent/desired-stop.test.ts")(
        "ends the workload, releases its resources and reports that it is stopped until the entry is removed",
      ),
    ),
    shown(
      "A stop is decided at once while the job is busy with reports, through any requester.",
      dispatcher("is decided when it is owned %s"),
    ),
    shown(
      "Any stored version runs again as a new version; 0 is the latest.",
      http("is the next version of the job, with an evaluation"),
      newVersion("runs the spec of any stored version as a new one"),
      scenario("an ended job runs again as a new version: with another spec, or with that of an earlier version"),
    ),
    shown(
      "A job that has not run yet cannot be run again; one that runs can.",
      http("is refused of a job that has not run, with a reason and a hint, and of an unknown version"),
      http("may be of a job that runs, without a body"),
    ),
    shown(
      "Each version's spec is stored up to a limit, listed, and shown on request.",
      newVersion("drops the oldest versions beyond the limit, but none that still runs"),
      cli("job versions lists them"),
      read("returns its versions"),
    ),
    shown(
      "Each execution runs the spec of the version that it was created for.",
      versions("assigns each execution with the spec of the version that it was created for"),
    ),
    shown(
      "The difference between a spec and the stored one is shown as text, before anything is submitted.",
      http("has the lines that an update would remove and add, and is empty without a change"),
      cli("job run --dry-run prints what would change, and submits nothing"),
      cli("job run --dry-run says when nothing would change"),
    ),
    shown(
      "A diff is refused for a job without a name and for one that does not exist, and stores nothing.",
      http("is refused for a job without a name, an unknown job, and an invalid one"),
      http("stores nothing"),
    ),
    shown(
      "A job file is a template that the command line fills from flags and the environment.",
      testsOf("apps/cli/src/commands/job/job-commands.test.ts")(
        "fills a template from flags and the environment, of which flags take precedence",
      ),
      testsOf("apps/cli/src/spec/template.test.ts")("%j becomes %j"),
      testsOf("apps/cli/src/spec/template.test.ts")("%j is refused with the line and the reason"),
    ),
  ],
};
