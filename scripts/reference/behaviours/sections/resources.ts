import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const quantities = testsOf("libs/proto/src/quantities.test.ts");
const schedule = testsOf("libs/core/src/schedule/schedule.test.ts");
const machine = testsOf("services/compute/src/capacity/machine.test.ts");
const newVersion = testsOf("libs/core/src/job/new-version.test.ts");

/** What a task requests. */
export const resources: BehaviourSection = {
  title: "Resources",
  rows: [
    shown(
      "CPU is a quantity such as `500m`, `0.5` or `2`; memory and disk are sizes with decimal or binary units in any case; GPUs are a whole number.",
      quantities("%o parses %s"),
      quantities("accept every unit in any case"),
    ),
    shown(
      "A quantity that cannot be read is refused and quoted.",
      quantities("%o refuses %s and quotes it"),
      testsOf("libs/proto/src/job/validation.test.ts")("a job is refused > %s", "with a part of a GPU"),
    ),
    shown(
      "A task that names no resources gets half a core and 512 MB.",
      schedule("are half a core and 512 MB when it names none, or what cannot be read"),
    ),
    shown(
      "Two spellings of one quantity are no change of a spec.",
      newVersion(
        "refuses an unchanged spec without force, whatever the server added and however quantities are written",
      ),
    ),
    shown(
      "An execution shows the resources that it was given.",
      testsOf("libs/core/src/job/entity.test.ts")(
        "has its node, its place and its resources, and no outcome before it ends",
      ),
    ),
    shown(
      "Sums of resources have no rounding errors: what fits n times is placed n times.",
      quantities("are unchanged after an addition and the same subtraction, without rounding errors"),
      quantities("fit n times into a core as shares of 1/n, despite rounding"),
    ),
    shown(
      "A node offers 80 % of its machine and all GPUs by default, or the amounts and shares that its operator sets.",
      machine("are 80 % of the machine by default, in whole bytes, and all GPUs"),
      machine("are the configured amounts or shares"),
    ),
    shown(
      "Each job type has its own defaults of priority, resources, timeouts and publisher; what a job sets wins.",
      testsOf("services/requester/src/commands/job-defaults.test.ts")(
        "fill what a job does not set, and nothing of the other types",
      ),
      testsOf("services/requester/src/commands/job-defaults.test.ts")("change nothing that a job sets"),
    ),
    shown(
      "A node detects GPUs of NVIDIA, AMD and Intel by their tools, and shows each with name, vendor, memory and address, and labels for it.",
      testsOf("services/compute/src/capacity/gpus/detect-gpus.test.ts")(
        "reads the tools of all vendors, and numbers the devices over all of them",
      ),
      testsOf("libs/core/src/node/entity.test.ts")("has its GPUs as Bacalhau names them"),
    ),
  ],
};
