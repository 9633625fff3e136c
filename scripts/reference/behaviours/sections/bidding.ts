import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const policies = testsOf("services/compute/src/bidder/policies/policies.test.ts");
const bidder = testsOf("services/compute/src/bidder/bidder.test.ts");
const probes = testsOf("services/compute/src/bidder/probes/probes.test.ts");
const refuses = (row: string) => policies("…, as a bid policy > refuses with a reason that contains %s", row);

/** What a node bids for. */
export const bidding: BehaviourSection = {
  title: "Bidding",
  rows: [
    shown(
      "Each policy must accept; the refusal names the policy and its reason.",
      policies("name the policy that refuses"),
    ),
    shown("A policy that fails refuses.", policies("refuse when an evaluation throws")),
    shown(
      "A node refuses an engine, source or publisher that it lacks, or whose params are wrong.",
      refuses("mainframe"),
      refuses("ExitCode"),
      refuses("cave"),
      refuses("Book"),
      refuses("pigeon"),
      refuses("To"),
    ),
    shown(
      "A source refuses before the bid what its operator does not allow.",
      refuses("banned"),
      testsOf("services/compute/src/sources/contract.ts")(
        "refuses with a sentence, and does not fetch what it refuses",
      ),
    ),
    shown("A node refuses a task that is larger than its limit for one task.", refuses("cpuCores")),
    shown("A node refuses labels that it does not have.", refuses("zone"), refuses("gpu")),
    shown(
      "A node refuses paths that leave the task's root or break its results.",
      refuses("/a/../../etc"),
      refuses("../up"),
      refuses("stdOUT"),
    ),
    shown(
      "A bid is scored by free resources and preferred labels.",
      policies("score preferred labels and free resources"),
    ),
    shown(
      "A bid holds the resources until it is used, released or too old.",
      bidder("bids for what fits, and holds the resources"),
      testsOf("services/compute/src/capacity/ledger.test.ts")("expires the rest of a hold, and keeps what was taken"),
    ),
    shown(
      "A node without free resources says that it is busy, which is no refusal for good.",
      bidder("is busy only when no resources are free"),
    ),
    shown(
      "One failing ask does not affect the others of its batch.",
      bidder("answers every ask of a batch, even when one of them fails"),
    ),
    shown(
      "A node that does not answer is asked less and less often.",
      testsOf("services/requester/src/owner/scheduler/node-rooms.test.ts")(
        "is asked again after a second, then half as often each time, and finally every 30 s",
      ),
    ),
    shown(
      "A node may take only jobs with an input that is local to it.",
      refuses("an input on this node (selection.locality)"),
    ),
    shown("A node may reject jobs without inputs.", refuses("without inputs (selection.rejectStateless)")),
    shown(
      "A command of the operator accepts or refuses each ask: exit code 0 accepts, and the request is on its stdin and in its environment.",
      probes("accepts by exit code 0, and reads the request on stdin and in its environment"),
      probes("refuses by any other exit code, with the first line of its output"),
      refuses("it is odd"),
    ),
    shown(
      "An HTTP service of the operator accepts or refuses each ask, by its status or by its verdict with a reason.",
      probes("posts the request as JSON"),
      probes("answers status %i with %s"),
    ),
    shown(
      "A probe that gives no verdict refuses for now; verdicts are stored for a minute and are limited in number.",
      probes("gives no verdict when it does not end in time, is killed or cannot start; its children end"),
      probes("run in a bounded number at once, and too many are refused for now"),
    ),
    shown(
      "A node refuses an image that does not run on its system and architecture.",
      testsOf("services/compute/src/executors/docker/images.int.test.ts")(
        "for another platform are refused before a bid, when the engine has them and when only the registry has",
      ),
    ),
  ],
};
