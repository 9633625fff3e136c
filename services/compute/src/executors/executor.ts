import type { ErrorCode } from "@shoal/proto";
import type { z } from "zod";
import type { HeldPath } from "../held-path.ts";

/** Runs one unit of work. An executor keeps no state between works beyond what `attach` and `sweep` find again. */
export interface Executor {
  /** The engine type that a job names, in lower case. */
  readonly name: string;
  /** What the engine's params may hold; its keys are the wire names (PascalCase). */
  readonly params: z.ZodType;
  /** False when works need no folder of their own, so that none is made. */
  readonly needsFolder?: boolean;
  /** True when `attach` finds whatever was ever begun until it is swept: what it does not find was never begun. */
  readonly remembers?: boolean;
  /** Why this node cannot use it now, or undefined when it can. Never throws. */
  unavailable(): Promise<string | undefined>;
  /**
   * Starts the work. Throws a Fault with the reason when it cannot be started. `signal` ends early what comes before the start and may
   * take long, such as the pull of an image.
   */
  start(work: Work, signal?: AbortSignal): Promise<Running>;
  /** Finds again what an earlier process of this node started, or undefined when nothing of that id is left. */
  attach(work: Work): Promise<Running | undefined>;
  /** Ends and removes everything of this node whose id is not in `keep`. */
  sweep(keep: ReadonlySet<string>): Promise<void>;
  /** Gives back what the executor holds for itself (pools, connections). */
  close(): Promise<void>;
}

/** One unit of work, everything about it resolved: nothing in here needs another look at the job. */
export interface Work {
  /** The execution's id; unique for ever. */
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
  readonly network: "none" | "bridge" | "host";
  /** An empty folder of its own on the host for whatever the executor must keep beside the work. */
  readonly folder: string;
  /** Takes output as it comes. Never blocks; bounded by its owner, who counts and cuts. */
  readonly output: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
}

/** Something a source brought in: a file or folder on the host, seen by the work at `target`. */
export interface Input {
  readonly hostPath: string;
  /** Where it is there, this is what is mounted: the path may lead elsewhere by now. Open until the work has ended. */
  readonly held?: HeldPath;
  readonly target: string;
  readonly readOnly: boolean;
}

/** A folder on the host that holds what the work wrote at `path`; published under `name`. */
export interface Output {
  readonly name: string;
  readonly path: string;
  readonly hostPath: string;
}

/** How a work ended. A non-zero exit code is an end like any other; `failure` says that it did not end by itself. */
export interface Exit {
  readonly exitCode: number;
  readonly failure?: { readonly code: ErrorCode; readonly why: string };
}

export interface Running {
  /** Settles once; never rejects. */
  readonly exit: Promise<Exit>;
  /** Asks politely, then insists after `graceMs`. Resolves when nothing runs any more; calling it again does nothing more. */
  halt(graceMs: number): Promise<void>;
}
