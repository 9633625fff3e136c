import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const shared = testsOf("libs/wasi-sandbox/src/namespace-pool.test.ts");
const http = testsOf("services/compute/src/executors/wasm/http-call.test.ts");
const modules = testsOf("libs/wasi-sandbox/src/modules.test.ts");
const preview = testsOf("libs/wasi-sandbox/src/preview1.test.ts");
const limits = testsOf("libs/wasi-sandbox/src/limits.test.ts");
const paths = testsOf("libs/wasi-sandbox/src/escape.test.ts");
const hostile = testsOf("services/compute/src/executors/wasm/hostile-guests.test.ts");
const contract = testsOf("services/compute/src/executors/wasm/wasm.contract.test.ts");
const clients = testsOf("services/requester/src/http/real-clients.test.ts");

/** The Wasm executor. */
export const wasmExecutor: BehaviourSection = {
  title: "Wasm",
  rows: [
    shown(
      "The entry module is the path of an input, absolute or from the task's root.",
      modules("is resolved from the task's root, and is imported under its own name"),
      modules("does not exist: %s"),
      clients("is accepted with relative targets, which begin at the task's root"),
    ),
    shown(
      "A module that is none, or that the engine refuses, fails with its path.",
      modules("a module that cannot run > %s: a Fault names its path"),
    ),
    shown(
      "The entry function is `_start` or the one that the task names; a missing one is named.",
      modules("import each other by path, and a library is initialized before it is used"),
      modules("lacks the entry function"),
    ),
    shown(
      "Modules may import other modules by their path; what nothing provides is named.",
      modules("import each other by path, and a library is initialized before it is used"),
      modules("imports what no module provides: the message names it"),
    ),
    shown(
      "A module has the functions of WASI preview 1, and no other.",
      preview("has every function of its specification and no other"),
    ),
    shown("A module gets its arguments and environment.", preview("passes arguments and environment")),
    shown(
      "Inputs are read-only, and each result path is a folder that the module writes.",
      contract("reads its inputs and returns its outputs"),
      contract("prevents a write of %s into an input"),
      paths("changes nothing in a read-only volume, nor in its root"),
    ),
    shown(
      "A module reaches nothing outside its tree.",
      paths("leads to nothing outside the guest's tree"),
      testsOf("libs/wasi-sandbox/src/sandbox-process.test.ts")("a guest's process > cannot %s"),
    ),
    shown(
      "Memory is limited to what the task requests, at most what 32 bits address.",
      limits("grows exactly to the task's limit"),
      testsOf("libs/wasi-sandbox/src/module-memory.test.ts")("never exceeds what 32 bits address"),
    ),
    shown(
      "A module that needs more memory ends with that reason.",
      limits("is named as the reason when the guest aborts because it has too little"),
    ),
    shown(
      "An endless module ends at its deadline, also in its start function, and when its job is stopped.",
      hostile("is stopped at its deadline, also in its start function"),
      hostile("is stopped with its job, also in its start function"),
    ),
    shown(
      "Processors and processes are limited where the system has cgroups.",
      testsOf("libs/wasi-sandbox/src/cgroup.test.ts")(
        "is limited to its task's memory and processors, and to a number of processes",
      ),
    ),
    shown(
      "Disk, files and output are limited.",
      limits("end a guest that writes above its limit, with no byte too many on the disk"),
      limits("end a guest that creates too many files"),
      hostile("is stopped when it floods %s at full speed, and the node continues"),
    ),
    shown(
      "The exit code is that of `proc_exit`, 0 without one; a trap is a failure.",
      contract("reports exit code %i"),
      modules("traps in its start function"),
    ),
    shown(
      "Standard output and standard error are apart, and arrive before the exit.",
      contract("delivers the output before the exit"),
    ),
    shown(
      "A module calls HTTP services of its task's domains through Bacalhau's host function, with the methods 0 to 6.",
      http("gets the response of a listed domain"),
      http("has method %i: %s"),
      http("carries the guest's headers and body and the job's id, and no header about the connection"),
    ),
    shown(
      "Another domain, an internal address, a silent server and a response that is too large have result codes, and reach nothing.",
      http("gets result 4 for any other domain"),
      http("is refused for a listed name that leads to an internal address, also after a change"),
      http("ends when the server is silent, and when the response is too large"),
    ),
    shown(
      "A module that imports the HTTP function does not start without network HTTP.",
      http("does not start without network http"),
    ),
    shown(
      "The legacy form, with modules as input sources, is rewritten at submission.",
      testsOf("services/requester/src/wire/legacy-wasm.test.ts")("is rewritten to inputs at Bacalhau's paths"),
      testsOf("services/requester/src/wire/legacy-wasm.test.ts")("is read with keys in any case"),
      testsOf("services/requester/src/wire/legacy-wasm.test.ts")(
        "is refused for a source that is not valid, by the path that it gets",
      ),
    ),
    shown(
      "Tasks of one namespace may share a process, each in an isolate with its own memory and time limits; a process that dies fails its own namespace's tasks only.",
      shared("runs many guests, one after another and at once"),
      shared("limits each guest's memory"),
      shared("fails the guests of its namespace so that they are retried, and no others"),
    ),
  ],
};
