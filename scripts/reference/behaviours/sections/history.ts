import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const topics = testsOf("libs/core/src/job/history.test.ts");
const texts = testsOf("libs/proto/src/event-texts/event-texts.test.ts");
const read = testsOf("services/requester/src/http/read.test.ts");
const golden = testsOf("test/golden/golden.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");
const command = testsOf("apps/cli/src/commands/job/job-commands.test.ts");

/** The history of a job. */
export const history: BehaviourSection = {
  title: "History",
  rows: [
    shown(
      "The history is the job's log: entries are numbered from 1, in order, without gaps.",
      read("pages through everything once, in order"),
    ),
    shown(
      "An entry is about the job or about one execution; an event about several executions has one entry for each.",
      topics("has one entry per execution for an event about several"),
    ),
    shown(
      "The history of the latest version is shown, or that of one version, or of all.",
      testsOf("services/requester/src/http/new-version.test.ts")(
        "executions and history of a job with two versions > are %s",
        "of the latest by default",
      ),
    ),
    shown(
      "Messages and details on which Bacalhau's clients match are the same: a stop, a rerun, the requested node, an error and its code.",
      texts("the history of Bacalhau's clients > has the message %j", "Job requested to stop before completion"),
      texts(
        "has the details by which they colour and count: an error, its code, whether it is tried again, the new state",
      ),
    ),
    shown("Topics are those that clients filter and colour by.", topics("has the topic %s for %j")),
    shown(
      "Entries are filtered by kind and by execution, also by a prefix of its id.",
      read("history > is filtered by %s"),
    ),
    shown(
      "While a job is open there is always a next page, so that clients can go on reading; after its end there is none.",
      read("always has a next page while the job runs, and none after the last entry"),
    ),
    shown(
      "Clients older than v1.5 get the state objects without which they fail.",
      read("has a state for clients that fail without one: %j %s"),
    ),
    shown(
      "Every event has a text for people.",
      golden("has a history and event texts"),
      testsOf("apps/cli/src/progress/event-text.test.ts")("the text of an event > exists for %s"),
    ),
    shown(
      "The history has the reason why a job waits, with the reason of each node.",
      testsOf("apps/cli/src/progress/event-text.test.ts")(
        "gives the reason why a job waits, with the reason of each node",
      ),
      scenarios(
        "$description",
        "a job without a suitable node and without a queue timeout fails at once, with every reason",
      ),
    ),
    shown(
      "The same reason is recorded once, and others at most once a minute.",
      testsOf("libs/core/src/job/decide.test.ts")("waiting > records the same reason once"),
      testsOf("libs/core/src/job/decide.test.ts")(
        "waiting > records the reason once a minute at most, and not while only numbers change",
      ),
    ),
    shown(
      "The history is never collected: the whole log is kept and can be replayed and verified.",
      testsOf("services/requester/src/verify/verify.int.test.ts")(
        "finds no problem, and the anchor that it printed before",
      ),
      testsOf("test/int/api.test.ts")("replays the log into identical views, byte for byte"),
    ),
    shown(
      "The command line shows the history, all pages, as a table or as JSON.",
      command("show the whole history, page by page, as a table and as JSON"),
    ),
    shown(
      "Pulling an image is visible as progress in the execution's log.",
      testsOf("services/compute/src/executors/docker/pulls.int.test.ts")(
        "pulls a missing image before the start, and logs the progress",
      ),
    ),
  ],
};
