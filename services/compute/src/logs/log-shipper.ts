import type { Clock, LogChunk, LogSender, LogStream } from "@shoal/core";

/** Limit of one message, in bytes; output of one turn of the event loop is sent together up to this size. */
const messageBytesMax = 64 * 1024;
/** Bytes that one execution may send per second; enough to follow a task, too little to fill the log stream alone. */
const bytesPerSecond = 1024 * 1024;
/** Bytes that may be sent at once after a pause. */
const burstBytes = 4 * 1024 * 1024;

/**
 * What a message costs the stream beside its payload: subject, headers and index. Output of one byte at a time is
 * therefore at most 4,096 messages a second.
 */
const messageCostBytes = 256;

/** The log output of one execution. */
export interface ExecutionLog {
  /** Takes a chunk; never waits. Output over the rate is dropped: the place of the next chunk shows how much. */
  write(chunk: LogChunk): void;
  close(): void;
}

/** The output of one start of an execution. */
export interface OutputOrigin {
  readonly executionId: string;
  readonly generation: number;
}

/** Ships output to the log: small chunks together, never above the rate, never blocking. */
export function createLogShipper(logs: LogSender, clock: Clock): (origin: OutputOrigin) => ExecutionLog {
  return ({ executionId, generation }) => {
    const streams: Readonly<Record<LogStream, StreamOutput>> = { stdout: newOutput(), stderr: newOutput() };
    const bucket = createBucket(clock);
    let planned = false;

    function send(stream: LogStream, at: number, bytes: Uint8Array): void {
      bucket.charge(messageCostBytes);
      logs.send(executionId, { stream, generation, at, bytes });
    }
    function flush(): void {
      planned = false;
      for (const stream of ["stdout", "stderr"] as const) {
        const output = streams[stream];
        const whole = joined(output.waiting);
        const first = output.end - output.dropped - whole.length;
        output.waiting = [];
        for (let at = 0; at < whole.length; at += messageBytesMax)
          send(stream, first + at, whole.subarray(at, at + messageBytesMax));
      }
    }
    return {
      write: ({ stream, bytes }) => {
        if (bytes.length === 0) return;
        const output = streams[stream];
        const isDropped = !bucket.take(bytes.length);
        // What waits is one piece without a gap.
        if (isDropped && output.dropped === 0) flush();
        output.end += bytes.length;
        output.dropped = isDropped ? output.dropped + bytes.length : 0;
        if (isDropped) return;
        // Copied, because the caller may reuse the memory of the chunk.
        output.waiting.push(bytes.slice());
        if (planned) return;
        planned = true;
        queueMicrotask(flush);
      },
      close: () => {
        flush();
        // An empty chunk at the end: a reader sees what was dropped before it.
        for (const stream of ["stdout", "stderr"] as const)
          if (streams[stream].dropped > 0) send(stream, streams[stream].end, new Uint8Array());
      },
    };
  };
}

interface StreamOutput {
  waiting: Uint8Array[];
  /** Bytes that the execution has written. */
  end: number;
  /** The last of them that were dropped, since what was sent or waits. */
  dropped: number;
}

const newOutput = (): StreamOutput => ({ waiting: [], end: 0, dropped: 0 });

interface Bucket {
  /** Takes this number of tokens, if available. */
  take(tokens: number): boolean;
  /** Takes the tokens in any case; a deficit must be refilled before the next `take` succeeds. */
  charge(tokens: number): void;
}

/** A token bucket, refilled over time. */
function createBucket(clock: Clock): Bucket {
  let tokens = burstBytes;
  let filledAt = clock.now();
  return {
    take: (asked) => {
      const now = clock.now();
      tokens = Math.min(burstBytes, tokens + ((now - filledAt) / 1000) * bytesPerSecond);
      filledAt = now;
      if (asked > tokens) return false;
      tokens -= asked;
      return true;
    },
    charge: (owed) => {
      tokens -= owed;
    },
  };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
