import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@shoal/core";
import { dataUri, sourceParams } from "@shoal/proto";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import type { Fetched, FetchRequest, Source } from "../source.ts";
import { unpack } from "./unpack.ts";

const InlineParams = sourceParams.inline;

// The media types under which clients send a folder.
const archiveTypes: readonly string[] = [
  "application/gzip",
  "application/x-gzip",
  "application/x-tgz",
  "application/tar+gzip",
  "application/x-tar+gzip",
];
const fileName = "content";
const folderName = "unpacked";

/** Creates the input that the job spec contains. A file has no name: the task sees it under its target. */
export function inline(): Source {
  return {
    name: "inline",
    params: InlineParams,
    unavailable: async () => undefined,
    refuses: async () => undefined,
    fetch,
    close: async () => {},
  };
}

async function fetch({ params, folder, room, signal }: FetchRequest): Promise<Fetched> {
  const uri = dataUri(InlineParams.parse(params).URL);
  if (uri.mediaType === undefined) throw new Fault("INPUT_UNAVAILABLE", uri.why);
  const bytes = bytesOf(uri);
  if (signal.aborted) throw new Fault("STOPPED", "fetching an inline input was aborted");
  try {
    if (archiveTypes.includes(uri.mediaType)) {
      const hostPath = join(folder, folderName);
      await mkdir(hostPath);
      return { hostPath, readOnly: true, sizeBytes: await unpack(bytes, { folder: hostPath, room, signal }) };
    }
    const sizeBytes = bytes.length;
    room.take(sizeBytes);
    const hostPath = join(folder, fileName);
    await writeFile(hostPath, bytes, { signal, flag: "wx" });
    return { hostPath, readOnly: true, sizeBytes };
  } catch (failure) {
    if (isDiskFull(failure)) throw diskFault(folder, failure);
    throw failure;
  }
}

/** Percent codes are bytes, not text: `%ff` is a byte that is not valid text. */
function bytesOf({ body, isBase64 }: { readonly body: string; readonly isBase64: boolean }): Buffer {
  if (isBase64) return Buffer.from(body, "base64");
  const bytes = Buffer.from(body, "utf8").toString("latin1");
  return Buffer.from(
    bytes.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}
