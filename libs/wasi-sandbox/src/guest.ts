import type { ErrorCode } from "@shoal/proto";

/** A program to run once, with all that it gets. Nothing else of the host is visible to it. */
export interface Guest {
  readonly program: GuestProgram;
  readonly env: Readonly<Record<string, string>>;
  readonly inputs: readonly GuestInput[];
  readonly outputs: readonly GuestOutput[];
  /** Zero memory or disk means the default of `SandboxLimits`. */
  readonly resources: { readonly cpuCores: number; readonly memoryBytes: number; readonly diskBytes: number };
  /** Takes output as it comes. Must not block. */
  readonly output: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
}

/** Paths are those that the guest sees: a relative one begins at its root. */
export interface GuestProgram {
  /** The module to run, in an input. */
  readonly module: string;
  /** Modules to load first; their exports can be imported under their path. */
  readonly imports: readonly string[];
  /** The exported function to call, mostly `_start`. */
  readonly entrypoint: string;
  /** Arguments behind the program's name. */
  readonly args: readonly string[];
}

/** A file or folder of the host that the guest sees at `target`. */
export interface GuestInput {
  readonly hostPath: string;
  /** A descriptor of this process. It is mounted in place of the path, which may lead elsewhere by now. Open until the guest has ended. */
  readonly held?: { readonly fd: number };
  readonly target: string;
  readonly readOnly: boolean;
}

/** A folder of the host that the guest sees at `path` and writes to. */
export interface GuestOutput {
  readonly path: string;
  readonly hostPath: string;
}

/** How a guest ended. A non-zero exit code is an end like any other; `failure` shows that it did not end by itself. */
export interface GuestExit {
  readonly exitCode: number;
  readonly failure?: { readonly code: ErrorCode; readonly why: string };
}

/** A guest in its process. */
export interface RunningGuest {
  /** Settles once; never rejects. */
  readonly exit: Promise<GuestExit>;
  /** Ends it at once. Resolves when nothing of it is left; calling it again does nothing more. */
  halt(): Promise<void>;
}
