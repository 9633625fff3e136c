import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const contract = testsOf("services/compute/src/executors/native/native.contract.test.ts");
const attacks = testsOf("services/compute/src/executors/native/attacks.test.ts");

/** The native executor. */
export const nativeExecutor: BehaviourSection = {
  title: "Native programs",
  rows: [
    shown(
      "A node whose operator allows it runs programs of the host, as an unprivileged user without capabilities.",
      attacks("is an unprivileged user without capabilities, who cannot get any"),
      contract("reports exit code %i"),
    ),
    shown(
      "A program sees neither the node's files nor other processes, and has no network unless it is granted.",
      attacks("sees neither the node's files nor other processes, and writes nowhere but in its folders"),
      attacks("has no network, unless it requests the host network"),
    ),
    shown(
      "Memory, processes, open files, disk and output are limited, with one reason each.",
      attacks("cannot take more memory than the limit in one process"),
      attacks("is ended with the reason when its processes together take too much memory"),
      attacks("cannot start more processes than the limit, and all of them end with it"),
      attacks("cannot open more files than the limit"),
      attacks("cannot write a file beyond the limit, nor output"),
    ),
    shown(
      "A halt ends everything that the program started.",
      attacks("ends at a halt although it ignores signals and leaves its session, with everything that it started"),
    ),
    shown(
      "The node's next process attaches to a program, or reports why it cannot.",
      attacks("is attached to by the node's next process, also after its end, with its exit code and its whole output"),
      attacks("is reported with the reason when its processes were killed by another program"),
    ),
  ],
};
