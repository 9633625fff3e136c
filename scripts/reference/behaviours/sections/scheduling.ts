import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const explain = testsOf("libs/core/src/explain/explain-job.test.ts");
const large = testsOf("libs/core/src/job/large-jobs.test.ts");
const schedule = testsOf("libs/core/src/schedule/schedule.test.ts");
const filters = testsOf("libs/core/src/schedule/filters/filters.contract.test.ts");
const scheduler = testsOf("services/requester/src/owner/scheduler/scheduler.test.ts");
const others = testsOf("services/requester/src/owner/scheduler/other-queues.test.ts");
const quota = testsOf("services/requester/src/owner/scheduler/quota.test.ts");
const order = testsOf("services/requester/src/owner/scheduler/queue-order.test.ts");
const queue = testsOf("services/requester/src/owner/scheduler/pending-queue.test.ts");
const decide = testsOf("libs/core/src/job/decide.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");
const scenario = (description: string) => scenarios("$description", description);
const refuses = (filter: string) => filters("…, as a filter > refuses the others with a reason", filter);

/** How nodes are chosen, and what waits. */
export const scheduling: BehaviourSection = {
  title: "Scheduling",
  rows: [
    shown(
      "A node is asked only when it has the engine, the sources and the publisher, and its labels and size fit.",
      refuses("engine"),
      refuses("sources"),
      refuses("publisher"),
      refuses("labels"),
      refuses("size"),
    ),
    shown("A node that speaks another level of the protocol is not asked.", refuses("protocol")),
    shown(
      "A job that no node fits names each reason with the number of nodes.",
      schedule("a shortage names what was requested, what fits, and each reason with its count"),
      scenario("a job whose engine no node has fails at once, and names the reason"),
    ),
    shown(
      "Nodes are ranked by the free share of their scarcest resource, then by preferences, with a little chance between equal ones.",
      schedule("is by the free share of its scarcest resource"),
      schedule("is random among equal nodes, by less than a twentieth of the capacity"),
    ),
    shown(
      "A node on which the job failed ranks below all others, and is still tried when no other has room.",
      schedule("is below all others after failures of the job, and the more failures the lower"),
      testsOf("services/requester/src/owner/scheduler/assign-slots.test.ts")(
        "begins with the fewest failures, whatever the bids, and leaves out no node that has room",
      ),
    ),
    shown(
      "Slots of one job are spread over the nodes, and no node gets more than it offered.",
      testsOf("services/requester/src/owner/scheduler/assign-slots.test.ts")(
        "begins with the best and spreads over every node",
      ),
      testsOf("services/requester/src/owner/scheduler/assign-slots.test.ts")("gives no node more than it offered"),
    ),
    shown(
      "That no node fits is recorded only after every node has refused for good, and not while nodes may be unknown.",
      scheduler("asks until every node has refused permanently, and only then records that none fits"),
      testsOf("services/requester/src/nodes/membership.test.ts")("is not before the nodes had time to send heartbeats"),
    ),
    shown(
      "A queued job starts when room becomes free or a node joins, by an event and not by polling.",
      scheduler("start by priority, then each namespace in turn, then by age, as soon as a heartbeat shows room"),
      scheduler("are retried when a fitting node joins, and do not fail before that"),
      scenario("a job without a suitable node waits up to its queue timeout, and starts when such a node joins"),
    ),
    shown(
      "Waiting jobs are ordered by priority, then by turns of their namespaces, then by age.",
      queue("orders by priority, then each namespace in turn, then by age"),
      order("take turns by namespace: a thousand jobs of one in many lanes do not delay the first of another"),
      scenario("jobs of equal priority get room by turns of their namespaces, not by age alone (ADR 17)"),
    ),
    shown(
      "A small job starts on room that a large one before it cannot use.",
      scenario("a small job starts on room that the large one before it cannot use (ADR 17)"),
      scheduler("do not block smaller ones from room that they cannot use"),
    ),
    shown(
      "A large job that has waited for long reserves the room of a node: it does not starve.",
      scenario("a large job that has waited for long enough reserves the room of one node (ADR 17)"),
      testsOf("test/sim/large-job.test.ts")(
        "starts on a node that reserves room for it, while small ones continue on the other nodes",
      ),
      testsOf("services/requester/src/owner/scheduler/no-starvation.property.test.ts")(
        "all start where they fit, and all complete (seed %i)",
      ),
    ),
    shown(
      "The state of a waiting job is queued, with the reason; while other slots run it is running.",
      decide("waiting > records the same reason once"),
      decide("records which slots wait beside running ones, and nothing when none waits"),
    ),
    shown(
      "Retries have a limit of attempts and growing pauses, and the job's failure names the first cause.",
      decide("of a failure lead to retries, first at once and then later, until attempts are exhausted"),
      testsOf("libs/core/src/job/job-types/standing.test.ts")(
        "fails once its retry policy gives up, with the first cause",
      ),
    ),
    shown(
      "A slot has one bidding round at a time, and one placement: a second one is refused.",
      decide("refuses a second placement of the same partition"),
      testsOf("services/requester/src/owner/scheduler/collect-bids.test.ts")(
        "counts no bid of another node or another ask",
      ),
    ),
    shown(
      "Bids that are not used are released on every node.",
      testsOf("services/requester/src/owner/scheduler/refused-placement.test.ts")(
        "a placement that %s releases the room on every node",
      ),
      testsOf("services/requester/src/owner/scheduler/collect-bids.test.ts")(
        "decides when more than half have answered with enough room, and releases late bids",
      ),
    ),
    shown(
      "In a large cluster a job finds the few nodes that it fits.",
      scheduler("of %i nodes places every job that only %i of them fit"),
    ),
    shown(
      "Waiting jobs cost nodes a bounded number of asks.",
      scheduler("cost no asks while heartbeats show no freed room, and start when they do"),
      scheduler("cost at most 2 asks per node and second when nodes refuse for a reason other than the room they show"),
    ),
    shown(
      "A job of a higher priority gets room first also when another requester owns it, within three seconds.",
      others("leaves the room to a waiting job of another requester, for three seconds after the node shows it"),
      others("waits no longer than three seconds for a requester that is silent"),
    ),
    shown(
      "A namespace with a quota runs no more than it; its other jobs wait with that reason.",
      quota("of %s runs no more, and the other jobs wait with the reason"),
      quota("starts the next job as soon as one has ended, in order of priority"),
      quota("counts what the other requesters report, for three seconds"),
    ),
    shown(
      "A job that is larger than its namespace's quota is refused with what to do.",
      quota("refuses a job that is larger than the quota with what to do"),
    ),
    shown(
      "A job of 10,000 partitions is accepted, and stopped by one commit within its limit.",
      large("is the largest that a spec may have"),
      large("is stopped by one commit within its limit, however fragmented its live slots are"),
    ),
    shown(
      "`shoal job explain` answers from the log why a slot is on its node, with the other bids and the refusals.",
      explain("has its rank, the other bids, and the refusals by reason"),
      testsOf("apps/cli/src/commands/job/explain.test.ts")("job explain prints each reason on a line"),
    ),
    shown(
      "It answers why a job waits, what would let it start, and why it failed.",
      explain("is the last record of the log, with the refusals of that time by name"),
      explain("follows from the present nodes: %s"),
      explain("is the first failure of its task, with a hint"),
      testsOf("services/requester/src/http/explain.test.ts")(
        "a job that waits is explained by its log and the nodes of the moment",
      ),
    ),
  ],
};
