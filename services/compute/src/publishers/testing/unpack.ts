import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";

/** The texts of a tar.gz's files, by path; a link is listed as `-> target`. */
export async function unpack(bytes: Uint8Array): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of Readable.from([bytes]).pipe(createGunzip()).pipe(extract())) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array));
    const { name, type, linkname } = entry.header;
    if (type === "file") files.set(name, Buffer.concat(chunks).toString());
    if (type === "symlink") files.set(name, `-> ${linkname}`);
  }
  return files;
}
