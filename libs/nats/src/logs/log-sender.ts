import type { LogChunk, LogSender } from "@shoal/core";
import { subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { encodeChunk } from "./log-codec.ts";
import { logLimits } from "./log-limits.ts";

/** The remaining output budget of an execution. */
interface OutputBudget {
  bytes: number;
  filledAt: number;
  shedding: boolean;
}

const shedNotice = new TextEncoder().encode("[shoal: output dropped here, the rate limit was exceeded]\n");

/** Sends output to the stream of logs. It never waits and sheds output above the limits, with one notice at each start of it. */
export function createLogSender(link: NatsSession, nodeId: string): LogSender {
  const allowances = new Map<string, OutputBudget>();

  function allowanceOf(executionId: string): OutputBudget {
    const known = allowances.get(executionId);
    const now = link.clock.now();
    const allowance = known ?? { bytes: logLimits.burstBytes, filledAt: now, shedding: false };
    const earned = (Math.max(now - allowance.filledAt, 0) * logLimits.bytesPerSecond) / 1_000;
    allowance.bytes = Math.min(allowance.bytes + earned, logLimits.burstBytes);
    allowance.filledAt = now;
    if (known === undefined) remember(allowances, executionId, allowance);
    return allowance;
  }

  function publish(executionId: string, chunk: LogChunk): void {
    if (!link.nc.isClosed()) link.nc.publish(subjects.log(nodeId, executionId), encodeChunk(chunk));
  }

  return {
    send(executionId, { stream, bytes }) {
      const allowance = allowanceOf(executionId);
      for (let from = 0; from < bytes.length; from += logLimits.chunkBytes) {
        const piece = bytes.subarray(from, from + logLimits.chunkBytes);
        if (piece.length > allowance.bytes) {
          if (!allowance.shedding) publish(executionId, { stream: "stderr", bytes: shedNotice });
          allowance.shedding = true;
          return;
        }
        allowance.bytes -= piece.length;
        allowance.shedding = false;
        publish(executionId, { stream, bytes: piece });
      }
    },
  };
}

function remember(allowances: Map<string, OutputBudget>, executionId: string, allowance: OutputBudget): void {
  allowances.set(executionId, allowance);
  if (allowances.size <= logLimits.executionsMax) return;
  const oldest = allowances.keys().next();
  if (oldest.done !== true) allowances.delete(oldest.value);
}
