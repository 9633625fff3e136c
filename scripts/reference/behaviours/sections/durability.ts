import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const shard = testsOf("services/requester/src/owner/shard/shard.test.ts");
const once = testsOf("services/requester/src/owner/aggregate/actor-decides-once.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");
const scenario = (description: string) => scenarios("$description", description);
const admission = testsOf("services/requester/src/http/admission.test.ts");

/** The log, requesters and their failures. */
export const durability: BehaviourSection = {
  title: "Requesters and the log",
  rows: [
    shown(
      "Every state change is an event of the log, from which each state is folded.",
      testsOf("libs/core/src/job/job.property.test.ts")("the log folds to the same job"),
      testsOf("libs/core/src/json-events.test.ts")("equals its own JSON round trip"),
    ),
    shown(
      "Views are rebuilt from the log, byte for byte, by a command and by themselves.",
      testsOf("services/requester/src/verify/rebuild.int.test.ts")(
        "restores %s, purged or deleted and created again, every entry byte for byte",
      ),
      testsOf("test/int/lost-buckets.test.ts")("comes back when it is deleted while everything runs"),
    ),
    shown(
      "Several requesters share the jobs; when one dies another one continues its jobs.",
      scenario("another requester takes over the jobs of a failed one"),
      testsOf("test/int/crash-requester.test.ts")(
        "keeps every promise when a requester is killed under load and started again",
      ),
    ),
    shown(
      "Waiting, retries and deadlines survive a restart: a new owner computes them from the log.",
      shard("projects the commits after the positions, and leaves no assignment of an execution that has ended since"),
      testsOf("test/int/restart-all.test.ts")(
        "has all jobs, and ends them, after a stop and a restart of all processes",
      ),
      testsOf("libs/core/src/job/job.property.test.ts")(
        "an unsettled job has a slot to place, a due command, or a time of the next reaction",
      ),
    ),
    shown(
      "Several writers of one job cannot overwrite each other: one wins, the others decide again.",
      testsOf("libs/core/src/testing/contracts/event-log.contract.ts")("lets one of many writers win"),
      once("with one that was faster 20 times does not end the command (owner: %s)"),
    ),
    shown(
      "A requester that was paused for longer than its lease writes nothing.",
      testsOf("test/int/crash-paused-owner.test.ts")(
        "refuses the writes of an owner that was paused longer than its lease",
      ),
      scenario("a requester that was paused for longer than its leases records nothing a second time"),
    ),
    shown(
      "A commit whose acknowledgement was lost is not written twice.",
      once("a commit whose acknowledgement was lost is not written twice (with an id: %s)"),
    ),
    shown(
      "A command with an id is decided once, also when it is repeated at another requester.",
      once("is decided once also when another process gets the repeat, with and without the lease"),
    ),
    shown(
      "An outage of NATS loses nothing: the nodes report what happened when it is back.",
      scenario("running work survives an outage of NATS: the nodes report its end when NATS is back"),
      testsOf("test/int/nats-away.test.ts")(
        "delivers every end during an outage of the server, and runs no execution twice",
      ),
      testsOf("test/int/crash-log.test.ts")(
        "keeps every promise when the NATS server is killed under load, and no other process needs a restart",
      ),
    ),
    shown(
      "One aggregate that cannot be read is set aside with its reason, and the others continue.",
      shard("is quarantined with reason and position, and the others continue"),
      testsOf("test/sim/quarantine.test.ts")(
        "does not affect other aggregates of its shard, at the requester's start or while it runs",
      ),
    ),
    shown(
      "Live events reach listeners once each and in order, and a listener resumes after any of them.",
      testsOf("test/int/api.test.ts")("resumes the feed after any event, without loss or repetition"),
      testsOf("services/requester/src/http/feed/live-events.int.test.ts")(
        "sends each listener every event after its position, once and in order",
      ),
    ),
    shown(
      "A client above its rate is refused until time has passed, and so are submissions above the number of open jobs.",
      admission("refuses a client above its rate limit, until time has passed"),
      testsOf("services/requester/src/commands/open-limit.test.ts")(
        "refuses submissions above a shard's limit, at its owner and at other requesters, until a job has ended",
      ),
    ),
    shown("A client that is too old is refused with its version.", admission("answers a client of version %s with %i")),
    shown(
      "Reports of nodes are numbered: one that is repeated or late changes nothing.",
      testsOf("libs/core/src/job/decide.test.ts")("are recorded by number, and a recorded number has no effect"),
      scenario("a report about another node's execution is refused, and changes nothing"),
    ),
    shown(
      "A cluster is upgraded requester by requester, with a way back until the upgrade is finished.",
      testsOf("test/int/two-versions.test.ts")(
        "upgrades requester by requester, allows a rollback until the upgrade is finished, without loss, forks or flapping leases",
      ),
    ),
    shown(
      "A whole simulated cluster keeps these promises under seeded faults.",
      testsOf("test/sim/sim.test.ts")("… seeds reach a correct final state despite their faults"),
    ),
  ],
};
