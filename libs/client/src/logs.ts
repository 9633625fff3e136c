import { apiRoutes, fromWire, type InputOf } from "@shoal/proto";
import { ApiError, ownProblem } from "./api-error.ts";
import { routeOf, urlOf } from "./transport/routes.ts";
import type { Transport } from "./transport/transport.ts";

/** A piece of output, usually a line with its line end. */
export interface LogLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  /** The execution that wrote it. Absent from a requester of Bacalhau, which sends one execution. */
  readonly executionId?: string;
}

/** Which output, and until when. */
export interface LogsOptions extends Omit<InputOf<typeof apiRoutes.jobLogs>, "id"> {
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** The most pieces that wait for a slow reader, beside those it is taking; a WebSocket has no flow control. */
export const waitingMax = 100_000;

// The close code of a stream that was sent completely (RFC 6455).
const normalEnd = 1000;

/**
 * The output of a job, of all its executions or of one: what is stored, then, with `follow`, new output until it ends. Tries the next
 * requester until one answers. Throws ApiError with the requester's message when the execution has no output.
 */
export async function* followLogs(
  transport: Transport,
  jobId: string,
  { signal, ...query }: LogsOptions,
): AsyncGenerator<LogLine, void> {
  const route = routeOf(apiRoutes.jobLogs, { ...query, id: jobId });
  const failures: string[] = [];
  for (const endpoint of transport.endpoints.inOrder()) {
    if (signal?.aborted === true) return;
    const frames = listen(urlOf(endpoint.replace(/^http/, "ws"), route), signal);
    if (!(await frames.opened)) {
      failures.push(`${endpoint}: no WebSocket connection`);
      continue;
    }
    transport.endpoints.prefer(endpoint);
    yield* frames.lines();
    return;
  }
  if (signal?.aborted !== true) throw ownProblem("API_UNREACHABLE", failures.join("; "));
}

interface Frames {
  readonly opened: Promise<boolean>;
  lines(): AsyncGenerator<LogLine, void>;
}

type LogItem = LogLine | ApiError | "end";

function listen(url: string, signal: AbortSignal | undefined): Frames {
  const socket = new WebSocket(url);
  let waiting: LogItem[] = [];
  let wake = (): void => undefined;
  const put = (item: LogItem): void => {
    if (waiting.length >= waitingMax) {
      waiting.push(ownProblem("TOO_MANY", `more than ${waitingMax} pieces of output are buffered`));
      socket.close();
    } else waiting.push(item);
    wake();
  };
  const stop = (): void => {
    put("end");
    socket.close();
  };
  signal?.addEventListener("abort", stop, { once: true });
  socket.addEventListener("message", ({ data }) => put(itemOf(data)));
  const opened = new Promise<boolean>((resolve) => {
    socket.addEventListener("open", () => resolve(true));
    socket.addEventListener("close", ({ code, reason }) => {
      resolve(false);
      put(
        code === normalEnd
          ? "end"
          : ownProblem("API_UNREACHABLE", `the log stream was interrupted (${code} ${reason})`),
      );
    });
    signal?.addEventListener("abort", () => resolve(false), { once: true });
  });

  async function* lines(): AsyncGenerator<LogLine, void> {
    try {
      for (;;) {
        // Taken at once: to remove the first of a hundred thousand items moves all the others.
        const taken = waiting;
        waiting = [];
        for (const item of taken) {
          if (item === "end") return;
          if (item instanceof ApiError) throw item;
          yield item;
        }
        if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal?.removeEventListener("abort", stop);
      socket.close();
    }
  }

  return { opened, lines };
}

/** Parses one frame: `{"value":{"Type":1,"Line":"…"}}` or `{"error":"…"}`. */
export function itemOf(frame: unknown): LogLine | ApiError {
  const read = typeof frame === "string" ? parse(frame) : undefined;
  const { value, error = "" } = read?.ok === true ? read.value : {};
  if (error !== "") {
    return new ApiError({ status: 0, code: "NotFound", message: error, hint: "", requestId: "", details: {} });
  }
  if (value === undefined) {
    return ownProblem("INTERNAL", "the log stream sent a frame that is neither a line nor an error");
  }
  const { type: stream, line: text, executionId } = value;
  return { stream, text, ...(executionId === undefined ? {} : { executionId }) };
}

function parse(text: string) {
  try {
    return fromWire(apiRoutes.jobLogs.answer, JSON.parse(text));
  } catch {
    return undefined;
  }
}
