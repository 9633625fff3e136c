import { StringDecoder } from "node:string_decoder";

/** Cuts bytes into lines of text, each with its newline. */
export interface LineSplitter {
  /** The lines that these bytes complete. Bytes may be cut anywhere, also inside a character. */
  push(bytes: Uint8Array): readonly string[];
  /** The rest without a newline; may be empty. */
  rest(): string;
}

/** Starts at the beginning of a line. A line of more than `lineChars` characters is split, which bounds the memory. */
export function lineSplitter({ lineChars }: { readonly lineChars: number }): LineSplitter {
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
      if (held.length < lineChars) return lines;
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
