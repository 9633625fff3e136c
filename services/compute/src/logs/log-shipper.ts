import type { Clock, LogChunk, LogSender, LogStream } from "@shoal/core";

/** The most bytes of one message; output that comes in one turn travels together up to here. */
const messageBytesMax = 64 * 1024;
/** What one execution may send in a second; enough to read along, too little to fill the log stream by itself. */
const bytesPerSecond = 1024 * 1024;
/** What may come at once after a silence. */
const burstBytes = 4 * 1024 * 1024;

/** What a message costs the stream beside its bytes: subject, headers and index. So that one byte at a time is at most 4,096 messages a second. */
const messageCostBytes = 256;

const shedNotice = new TextEncoder().encode("[output shed: more came than the log takes]\n");

/** One execution's way to the log. */
export interface ExecutionLog {
  /** Takes a chunk; never waits. What is over the rate is shed, and the log says so once. */
  write(chunk: LogChunk): void;
  close(): void;
}

/** Sends output on to the log: small chunks together, never more than the rate, never slowing anything down. */
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
          // Copied: whoever hands a chunk over may use its memory again.
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
  /** Takes so many tokens, if they are there. */
  take(tokens: number): boolean;
  /** Takes them in any case; what is missing must come in before anything else is taken. */
  charge(tokens: number): void;
}

/** A bucket of tokens, filled by time. */
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
