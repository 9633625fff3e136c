import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const decide = testsOf("libs/core/src/node/decide.test.ts");
const entity = testsOf("libs/core/src/node/entity.test.ts");
const orders = testsOf("libs/core/src/node/operator-orders.test.ts");
const life = testsOf("libs/core/src/job/node-life.test.ts");
const api = testsOf("services/requester/src/http/nodes.test.ts");
const read = testsOf("services/requester/src/http/read.test.ts");
const membership = testsOf("services/requester/src/nodes/membership.test.ts");
const controller = testsOf("services/requester/src/nodes/membership-controller.test.ts");
const heartbeat = testsOf("services/compute/src/heartbeat/heartbeat.test.ts");
const scenarios = testsOf("test/scenarios/scenarios.test.ts");
const scenario = (description: string) => scenarios("$description", description);

/** How nodes join, leave and are ordered. */
export const nodes: BehaviourSection = {
  title: "Nodes",
  rows: [
    shown(
      "A node joins with its first heartbeat, and is connected again with a later one.",
      decide("joins with its first heartbeat, and reconnects with a later one"),
    ),
    shown(
      "Heartbeats come at an interval, and at once when room becomes free; the last one is a goodbye.",
      heartbeat("is sent at the start, at every interval, and last with a goodbye"),
      heartbeat("is sent at once when resources become free, once per tick"),
    ),
    shown(
      "A change of what a node offers is recorded; its load is not.",
      decide("records a change of its offer, and a restart"),
      decide("records nothing while only its load changes"),
    ),
    shown(
      "A node that is silent is disconnected, with the reason, and its executions are placed elsewhere.",
      controller("records a silent node as disconnected as soon as the log answers, after a failed attempt"),
      entity("is connected, or disconnected with the reason"),
      scenario("the executions of a failed node are retried on other nodes"),
    ),
    shown(
      "No job is placed on a node that is disconnected.",
      membership("a node that the log records as disconnected is not asked, whatever heartbeats still arrive"),
    ),
    shown(
      "A node that stays away is forgotten, and joins again as a new one.",
      decide("is forgotten after the time of the command, by default seven days, and joins again"),
      scenario("a node that stays away is forgotten, and joins as a new one when it comes back"),
    ),
    shown(
      "A node is approved when it joins, unless an operator must do it.",
      orders("is given when it joins, unless an operator must give it"),
      controller("records a node that joins as waiting for approval when an operator must give it"),
    ),
    shown(
      "An operator approves and rejects a node with a message; a second time is refused.",
      api("a node that waits for approval is listed as such, and approved with a message and its actor"),
      api("a node is rejected once, and listed as rejected"),
      orders("is changed by an operator, once"),
    ),
    shown(
      "A node without approval gets no asks, and its reports are refused.",
      membership("is not asked while it %s, and is asked again after that"),
      testsOf("services/requester/src/owner/shard/decide-report.test.ts")(
        "a report of a node that is not approved is refused without a decision",
      ),
    ),
    shown(
      "The executions of a node that is rejected or deleted are lost at once, and placed elsewhere.",
      life("is lost at once when the node is rejected or deleted"),
    ),
    shown(
      "A deleted node is forgotten; it may join again as a new one.",
      api("a deleted node is not known any more"),
      orders("is settled, and joins as a new one without its approval and its drain"),
    ),
    shown(
      "An order to an unknown node, or one that is not there, is refused.",
      api("an order to $id of $order is refused"),
    ),
    shown(
      "A node's history has what happened to it and what caused it, also after it is deleted or forgotten.",
      api("a node's history has what happened and what caused it, page by page, also after it is forgotten"),
    ),
    shown(
      "A node is drained: it gets no new work, finishes what runs up to a deadline, and the rest is moved without a retry.",
      api("a node is drained with a deadline, and gets work again"),
      life("finishes batch work until the deadline, and then the work is placed again"),
      life("does not count against the retries of a task: it is moved any number of times"),
    ),
    shown(
      "A drain outlives restarts of the node and of requesters.",
      orders("outlives a restart of the node, its disconnection and its return"),
    ),
    shown(
      "A task says how long its execution waits for a node that is cut off.",
      life("waits for the node as long as its task allows, and is lost then"),
      life("continues when the node is back in time, and nothing replaces it"),
    ),
    shown(
      "A node that is cut off for longer than a task allows stops it by itself.",
      testsOf("services/compute/src/agent/contact-watch.test.ts")(
        "stops each execution at the limit of its task, counted from the last question that was answered",
      ),
    ),
    shown(
      "Nodes are listed with labels, state, load and build, together with the live requesters.",
      read("are listed, with the requester that answers"),
      read("are listed with every live requester, and the shards of each"),
      read("show the load of their last heartbeat"),
      entity("has what it advertises, and its build"),
    ),
    shown(
      "The lists of nodes are filtered by labels, state and approval.",
      read("are filtered by labels and state"),
      api("a node that waits for approval is listed as such, and approved with a message and its actor"),
    ),
    shown(
      "Two processes with one node id do not both run.",
      testsOf("services/compute/src/heartbeat/identity.test.ts")(
        "do not both run: the starting one gives way, whatever its clock says",
      ),
    ),
    shown(
      "A node may use its own subjects and no others.",
      testsOf("libs/nats/src/rights/rights.int.test.ts")("a node may not > publish: %s"),
      testsOf("libs/nats/src/rights/rights.int.test.ts")("a node with the rights of a node > can do all its work"),
    ),
  ],
};
