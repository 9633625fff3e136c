import type { ErrorCode } from "@shoal/proto";

/** A program to run once, and everything of the host that it can access. */
export interface Guest {
  /** Guests of one namespace may share a process, where the sandbox allows that. */
  readonly namespace?: string;
  readonly program: GuestProgram;
  readonly env: Readonly<Record<string, string>>;
  readonly inputs: readonly GuestInput[];
  readonly outputs: readonly GuestOutput[];
  /** Zero memory or disk means the default of `SandboxLimits`. */
  readonly resources: { readonly cpuCores: number; readonly memoryBytes: number; readonly diskBytes: number };
  /** Receives output as it is written. Must not block. */
  readonly output: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
}

/** Paths are the guest's: a relative one begins at its root. */
export interface GuestProgram {
  /** The module to run, in an input. */
  readonly module: string;
  /** Modules to load first; their exports can be imported under their path. */
  readonly imports: readonly string[];
  /** The exported function to call, usually `_start`. */
  readonly entrypoint: string;
  /** Arguments after the program's name. */
  readonly args: readonly string[];
}

/** A file or folder of the host that the guest sees at `target`. */
export interface GuestInput {
  readonly hostPath: string;
  /** A descriptor of this process, which is mounted in place of the path, as that may have changed. Open until the guest has ended. */
  readonly held?: { readonly fd: number };
  readonly target: string;
  readonly readOnly: boolean;
}

/** A folder of the host that the guest sees at `path` and writes to. */
export interface GuestOutput {
  readonly path: string;
  readonly hostPath: string;
}

/** How a guest ended. A non-zero exit code is a normal end; `failure` is set when it did not end by itself. */
export interface GuestExit {
  readonly exitCode: number;
  readonly failure?: { readonly code: ErrorCode; readonly why: string };
}

/** A guest in its process. */
export interface RunningGuest {
  /** Settles once; never rejects. */
  readonly exit: Promise<GuestExit>;
  /** Kills it. Resolves when its processes have exited. Further calls have no effect. */
  halt(): Promise<void>;
}
