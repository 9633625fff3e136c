import { type ErrorCode, errors } from "@shoal/proto/errors";

/** What a process reports once it is ready. */
export type ReadyFacts = Readonly<Record<string, unknown>>;

/** What a child process of a devstack reports to its parent. */
export type ChildWord =
  | { readonly type: "ready"; readonly facts: ReadyFacts }
  | { readonly type: "failed"; readonly code: ErrorCode; readonly why: string; readonly hint: string };

/** Sends a report to the parent process; does nothing without a channel to it. */
export function notifyParent(word: ChildWord): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    // The parent is gone; the closed channel ends this process.
    else process.send(word, () => resolve());
  });
}

/** Reads a child's report; undefined for any other message. */
export function childWordOf(message: unknown): ChildWord | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { type, facts, code, why, hint }: { readonly [key in WordField]?: unknown } = message;
  if (type === "ready" && typeof facts === "object" && facts !== null) {
    return { type: "ready", facts: { ...facts } };
  }
  if (type === "failed" && isCode(code) && typeof why === "string" && typeof hint === "string") {
    return { type: "failed", code, why, hint };
  }
  return undefined;
}

type WordField = "type" | "facts" | "code" | "why" | "hint";

const isCode = (code: unknown): code is ErrorCode => typeof code === "string" && Object.hasOwn(errors, code);
