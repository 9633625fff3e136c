import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const ledger = testsOf("services/compute/src/capacity/ledger.test.ts");
const machine = testsOf("services/compute/src/capacity/machine.test.ts");
const compute = testsOf("services/compute/src/create-compute.test.ts");
const reservation = testsOf("services/compute/src/capacity/reservation.test.ts");

/** What a node gives to its tasks. */
export const capacity: BehaviourSection = {
  title: "Capacity",
  rows: [
    shown(
      "The sum of all holds and executions never exceeds the node's capacity.",
      ledger("is never over-committed, agrees with a recount, and ends empty"),
    ),
    shown(
      "The limit of one task is the node's capacity, or what its operator sets.",
      machine("are the limit of one task by default"),
    ),
    shown(
      "An execution that does not fit is refused, for another node.",
      compute("refuses what does not fit, for another node"),
    ),
    shown(
      "Resources are free again once an execution has really ended.",
      compute("releases the resources and sweeps the engine once an execution is done"),
      compute("releases the resources of a halted execution only after its end"),
    ),
    shown(
      "Executions that go on over a restart of the node count as used.",
      compute("counts resumed executions as resources in use"),
    ),
    shown(
      "A node that reserves its room for a waiting job does not block others of a higher priority.",
      reservation("does not block jobs of a higher priority, and blocks those of the same"),
      reservation("reserves freed resources until they suffice for both"),
    ),
    shown(
      "Inputs, output and results of a task are limited while they are written.",
      testsOf("services/compute/src/sources/room.test.ts")("limits all inputs together"),
      compute("ends a task at its output limit, without a retry"),
      testsOf("services/compute/src/disk-full.int.test.ts")(
        "fails results that do not fit, and leaves no unfinished file behind",
      ),
    ),
    shown(
      "A node may promise its cores several times, and no more than it has of anything else.",
      testsOf("services/compute/src/capacity/machine.test.ts")(
        "have more cores than the machine when its operator oversubscribes them, and no more of the rest",
      ),
    ),
    shown(
      "An execution gets certain GPUs, which no other execution has, also after a restart of the node.",
      testsOf("services/compute/src/grants/grants.test.ts")(
        "the GPUs of a node > belong to one execution each, until it ends",
      ),
      testsOf("services/compute/src/grants/grants.test.ts")(
        "the GPUs of a node > stay with their execution over a restart, whatever their index is then",
      ),
      testsOf("services/compute/src/grants/restart.test.ts")(
        "gives an execution that runs again the same device, and another one the rest",
      ),
    ),
  ],
};
