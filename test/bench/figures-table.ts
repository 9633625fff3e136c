import type { Figures } from "./measure.ts";

/** A line of what a run prints. */
interface Row {
  readonly label: string;
  readonly value: (of: (name: string) => number) => string;
  readonly aim?: string;
}

const plain = (name: string) => (of: (name: string) => number) => of(name).toLocaleString("en");
const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const over = (part: number, whole: number) => part / Math.max(whole, 1e-9);

const rows: readonly Row[] = [
  { label: "bare appends/s (server and client, no decisions)", value: plain("bareAppendsPerSecond") },
  { label: "no-op jobs/s, HTTP to completed", value: plain("jobsPerSecond") },
  { label: "no-op jobs per bare append", value: (of) => percent(of("jobsPerBareAppend")), aim: ">= 4.5 %" },
  { label: "requester CPU time per job, µs", value: plain("cpuMicrosPerJobRequester") },
  { label: "CPU time of three nodes per job, µs", value: plain("cpuMicrosPerJobNodes") },
  { label: "NATS server CPU time per job, µs", value: plain("cpuMicrosPerJobServer") },
  { label: "stored messages per job", value: plain("messagesPerJob") },
  { label: "bare append, one at a time, p50 ms", value: plain("bareAppendMsP50") },
  { label: "idle, submit to completed, p50 ms", value: plain("idleMsP50") },
  { label: "idle, submit to completed, p99 ms", value: plain("idleMsP99") },
  { label: "idle p50 in bare appends' round trips", value: plain("latencyInBareAppends"), aim: "<= 40" },
  { label: "requester's event loop blocked, max ms", value: plain("maxBlockedMs"), aim: "<= 50" },
  { label: "its CPU time meanwhile, max ms", value: plain("maxBusyMs") },
  { label: "requester memory growth per 10,000 jobs", value: (of) => mebibytes(of("rssBytesPer10kJobs")) },
  { label: "replay, events/s", value: plain("replayEventsPerSecond") },
  { label: "bare ordered consumer, events/s of the same log", value: plain("bareConsumeEventsPerSecond") },
  {
    label: "replay against bare consumer",
    value: (of) => percent(over(of("replayEventsPerSecond"), of("bareConsumeEventsPerSecond"))),
    aim: ">= 30 %",
  },
  { label: "synthetic nodes", value: plain("syntheticNodes") },
  { label: "no-op jobs/s on synthetic nodes", value: plain("syntheticJobsPerSecond") },
  { label: "asks per synthetic job", value: plain("asksPerJob") },
  { label: "full cluster with a queue, asks per node and second", value: plain("asksPerNodePerSecond"), aim: "<= 2" },
  { label: "the same while no task ends", value: plain("asksPerNodePerSecondStill"), aim: "0" },
  { label: "the same for synthetic nodes, max ms", value: plain("maxBlockedMsSynthetic"), aim: "<= 50" },
  { label: "its CPU time meanwhile, max ms", value: plain("maxBusyMsSynthetic") },
  {
    label: "heap of a requester per million finished jobs",
    value: (of) => mebibytes(of("heapBytesPerMillionJobs")),
    aim: "< 10 MiB",
  },
  { label: "start with an existing index of finished jobs, ms", value: plain("indexOpenMs"), aim: "< 3,000" },
  { label: "GETs of finished jobs/s", value: plain("getsPerSecond"), aim: ">= 2,000" },
  { label: "the same, folded from the log", value: plain("foldedGetsPerSecond") },
  { label: "scheduling decision at 10 nodes, µs", value: plain("decisionMicrosAt10") },
  { label: "scheduling decision at 1,000 nodes, µs", value: plain("decisionMicrosAt1000") },
  {
    label: "decision at 1,000 nodes against 10",
    value: (of) => over(of("decisionMicrosAt1000"), of("decisionMicrosAt10")).toFixed(2),
    aim: "<= 2",
  },
  { label: "loss of a node, 100,000 open jobs: blocked, ms", value: plain("nodeLossBlockedMs"), aim: "< 5" },
  {
    label: "memory growth for 1 GiB of results, publisher local",
    value: (of) => mebibytes(of("publishGrownBytesLocal")),
    aim: "<= 64 MiB",
  },
  { label: "the same, s3", value: (of) => mebibytes(of("publishGrownBytesS3")), aim: "<= 64 MiB" },
  { label: "the same, nats", value: (of) => mebibytes(of("publishGrownBytesNats")), aim: "<= 64 MiB" },
  { label: "the same result to s3, MiB/s", value: plain("publishMebibytesPerSecondS3") },
  { label: "Stop of 10,000 executions, ms", value: plain("stopLargeMs"), aim: "<= 150" },
  {
    label: "page of a list of jobs, any order, limit and indexed filter, slowest median ms",
    value: plain("listMsMax"),
    aim: "<= 20",
  },
  { label: "main thread's CPU time for it, client and server, ms", value: plain("listMainCpuMsMax") },
  { label: "event loop blocked by it, max ms", value: plain("listBlockedMs") },
  { label: "search that reads all jobs, ms", value: plain("listScanMs"), aim: "<= 5,000" },
  { label: "1,000 lists at once: all answered after, ms", value: plain("crowdMs") },
  { label: "refused of them", value: plain("crowdRefused") },
  { label: "another request meanwhile, p99 ms", value: plain("besideCrowdMsP99") },
  { label: "index of a million jobs", value: (of) => mebibytes(of("indexBytesPerMillionJobs")) },
  { label: "its filling, CPU ms", value: plain("indexFillCpuMsPerMillionJobs") },
  { label: "shoal --version, ms", value: plain("cliMs"), aim: "<= 200" },
  { label: "devstack of one requester and three nodes: ready, ms", value: plain("readyMs"), aim: "<= 3,000" },
  {
    label: "the same when idle: resident memory, shared pages counted in each process",
    value: (of) => mebibytes(of("devstackRssBytes")),
    aim: "<= 500 MiB",
  },
  { label: "the same, shared pages divided", value: (of) => mebibytes(of("devstackPssBytes")) },
  { label: "start of a bare Node process, CPU time, ms", value: plain("wasmBareNodeCpuMs") },
  { label: "tiny Wasm jobs/s, 100 at once, a process each", value: plain("wasmJobsPerSecond"), aim: ">= 25" },
  { label: "their CPU time per job, node and sandboxes, ms", value: plain("wasmCpuMsPerJob"), aim: "<= 65" },
  { label: "the same in starts of a bare Node process", value: plain("wasmCpuInBareNodes") },
  { label: "processes of the node at once, max", value: plain("wasmProcesses") },
  { label: "Wasm job after a pause, p50 ms", value: plain("wasmMsP50"), aim: "<= 30" },
  { label: "the same, p99 against p50", value: plain("wasmP99InP50"), aim: "<= 5" },
  { label: "Wasm jobs back to back, p50 ms", value: plain("wasmBackToBackMsP50") },
  {
    label: "tiny Wasm jobs/s, 100 at once, a process for the namespace",
    value: plain("wasmSharedJobsPerSecond"),
    aim: ">= 60",
  },
  { label: "their CPU time per job, node and sandboxes, ms", value: plain("wasmSharedCpuMsPerJob") },
  { label: "the same in starts of a bare Node process", value: plain("wasmSharedCpuInBareNodes") },
  { label: "processes of the node at once, max", value: plain("wasmSharedProcesses") },
  { label: "Wasm job after a pause, p50 ms", value: plain("wasmSharedMsP50") },
  { label: "the same, p99 against p50", value: plain("wasmSharedP99InP50") },
  { label: "Wasm jobs back to back, p50 ms", value: plain("wasmSharedBackToBackMsP50") },
  { label: "bare container: create, start, wait, remove, p50 ms", value: plain("bareDockerMsP50") },
  { label: "Docker job, submit to completed, p50 ms", value: plain("dockerJobMsP50") },
  { label: "Docker job over the bare container", value: (of) => percent(of("dockerJobOverBare")), aim: "<= 20 %" },
];

/** The measured figures with their targets, as lines of text. */
export function figuresTable(figures: Figures): readonly string[] {
  const of = (name: string): number => figures[name] ?? Number.NaN;
  const cells = rows
    .map(({ label, value, aim = "" }) => [label, value(of), aim] as const)
    .filter(([, value]) => !value.includes("NaN"));
  const width = (column: 0 | 1) => Math.max(...cells.map((cell) => cell[column].length));
  const [first, second] = [width(0), width(1)];
  return [["", "measured", "aim"] as const, ...cells].map(([label, value, aim]) =>
    `${label.padEnd(first)}  ${value.padStart(Math.max(second, 8))}  ${aim}`.trimEnd(),
  );
}
