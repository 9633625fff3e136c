import type { LogSender, PlacedChunk } from "@shoal/core";
import { subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { encodeChunk } from "./log-codec.ts";
import { logLimits } from "./log-limits.ts";

/** The remaining output budget of an execution. */
interface OutputBudget {
  bytes: number;
  filledAt: number;
}

/** Sends output to the stream of logs. It never waits and sheds output above the limits: readers see it by the places of chunks. */
export function createLogSender(session: NatsSession, nodeId: string): LogSender {
  const allowances = new Map<string, OutputBudget>();

  function allowanceOf(executionId: string): OutputBudget {
    const known = allowances.get(executionId);
    const now = session.clock.now();
    const allowance = known ?? { bytes: logLimits.burstBytes, filledAt: now };
    const earned = (Math.max(now - allowance.filledAt, 0) * logLimits.bytesPerSecond) / 1_000;
    allowance.bytes = Math.min(allowance.bytes + earned, logLimits.burstBytes);
    allowance.filledAt = now;
    if (known === undefined) remember(allowances, executionId, allowance);
    return allowance;
  }

  function publish(executionId: string, chunk: PlacedChunk): void {
    if (!session.nc.isClosed()) session.nc.publish(subjects.log(nodeId, executionId), encodeChunk(chunk));
  }

  return {
    send(executionId, { stream, generation, at, bytes }) {
      const allowance = allowanceOf(executionId);
      let from = 0;
      // Once for an empty chunk too: it has the place of the end.
      do {
        const piece = bytes.subarray(from, from + logLimits.chunkBytes);
        if (piece.length > allowance.bytes) return;
        allowance.bytes -= piece.length;
        publish(executionId, { stream, generation, at: at + from, bytes: piece });
        from += piece.length;
      } while (from < bytes.length);
    },
  };
}

function remember(allowances: Map<string, OutputBudget>, executionId: string, allowance: OutputBudget): void {
  allowances.set(executionId, allowance);
  if (allowances.size <= logLimits.executionsMax) return;
  const oldest = allowances.keys().next();
  if (oldest.done !== true) allowances.delete(oldest.value);
}
