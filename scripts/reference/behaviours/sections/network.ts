import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const domains = testsOf("services/compute/src/network/domain-list.test.ts");
const grants = testsOf("services/compute/src/grants/grants.test.ts");
const proxy = testsOf("services/compute/src/network/filtering-proxy.test.ts");
const docker = testsOf("services/compute/src/executors/docker/networks.int.test.ts");
const specs = testsOf("libs/proto/src/job/network.test.ts");
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
    shown(
      "HTTP needs at least one domain: a host name, `.example.org` with all below it, or an address.",
      specs("the network of a task > may be %j"),
      specs("the network of a task > is refused: %s"),
      domains("a list of domains > allows %s"),
      domains("a list of domains > does not allow %s"),
    ),
    shown(
      "A task with network HTTP reaches the listed domains only, through a proxy of the node that names the job in a header.",
      docker("http reaches an allowed host through the proxy, with the job's id, and another one not"),
      docker("http tunnels to an allowed host, and sets the variables in both spellings"),
    ),
    shown(
      "A task with network HTTP has no other way out, and does not reach a listed name that leads to an internal address.",
      docker("http has no other way out: only loopback, no route, no name server, not this machine"),
      proxy("refuses an allowed name that resolves to %s, even where the operator allows such addresses"),
      proxy("connects to the address that it has checked, not to a later one"),
    ),
    shown(
      "Names, static numbers and targets of ports are unique in a task; a target goes with the bridge only.",
      specs("the network of a task > is refused: %s"),
    ),
    shown(
      "A port gets a free number of the node's range, once at a time, and is published.",
      grants("are given once, and again after their release"),
      grants("are not given twice to tasks that ask at once"),
      docker("bridge publishes the ports of the task, which it finds in its environment"),
    ),
    shown(
      "A static port that is taken refuses the bid for now.",
      grants("that are fixed are refused while another execution or program has them"),
      testsOf("services/compute/src/bidder/bidder.test.ts")("is busy while a port that the task names is taken"),
    ),
    shown(
      "Ports stay with their execution over a restart of the node.",
      grants("survive a restart of the node with their execution"),
    ),
  ],
};
