import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const cached = testsOf("services/compute/src/input-cache/cached-source.test.ts");
const cache = testsOf("services/compute/src/input-cache/input-cache.test.ts");
const contract = testsOf("services/compute/src/sources/contract.ts");
const url = testsOf("services/compute/src/sources/url-download/url-download.test.ts");
const s3 = testsOf("services/compute/src/sources/s3/s3.test.ts");
const inline = testsOf("services/compute/src/sources/inline/inline.test.ts");
const local = testsOf("services/compute/src/sources/local/local.test.ts");
const ipfs = testsOf("services/compute/src/sources/ipfs/ipfs.test.ts");
const nats = testsOf("services/compute/src/sources/nats/nats.int.test.ts");
const room = testsOf("services/compute/src/sources/room.test.ts");

/** Where inputs come from. */
export const sources: BehaviourSection = {
  title: "Sources",
  rows: [
    shown(
      "Every source fetches a file byte for byte and a folder, concurrently, and ends when its signal fires.",
      contract("fetches a file byte for byte"),
      contract("fetches a folder"),
      contract("fetches the same input twice concurrently"),
      contract("fetches nothing once its signal has fired"),
    ),
    shown(
      "An input that does not exist fails with its reason.",
      contract("throws a Fault when the input does not exist"),
    ),
    shown(
      "Inputs are limited in size, each and together.",
      contract("fetches an input at the limit, and nothing larger"),
      room("limits all inputs together"),
    ),
    shown(
      "urlDownload fetches over HTTP and HTTPS; the file keeps its name below the target.",
      url("the file at %s is named %s"),
      testsOf("services/compute/src/runner/steps.test.ts")("places a file that has a name inside the input's target"),
    ),
    shown(
      "urlDownload tries again after an error of the server, goes on where it was, and checks a checksum.",
      url("a server with faults > is asked again after status 500"),
      url("continues where it was"),
      url("of other bytes fails the input, and names both"),
    ),
    shown(
      "urlDownload follows a limited number of redirects, and reaches no internal address unless its operator allows it.",
      url("are followed, ten at most"),
      url("redirects > to %s are refused"),
      url("%s is refused before a bid, and by fetch, by default"),
    ),
    shown(
      "s3 fetches one object, a prefix or a wildcard, over any number of pages.",
      s3("keep their paths below the folder of the key, over several pages"),
      s3("keeps its name, and can be an older version with a checksum"),
    ),
    shown(
      "s3 filters keys by a pattern, which cannot take for ever.",
      s3("are filtered"),
      s3("are not filtered by a pattern without end"),
    ),
    shown(
      "s3 fetches a version, checks a SHA-256, and goes on after a break.",
      s3("keeps its name, and can be an older version with a checksum"),
      s3("continues where it was after a break"),
      s3("starts over when it has changed meanwhile"),
    ),
    shown(
      "inline is a data URL: a file, or a folder as a compressed archive, within its limits.",
      inline("an inline file > %s holds %o"),
      inline("is unpacked with folders, links and the execute bit, but without other mode bits"),
      inline("is refused when its files together exceed the limit"),
    ),
    shown(
      "local gives only paths that its operator lists, with `**`, read-only or writable.",
      local("a local input > under %s: %s is answered with %s"),
      local("is writable only where the allow list permits it"),
      testsOf("services/compute/src/sources/local/allow-list.test.ts")("%s matches %s"),
    ),
    shown(
      "local is also named `localDirectory`, creates a folder on request where writing is allowed, and follows no link out of the list.",
      local("is also registered under its older name"),
      local("is created on request, only where writing is allowed"),
      local("follows a link only to an allowed target"),
    ),
    shown(
      "ipfs fetches a CID from a node of the operator, and checks each block against its CID.",
      ipfs("is a file of many blocks, in layers"),
      ipfs("is a folder that is divided by the hashes of its names"),
      ipfs("%s from the IPFS node fails the input"),
    ),
    shown(
      "ipfs refuses names, links and graphs that leave the folder or have no end.",
      ipfs("an entry named %j is refused"),
      ipfs("a small graph with many paths to the same blocks ends at a limit"),
    ),
    shown(
      "nats fetches objects of the cluster's object stores, which the operator lists and the NATS server lets the node read.",
      nats("is fetched with others whose names have the prefix, without removed ones"),
      nats("%s lets a job read, or refuses with the reason"),
      testsOf("libs/nats/src/results/object-reader.int.test.ts")("may not read a bucket that was not granted"),
    ),
    shown("A result in NATS is an input of another job.", nats("is a result that another job published")),
    shown(
      "Inputs are cached on a node by content, fetched once for executions that need them at the same time, and fetched again when the server has another one.",
      cache("is fetched once, and is the same for a later execution and the next process"),
      cached("fetches an object again only when it has another ETag, and for another namespace"),
      cached("is fetched again only when the server has another ETag"),
    ),
    shown(
      "The cache has a limit of size, never removes what is in use, and serves nothing that a crash left unfinished.",
      cache("removes the least recently used contents, and never one in use"),
      cache("is whole or absent, wherever a process is killed"),
    ),
    shown(
      "A cached content is not served to another namespace, except by its digest.",
      cached("is not served to another namespace, except by the digest of its content"),
    ),
    shown(
      "An operator lists the S3 buckets that tasks of each namespace may read and write.",
      testsOf("services/compute/src/sources/s3/s3.test.ts")("a list of buckets > %s lets a job of %s read"),
      testsOf("services/compute/src/publishers/s3/s3.test.ts")(
        "a list of buckets > %s lets a job write, or refuses with the reason",
      ),
    ),
    shown(
      "The history and the execution show what a node prepares: inputs with their sizes, tries and cache hits, and images.",
      testsOf("services/compute/src/runner/progress.test.ts")(
        "is reported when it takes a second, when it changes, and with the start",
      ),
      testsOf("services/compute/src/runner/progress.test.ts")(
        "shows tries and their reason, and what was on the node before",
      ),
      testsOf("libs/core/src/job/preparing.test.ts")(
        "is recorded, and shown as the message of the execution until it runs",
      ),
    ),
  ],
};
