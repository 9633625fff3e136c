import { get } from "node:http";

/** Follows the feed for completed jobs, with as little work as possible. */
export interface Completions {
  /** Resolves when this job has completed. */
  of(jobId: string): Promise<void>;
  close(): void;
}

const subject = /"subject":"([^"]+)"/;

export function watchCompletions(api: string): Promise<Completions> {
  const url = new URL("/api/v1/orchestrator/events?types=JobCompleted", api);
  const done = new Set<string>();
  const waiting = new Map<string, () => void>();

  function line(text: string): void {
    const jobId = text.startsWith("data:") ? subject.exec(text)?.[1] : undefined;
    if (jobId === undefined) return;
    const call = waiting.get(jobId);
    if (call === undefined) done.add(jobId);
    else call();
    waiting.delete(jobId);
  }

  return new Promise((resolve, reject) => {
    const call = get(url, (answer) => {
      let rest = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        const lines = (rest + piece).split("\n");
        rest = lines.pop() ?? "";
        for (const each of lines) line(each);
      });
      answer.on("error", () => undefined); // This client has closed it.
      resolve({
        of: (jobId) => new Promise((settle) => (done.delete(jobId) ? settle() : waiting.set(jobId, settle))),
        close: () => answer.destroy(),
      });
    });
    call.on("error", reject);
  });
}
