import type { ErrorCode, GpuDevice, PublishedPort } from "@shoal/proto";
import type { HeldPath } from "../held-path.ts";
import type { NodePart } from "../parts.ts";

/** Runs workloads. Between them an executor keeps no state other than what `attach` and `sweep` find. */
export interface Executor extends NodePart {
  /** False when workloads need no folder, so that none is created. */
  readonly needsFolder?: boolean;
  /**
   * True when `attach` finds everything that was ever started until it is swept: what `attach` does not find never
   * started.
   */
  readonly remembers?: boolean;
  /** What its workloads may have beside a plain network: `http` with a list of domains, `ports` of the node. Nothing when absent. */
  readonly networking?: readonly ("http" | "ports")[];
  /** Why this node refuses a workload with these parsed params, or undefined; called before a bid, so it is quick. */
  refuses?(params: unknown): Promise<string | undefined>;
  /**
   * Starts the workload. Throws a Fault with the reason when that fails. `signal` aborts what precedes the start and may
   * take long, such as the pull of an image.
   */
  start(workload: Workload, signal?: AbortSignal): Promise<Running>;
  /** Finds what an earlier process of this node started, or undefined when nothing with that id is left. */
  attach(workload: Workload): Promise<Running | undefined>;
  /** Ends and removes everything of this node whose id is not in `keep`. */
  sweep(keep: ReadonlySet<string>): Promise<void>;
}

/** What runs for one execution, fully resolved: running it does not need the job. */
export interface Workload {
  /** The execution's id; globally unique. */
  readonly id: string;
  readonly jobId: string;
  readonly namespace: string;
  readonly nodeId: string;
  /** The engine's params, already parsed by `Executor.params`. */
  readonly params: unknown;
  readonly env: Readonly<Record<string, string>>;
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  readonly resources: { readonly cpuCores: number; readonly memoryBytes: number; readonly diskBytes: number };
  readonly network: "none" | "bridge" | "host" | "http";
  /** What the workload may reach with network `http`. */
  readonly domains?: readonly string[];
  /** Ports of this node that belong to the workload. */
  readonly ports?: readonly PublishedPort[];
  /** GPUs of this node that belong to the workload alone. */
  readonly gpus?: readonly GpuDevice[];
  /** What an earlier start of this workload ran, as `Running.image` named it. */
  readonly pinnedImage?: string;
  /** An empty host folder for files that the executor must keep for this workload. */
  readonly folder: string;
  /** Takes output as it arrives. Never blocks; the caller counts the output and enforces the limit. */
  readonly output: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
}

/** A file or folder of the host that a source fetched; the workload sees it at `target`. */
export interface Input {
  readonly hostPath: string;
  /** When present, this is mounted, because the path may lead elsewhere by now. Open until the workload has ended. */
  readonly held?: HeldPath;
  readonly target: string;
  readonly readOnly: boolean;
}

/** A host folder that holds what the workload wrote at `path`; published under `name`. */
export interface Output {
  readonly name: string;
  readonly path: string;
  readonly hostPath: string;
}

/** How a workload ended. A non-zero exit code is a normal end; `failure` means that the workload did not end by itself. */
export interface Exit {
  readonly exitCode: number;
  readonly failure?: { readonly code: ErrorCode; readonly why: string };
}

export interface Running {
  /** The content that runs, by its digest, where the engine has such. */
  readonly image?: string;
  /** Settles once; never rejects. */
  readonly exit: Promise<Exit>;
  /** Requests the end, and forces it after `graceMs`. Resolves when nothing runs any more. Idempotent. */
  halt(graceMs: number): Promise<void>;
}
