import { StringDecoder } from "node:string_decoder";

/** Takes text in pieces cut anywhere, and hands on each line that is complete and not blank. */
export function lineSplitter(take: (line: string) => void): (chunk: Uint8Array) => void {
  const decoder = new StringDecoder();
  let begun = "";
  return (chunk) => {
    const lines = (begun + decoder.write(Buffer.from(chunk))).split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") take(line);
  };
}
