import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const attacks = testsOf("services/compute/src/executors/docker/limits.int.test.ts");
const logins = testsOf("services/compute/src/executors/docker/registry-credentials.test.ts");
const images = testsOf("services/compute/src/executors/docker/images.int.test.ts");
const docker = testsOf("services/compute/src/executors/docker/docker.int.test.ts");
const contract = testsOf("services/compute/src/executors/docker/docker.contract.int.test.ts");
const options = testsOf("services/compute/src/executors/docker/container-options.test.ts");
const params = testsOf("libs/proto/src/params/engines/docker.test.ts");
const ownership = testsOf("services/compute/src/executors/docker/ownership.test.ts");
const containment = testsOf("services/compute/src/executors/docker/containment.int.test.ts");
const pulls = testsOf("services/compute/src/executors/docker/pulls.int.test.ts");
const compute = testsOf("services/compute/src/restart.int.test.ts");
const container = (row: string) => options("a container > for a workload with %s", row);

/** The Docker executor. */
export const dockerExecutor: BehaviourSection = {
  title: "Docker",
  rows: [
    shown(
      "Docker needs an image; entry point, parameters, variables and an absolute working directory are optional.",
      params("need only an image"),
      params("%o are refused with the reason", "here"),
    ),
    shown(
      "A container runs with its entry point, parameters and working directory.",
      docker("runs in the working directory, with entry point and parameters"),
    ),
    shown(
      "An unknown param, such as a privileged mode, is refused.",
      params("%o are refused with the reason", "Privileged"),
    ),
    shown(
      "A missing image and a missing command are failures that no retry repairs, each with its name.",
      pulls("reports a missing image as a final failure"),
      docker("names a missing command, and marks the failure as final"),
    ),
    shown(
      "Concurrent tasks share one pull of an image; a registry that is silent or away is left, for another node.",
      pulls("shares one pull between concurrent workloads of one image, and logs to all of them"),
      pulls("gives up on a registry that is silent for too long"),
      pulls("fails with a retry on another node when the registry cannot be reached"),
    ),
    shown(
      "Labels of a container name job, execution, namespace, node and instance.",
      ownership("labels name the node, its instance, the execution, its job and its namespace"),
    ),
    shown(
      "Clean-up never touches containers of another node or cluster.",
      docker("separates the nodes that share an engine"),
      docker("separates nodes of one name in different clusters, and finds its own containers"),
    ),
    shown(
      "After a restart of the node a container is attached again, with its output from the beginning and its exit code.",
      docker("is found running by the next process, with its output from the beginning"),
      docker("is found by the next process after its end, until it is swept"),
      compute("finds its container: started once, with its output, its results and its end"),
    ),
    shown("One execution has one container.", docker("does not start one execution twice")),
    shown(
      "A container that exceeds its memory ends with that reason.",
      docker("fails a workload that exceeds its memory limit"),
    ),
    shown(
      "Memory, processors, disk and the number of processes have limits.",
      container("a memory limit, which swap does not widen"),
      container("one and a half cores"),
      container("a disk limit"),
      containment("that forks without end reaches its limit of processes, and affects no other container"),
    ),
    shown(
      "A container has no capabilities and gains no privileges; a read-only root is a setting of the node.",
      docker("limits processes, processors and rights"),
      containment("can write only to its results and to /tmp where its node makes the rest read-only"),
    ),
    shown(
      "Inputs are mounted read-only unless their source and the node allow more.",
      docker("allows a workload to write an input only when requested"),
      contract("prevents a write of %s into an input"),
    ),
    shown(
      "A halt is SIGTERM first and SIGKILL later.",
      docker("halts with SIGTERM first"),
      docker("halts with SIGKILL when SIGTERM has no effect"),
    ),
    shown(
      "Output is complete, with standard output and standard error apart.",
      docker("delivers a large output completely, with stdout and stderr separate"),
      contract("delivers the output before the exit"),
    ),
    shown(
      "The exit code is the program's.",
      contract("reports exit code %i"),
      docker("keeps an exit code of 127 from the program itself"),
    ),
    shown(
      "An engine that is not there, too old or silent is reported with its reason, and the node offers no docker.",
      testsOf("services/compute/src/executors/docker/availability.int.test.ts")("when nothing listens"),
      testsOf("services/compute/src/heartbeat/heartbeat.test.ts")(
        "publishes the availability of parts, without checking them each time",
      ),
    ),
    shown(
      "Images are pulled with the login of their registry, which no message contains.",
      images("of a closed registry are pulled with its login, and run by their digest"),
      images("are refused without a login, and with a wrong one, which no message contains"),
      logins("are read from both forms of Docker's file, and for the hub from the environment"),
    ),
    shown(
      "An execution that starts again runs the same digest of its image, although the tag has moved.",
      images("stay the same for an execution that starts again, although the tag has moved"),
    ),
    shown(
      "GPUs of NVIDIA are requested of the engine, those of AMD and Intel are mounted as devices.",
      testsOf("services/compute/src/executors/docker/gpu-options.int.test.ts")(
        "of NVIDIA are requested by their UUID, or by their index",
      ),
      testsOf("services/compute/src/executors/docker/gpu-options.int.test.ts")("without a device node are refused"),
    ),
    shown(
      "A task that attacks a limit of memory, processors, open files, disk or time is held or ended, and named.",
      attacks("memory: a child that takes too much is reported, although its parent goes on"),
      attacks("CPU: programs that spin are throttled to the task's share"),
      attacks("descriptors: a task cannot raise its limit of open files, and dumps no memory"),
      attacks("disk: a task that writes %s without end is ended"),
      attacks("time: a task that ignores the request to end is ended"),
    ),
  ],
};
