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
  /** Makes the HTTP requests of the guest; without it the guest has no module `wasi:http/requests`. Never rejects. */
  readonly http?: (request: HttpRequest) => Promise<HttpResponse>;
  /** Receives output as it is written. Must not block. */
  readonly output: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
}

/** An HTTP request of a guest, not checked yet. */
export interface HttpRequest {
  /** 0 to 6: GET, POST, PUT, DELETE, HEAD, OPTIONS, PATCH. */
  readonly method: number;
  readonly url: string;
  /** `name: value` lines. */
  readonly headers: string;
  readonly body: Uint8Array;
  /** The guest's buffer: it takes no more of the response's body. */
  readonly bodyBytesMax: number;
}

/** The result of a request: 0, or the number of Bacalhau's error. */
export type HttpResponse =
  | { readonly result: 0; readonly status: number; readonly headers: string; readonly body: Uint8Array }
  | { readonly result: 1 | 2 | 3 | 4 | 5 | 6 };

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
