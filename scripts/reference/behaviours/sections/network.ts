import { type BehaviourSection, notYet, shown, testsOf } from "../behaviour.ts";

const validation = testsOf("libs/proto/src/job/validation.test.ts");
const policies = testsOf("services/compute/src/bidder/policies/policies.test.ts");
const given = testsOf("services/compute/src/runner/prepare/network.test.ts");
const refused = (row: string) => validation("a job is refused > %s", row);

/** The network of a task. */
export const network: BehaviourSection = {
  title: "Network",
  rows: [
    shown(
      "A network type is default, none, host, full, HTTP or bridge, in any case; others are refused.",
      validation("a network is one of Bacalhau's words in any case"),
      refused("with an unknown network"),
    ),
    shown("Domains go with HTTP only.", refused("with domains on a bridge")),
    shown(
      "Ports go with host and bridge only; a port has a name that a variable can have, and a static one is at least 1024.",
      refused("with ports without a network"),
      refused("with a port's name that no variable can have"),
      refused("with a static port below 1024"),
    ),
    shown(
      "`full` is the host network, which a node grants to no task unless its operator allows it.",
      policies("…, as a bid policy > refuses with a reason that contains %s", "network full is the host network"),
      policies("grant the host network where the node's owner allows it"),
    ),
    shown(
      "A node may reject networks: it refuses tasks that name one, and gives the others none.",
      policies("refuse networks where the node rejects them"),
      given("is none for every task on a node that rejects networks"),
    ),
    shown(
      "The network default is the bridge with docker; a Wasm module has no network.",
      given("with %s is %s", "bridge"),
      testsOf("libs/wasi-sandbox/src/isolation.test.ts")("… connect to the node's loopback network"),
    ),
    shown(
      "A container with the network none has only loopback; on the bridge it has its own interface.",
      testsOf("services/compute/src/executors/docker/docker.int.test.ts")("has only its own interfaces on network %s"),
    ),
    notYet(
      "HTTP needs at least one domain: a host name, `.example.org` with all below it, or an address.",
      "network HTTP",
    ),
    notYet("A task with network HTTP reaches the listed domains only, through a proxy of the node.", "network HTTP"),
    notYet(
      "Names, static numbers and targets of ports are unique in a task; a target goes with the bridge only.",
      "ports",
    ),
    notYet("A port gets a free number of the node's range; a static one that is taken refuses the bid.", "ports"),
  ],
};
