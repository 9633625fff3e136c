import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@shoal/core";
import { z } from "zod";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import type { Fetched, FetchRequest, Source } from "../source.ts";
import { dataUri } from "./data-uri.ts";
import { unpack } from "./unpack.ts";

/** The params of an inline input; the keys are the wire names. */
const InlineParams = z
  .strictObject({
    URL: z
      .string()
      .superRefine((text, context) => {
        const uri = dataUri(text);
        if (uri.mediaType === undefined) context.addIssue(uri.why);
      })
      .describe(
        "a `data:` URI; `application/gzip` is a tar archive that becomes a folder, any other type becomes a file",
      ),
  })
  .meta({
    description:
      "Creates the input from the job spec itself: a file, or a folder from an archive. For small inputs, since the spec is stored in the log. The task can only read it.",
    example: {
      Engine: { Type: "docker", Params: { Image: "busybox:1.37.0", Parameters: ["cat", "/in/text"] } },
      InputSources: [{ Source: { Type: "inline", Params: { URL: "data:,the log is the truth" } }, Target: "/in/text" }],
    },
  });

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
  if (signal.aborted) throw new Fault("STOPPED", "fetching an inline input was aborted");
  try {
    if (archiveTypes.includes(uri.mediaType)) {
      const hostPath = join(folder, folderName);
      await mkdir(hostPath);
      return { hostPath, readOnly: true, sizeBytes: await unpack(uri.bytes, { folder: hostPath, room, signal }) };
    }
    const sizeBytes = uri.bytes.length;
    room.take(sizeBytes);
    const hostPath = join(folder, fileName);
    await writeFile(hostPath, uri.bytes, { signal, flag: "wx" });
    return { hostPath, readOnly: true, sizeBytes };
  } catch (failure) {
    if (isDiskFull(failure)) throw diskFault(folder, failure);
    throw failure;
  }
}
