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

const shedNotice = new TextEncoder().encode("[output dropped: the execution exceeds the rate limit of the log]\n");

/** The log output of one execution. */
export interface ExecutionLog {
  /** Takes a chunk; never waits. Output over the rate is dropped, and the log reports that once. */
  write(chunk: LogChunk): void;
  close(): void;
}

/** Ships output to the log: small chunks together, never above the rate, never blocking. */
export function createLogShipper(logs: LogSender, clock: Clock): (executionId: string) => ExecutionLog {
  return (executionId) => {
    const waiting: Record<LogStream, Uint8Array[]> = { stdout: [], stderr: [] };
    const bucket = createBucket(clock);
    let planned = false;
    let shedding = false;

    function send(stream: LogStream, bytes: Uint8Array): void {
      bucket.charge(messageCostBytes);
      logs.send(executionId, { stream, bytes });
    }
    function flush(): void {
      planned = false;
      for (const stream of ["stdout", "stderr"] as const) {
        const chunks = waiting[stream];
        if (chunks.length === 0) continue;
        waiting[stream] = [];
        const whole = joined(chunks);
        for (let at = 0; at < whole.length; at += messageBytesMax)
          send(stream, whole.subarray(at, at + messageBytesMax));
      }
    }
    function shed(): void {
      if (!shedding) waiting.stderr.push(shedNotice);
      shedding = true;
    }
    return {
      write: ({ stream, bytes }) => {
        if (bytes.length === 0) return;
        if (bucket.take(bytes.length)) {
          shedding = false;
          // Copied, because the caller may reuse the memory of the chunk.
          waiting[stream].push(bytes.slice());
        } else shed();
        if (planned) return;
        planned = true;
        queueMicrotask(flush);
      },
      close: flush,
    };
  };
}

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
