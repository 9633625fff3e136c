import { type ErrorCode, errors } from "@shoal/proto";

/** What a process says of itself once it is ready. */
export type ReadyFacts = Readonly<Record<string, unknown>>;

/** What a child process of a devstack tells the process that started it. */
export type ChildWord =
  | { readonly type: "ready"; readonly facts: ReadyFacts }
  | { readonly type: "failed"; readonly code: ErrorCode; readonly why: string; readonly hint: string };

/** Tells the process that started this one; says nothing when it was started by hand. */
export function notifyParent(word: ChildWord): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    // A parent that is gone cannot be told; the closed channel ends us anyway.
    else process.send(word, () => resolve());
  });
}

/** Reads a child's word; undefined when it is something else. */
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
