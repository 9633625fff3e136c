/** One tar header and what follows it, exactly as given and unchecked, so that invalid archives can be built. */
export interface TarPart {
  readonly name: string;
  /** The type flag: "0" file, "1" hard link, "2" link, "5" folder, "x", "g", "L", "K" headers of an entry. */
  readonly type?: string;
  readonly linkname?: string;
  readonly text?: string;
  /** The size in the header; the text's length when omitted. */
  readonly size?: number;
}

const block = 512;

/** A ustar archive. Names longer than the header's fields are truncated, unless they split at a slash. */
export function tarOf(parts: readonly TarPart[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap((part) => [headerOf(part), padded(part.text ?? "")]),
    Buffer.alloc(2 * block),
  ]);
}

function headerOf({ name, type = "0", linkname = "", text = "", size = Buffer.byteLength(text) }: TarPart): Buffer {
  const header = Buffer.alloc(block);
  const [prefix, rest] = splitName(name);
  header.write(rest.slice(0, 100), 0);
  header.write("0000644\0", 100);
  header.write("0000000\0".repeat(2), 108);
  header.write(`${size.toString(8).padStart(11, "0").slice(-11)}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write(type.slice(0, 1), 156, "latin1");
  header.write(linkname.slice(0, 100), 157);
  header.write("ustar\x0000", 257, "latin1");
  header.write(prefix.slice(0, 155), 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** ustar stores the front of a long name separately. */
function splitName(name: string): readonly [prefix: string, rest: string] {
  if (name.length <= 100) return ["", name];
  const at = name.indexOf("/", name.length - 101);
  return at === -1 ? ["", name] : [name.slice(0, at), name.slice(at + 1)];
}

function padded(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes, Buffer.alloc((block - (bytes.length % block)) % block)]);
}
