import { StringDecoder } from "node:string_decoder";
import { apiLimits } from "../limits.ts";

/** Cuts bytes into lines, each with its newline. A line that is too long comes in pieces. */
export interface LineSplitter {
  push(bytes: Uint8Array): readonly string[];
  /** What is left without a newline; empty when nothing is. */
  rest(): string;
}

export function lineSplitter(): LineSplitter {
  const decoder = new StringDecoder("utf8");
  let held = "";
  return {
    push(bytes) {
      const text = held + decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      const lines: string[] = [];
      let from = 0;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
        lines.push(text.slice(from, end + 1));
        from = end + 1;
      }
      held = text.slice(from);
      if (held.length < apiLimits.logLineBytes) return lines;
      lines.push(held);
      held = "";
      return lines;
    },
    rest() {
      const left = held + decoder.end();
      held = "";
      return left;
    },
  };
}
