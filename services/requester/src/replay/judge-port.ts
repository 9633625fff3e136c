import type { MessagePort } from "node:worker_threads";
import { eachPiece } from "./chunk.ts";
import type { Judge, LogFindings, ViewFindings } from "./judge.ts";

/** What is said to a judge on another thread. */
export type Order =
  | { readonly say: "log"; readonly chunk: Uint8Array<ArrayBuffer> }
  | { readonly say: "end of log" }
  | { readonly say: "begins"; readonly bucket: string }
  | { readonly say: "bucket"; readonly bucket: string; readonly chunk: Uint8Array<ArrayBuffer> }
  | { readonly say: "end of views" };

/** What the judge says back: that a chunk is done, or what it found. */
export type Answer =
  | { readonly say: "done" }
  | { readonly say: "log"; readonly found: LogFindings }
  | { readonly say: "views"; readonly found: ViewFindings };

/** Passes on what comes through a port to a judge, in order, and its findings back. What the judge throws ends its thread. */
export function serveJudge(port: MessagePort, judge: Judge): void {
  const answer = (said: Answer) => port.postMessage(said);
  const obey = async (order: Order): Promise<void> => {
    switch (order.say) {
      case "log":
        eachPiece(order.chunk, ({ name, seq, bytes, appended }) => {
          if (bytes !== undefined) judge.commit({ subject: name, seq, bytes, appended });
        });
        return answer({ say: "done" });
      case "end of log":
        return answer({ say: "log", found: await judge.endOfLog() });
      case "begins":
        return judge.begins(order.bucket);
      case "bucket":
        eachPiece(order.chunk, ({ name, bytes }) => judge.kept(order.bucket, name, bytes));
        return answer({ say: "done" });
      case "end of views":
        return answer({ say: "views", found: await judge.endOfViews() });
    }
  };
  port.on("message", obey);
}
