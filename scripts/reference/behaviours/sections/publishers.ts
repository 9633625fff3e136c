import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const grants = testsOf("services/requester/src/results/grant-uploads.test.ts");
const stores = testsOf("services/requester/src/results/result-stores.test.ts");
const contract = testsOf("services/compute/src/publishers/contract.ts");
const local = testsOf("services/compute/src/publishers/local/local.test.ts");
const s3 = testsOf("services/compute/src/publishers/s3/s3.test.ts");
const read = testsOf("services/requester/src/http/read.test.ts");
const archive = testsOf("services/compute/src/publishers/archive/archive.test.ts");
const get = testsOf("apps/cli/src/commands/job/get.test.ts");

/** Where results go, and how they are fetched. */
export const publishers: BehaviourSection = {
  title: "Publishers and results",
  rows: [
    shown(
      "Every publisher publishes each file completely, and nothing that a link outside the folder leads to.",
      contract("publishes every file completely"),
      contract("publishes nothing that a link outside the folder leads to"),
    ),
    shown(
      "A publication that is repeated, also after a restart, has the same result.",
      contract("gives the same result for the same execution"),
      contract("can be closed twice, and the node's next process gives the same result"),
    ),
    shown(
      "local serves a compressed archive for a time, at an address of the node.",
      local("serves results from before a restart, on the same link"),
      local("names the machine in links when it listens on all addresses"),
      local("does not serve expired results, and removes them"),
    ),
    shown(
      "local keeps within its limit of size, removing the oldest results, and serves nothing else.",
      local("removes the oldest results above the limit"),
      local("does not serve %s"),
    ),
    shown(
      "s3 replaces the ids of job, execution and node, and date and time, in the key.",
      s3("has its placeholders replaced, with the time when the task ended"),
    ),
    shown(
      "s3 stores one compressed archive, or plain files.",
      s3("publishes every file completely", "s3, gzip"),
      s3("publishes every file completely", "s3, plain"),
    ),
    shown(
      "s3 uploads large results in parts, within the node's limit.",
      s3("are uploaded in parts"),
      s3("above the limit are not uploaded"),
    ),
    shown(
      "A failed publication names the place, never the credentials, and keeps the data.",
      s3("for %s names the place, and keeps the results"),
    ),
    shown(
      "nats stores the result in the cluster's object store, and the API serves it.",
      read("in the object store become links to this API; others stay as they are"),
      testsOf("test/int/api.test.ts")("serves results that a node published through NATS"),
    ),
    shown(
      "Results are limited in size, files and levels, and contain no pipes, sockets or devices.",
      archive("counts all files together, with the overhead of each entry"),
      archive("omits pipes, sockets and links that lead out, and waits for none of them"),
    ),
    shown(
      "A publication has its own time limit.",
      testsOf("services/compute/src/runner/time-limits.test.ts")("the time to publish > ends a publisher that %s"),
    ),
    shown(
      "The command line merges the results of all executions, or keeps a folder for each.",
      get("merges the results of all executions into a new folder, and warns of what it renames"),
      get("writes a folder for each execution with --raw"),
    ),
    shown(
      "The command line fetches nothing from addresses that are not the results' own.",
      get("fetches nothing when a node reports a link-local address"),
      testsOf("apps/cli/src/results/download.test.ts")("the address of a result > %o is refused"),
    ),
    shown(
      "Results in S3 are handed out as presigned links that expire, for the object that the task's publisher names only, unless that is turned off.",
      stores("the results of the publisher s3 > are presigned, in Bacalhau's form"),
      stores("are not signed when the node reports %s than the task's publisher names"),
      stores("are not signed when it is turned off, or for a bucket that is not listed"),
      testsOf("test/int/presigned-results.test.ts")("a presigned URL > expires"),
    ),
    shown(
      "The command line fetches presigned results.",
      testsOf("apps/cli/src/results/download.test.ts")("is fetched by its presigned URL"),
    ),
    shown(
      "s3managed publishes into the cluster's bucket: a node gets a link for one upload of an execution that it holds, and no credentials.",
      grants("gets a URL for one upload of that execution's object"),
      grants("gets none for an execution of another node"),
      testsOf("test/int/managed-results.test.ts")(
        "a node stores its result without credentials, another node cannot, and a client fetches it",
      ),
    ),
    shown(
      "Results that cannot be published are kept on the node for a time, and the failure names the place.",
      testsOf("services/compute/src/runner/steps.test.ts")("keeps what could not be published, and names the place"),
      testsOf("services/compute/src/workspace/unpublished-results.test.ts")(
        "are moved out of the workspace, and removed after their time",
      ),
      testsOf("services/compute/src/workspace/unpublished-results.test.ts")(
        "take limited space: the oldest are removed, never the newest",
      ),
    ),
    shown(
      "A large result is published within bounded memory.",
      testsOf("services/compute/src/publishers/bounded-memory.int.test.ts")(
        "with the publisher %s and %i MiB of results",
        "s3managed",
      ),
    ),
    shown(
      "ipfs publishes a folder and reports its CID, which can be another job's input.",
      testsOf("services/compute/src/publishers/ipfs/ipfs.test.ts")(
        "adds names with any characters, and folders beside files that sort between a folder and its content",
      ),
      testsOf("services/compute/src/sources/ipfs/ipfs.test.ts")("is a result that another job published"),
    ),
  ],
};
