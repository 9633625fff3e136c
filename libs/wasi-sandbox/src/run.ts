import { Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";
import type { GuestFilesystem } from "./files/guest-filesystem.ts";
import { GuestMessage } from "./files/requests.ts";
import type { Guest, GuestExit, RunningGuest } from "./guest.ts";
import type { Ending, RunRequest } from "./sandbox/protocol.ts";
import type { SandboxProcess } from "./sandbox-process.ts";

/** One guest in its process. */
export interface GuestRun extends RunningGuest {
  /** Resolves when its modules are compiled; rejects with a Fault when they cannot be. */
  readonly started: Promise<void>;
  /** Kills it because it broke a rule or a limit. */
  readonly fail: (code: ErrorCode, why: string) => void;
}

interface GuestRunParts {
  readonly job: RunRequest;
  readonly modules: Uint8Array;
  readonly files: GuestFilesystem;
  readonly output: Guest["output"];
  readonly http: Guest["http"];
}

interface Outcome {
  ending: Ending | undefined;
  /** Why it was killed; the first reason counts. */
  ended: NonNullable<GuestExit["failure"]> | undefined;
}

// Bacalhau's result for a host that the task may not reach.
const notAllowed = 4;

// 137: a shell's exit code for a killed program.
const killedCode = 137;

/** Sends a job to a process and serves it until it exits. */
export function run(sandbox: SandboxProcess, asked: GuestRunParts): GuestRun {
  const started = Promise.withResolvers<void>();
  const outcome: Outcome = { ending: undefined, ended: undefined };
  const fail = (code: ErrorCode, why: string) => {
    if (outcome.ending === undefined) outcome.ended ??= { code, why };
    sandbox.kill();
  };
  // The caller handles a rejection; without a waiting caller it must not be unhandled.
  started.promise.catch(() => {});
  sandbox.send(asked.job, asked.modules);
  const exit = serve(sandbox, asked, { started, outcome })
    .catch((failure: unknown) => {
      fail("ENGINE_FAILED", failure instanceof Error ? failure.message : String(failure));
      // The frames are not read any more, so only `gone` shows the end of the process.
      return sandbox.gone;
    })
    .then(() => cleanUp(sandbox, asked.files))
    .then(() => {
      const end = exitOf(outcome, sandbox);
      started.reject(new Fault(end.failure?.code ?? "ENGINE_FAILED", end.failure?.why ?? "the guest did not start"));
      return end;
    });
  const halt = async () => {
    fail("STOPPED", "it was stopped while it ran");
    await exit;
  };
  return { started: started.promise, exit, fail, halt };
}

interface Stage {
  readonly started: { resolve(): void; reject(failure: Fault): void };
  readonly outcome: Outcome;
}

async function serve(
  sandbox: SandboxProcess,
  { files, output, http }: GuestRunParts,
  { started, outcome }: Stage,
): Promise<void> {
  for await (const { header, body } of sandbox.frames) {
    // Frames that arrive after the process was killed are ignored.
    if (outcome.ended !== undefined) continue;
    const message = read(header);
    if (message.op === "output") output(message.stream, body);
    else if (message.op === "compiled") started.resolve();
    else if (message.op === "refused") started.reject(new Fault("TASK_INVALID", message.why));
    else if (message.op === "ended") outcome.ending = message;
    else if (message.op === "http") {
      const { op: _, ...request } = message;
      const response = (await http?.({ ...request, body })) ?? { result: notAllowed };
      const { result } = response;
      if (response.result !== 0) sandbox.send({ http: { result } });
      else sandbox.send({ http: { result, status: response.status, headers: response.headers } }, response.body);
    } else if (message.op !== "ready" && message.op !== "gone") {
      const { answer, body: bytes } = await files.serve(message, body);
      sandbox.send(answer, bytes);
    }
  }
}

function read(header: string): GuestMessage {
  const parsed = GuestMessage.safeParse(JSON.parse(header));
  if (parsed.success) return parsed.data;
  throw new Fault("ENGINE_FAILED", `the guest's process sent an invalid message: ${parsed.error.message}`);
}

async function cleanUp(sandbox: SandboxProcess, files: GuestFilesystem): Promise<void> {
  sandbox.kill();
  await files.close();
}

function exitOf({ ended, ending }: Outcome, sandbox: SandboxProcess): GuestExit {
  if (ended !== undefined) return { exitCode: killedCode, failure: ended };
  if (ending === undefined) return { exitCode: killedCode, failure: crash(sandbox) };
  const { exitCode, failure } = ending;
  return failure === undefined ? { exitCode } : { exitCode, failure };
}

function crash({ stderrTail, group }: SandboxProcess): NonNullable<GuestExit["failure"]> {
  if (group?.wasOutOfMemory() === true) {
    return {
      code: "OUT_OF_MEMORY",
      why: "the kernel ended the guest's process, which took more memory than the task may use",
    };
  }
  if (/out of memory/i.test(stderrTail())) {
    return { code: "OUT_OF_MEMORY", why: "the engine ran out of memory for the guest's tables and objects" };
  }
  const words = withoutPaths(stderrTail().trim()).slice(-500);
  const detail = words === "" ? "another process killed it, perhaps for lack of memory" : `its stderr ends: ${words}`;
  return { code: "ENGINE_FAILED", why: `the guest's process died: ${detail}` };
}

/** A stack trace contains paths of this node, which a job's owner must not see. */
const withoutPaths = (text: string): string => text.replaceAll(/(?:file:\/\/)?(?:\/[^\s/:()]+)+\/([^\s/:()]+)/g, "$1");
