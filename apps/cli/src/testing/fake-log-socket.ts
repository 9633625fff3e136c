import { vi } from "vitest";

/** One piece of output: the stream as the API numbers it (1 is stdout, 2 is stderr), and its text. */
export type SentLine = readonly [stream: 1 | 2, text: string, executionId?: string];

/** Replaces the platform's WebSocket: each one sends these lines and closes, or stays open. Collects the requested paths. */
export function fakeLogSocket(lines: readonly SentLine[], closeCode: number | "none" = 1000): readonly string[] {
  const paths: string[] = [];
  class FakeSocket extends EventTarget {
    constructor(url: string) {
      super();
      const { pathname, search } = new URL(url);
      paths.push(`${pathname.replace("/api/v1", "")}${search}`);
      setImmediate(() => this.send());
    }

    send(): void {
      this.dispatchEvent(new Event("open"));
      for (const [Type, Line, ExecutionID] of lines)
        this.dispatchEvent(
          new MessageEvent("message", { data: JSON.stringify({ value: { Type, Line, ExecutionID } }) }),
        );
      if (closeCode !== "none") this.dispatchEvent(Object.assign(new Event("close"), { code: closeCode, reason: "" }));
    }

    close(): void {}
  }
  vi.stubGlobal("WebSocket", FakeSocket);
  return paths;
}
