import type { Client, LogLine } from "@shoal/client";
import { shortId } from "@shoal/proto";
import type { Terminal } from "../terminal.ts";

// Their jobs run on many nodes at once.
const onAllNodes: readonly string[] = ["ops", "daemon"];

/** Whether several executions of a job may write at once; false when the requester does not know the job. */
export async function writesAtOnce(client: Client, job: string, namespace: string | undefined): Promise<boolean> {
  const found = await client.job(job, { namespace }).catch(() => undefined);
  return found !== undefined && (found.count > 1 || onAllNodes.includes(found.type));
}

/** Prints output. With `prefixed`, each line begins with its execution: lines of several executions are mixed. */
export function logPrinter({ out, err }: Pick<Terminal, "out" | "err">, prefixed: boolean): (line: LogLine) => void {
  // A long line arrives in pieces: only the first one begins a line.
  const unfinished = new Set<string>();
  return ({ stream, text, executionId = "" }) => {
    const write = stream === "stderr" ? err : out;
    const source = `${stream} ${executionId}`;
    write(prefixed && !unfinished.has(source) ? `${shortId(executionId)} | ${text}` : text);
    if (text.endsWith("\n")) unfinished.delete(source);
    else unfinished.add(source);
  };
}
