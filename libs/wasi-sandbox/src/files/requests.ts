import { z } from "zod";
import { bodyBytesMax, type FileRequest, type HttpCall, type Notice } from "../sandbox/protocol.ts";

// Messages of a guest's process are untrusted, as it runs foreign code.
const handle = z.int().min(0);
const size = z.int().min(0);
const pathOf = { folder: handle, path: z.string() };
const flags = z.strictObject({
  write: z.boolean(),
  create: z.boolean(),
  exclusive: z.boolean(),
  truncate: z.boolean(),
  directory: z.boolean(),
});
// A trap's message may quote names of the module; 4 KiB of it is enough for a person.
const why = z.string().transform((text) => text.slice(0, 4096));
const failure = z.strictObject({ code: z.enum(["TASK_INVALID", "OUT_OF_MEMORY"]), why });

const requests = [
  z.strictObject({ op: z.literal("open"), ...pathOf, follow: z.boolean(), flags }),
  z.strictObject({ op: z.literal("statAt"), ...pathOf, follow: z.boolean() }),
  z.strictObject({ op: z.literal("readlink"), ...pathOf }),
  z.strictObject({ op: z.literal("mkdir"), ...pathOf }),
  z.strictObject({ op: z.literal("unlink"), ...pathOf }),
  z.strictObject({ op: z.literal("rmdir"), ...pathOf }),
  z.strictObject({ op: z.literal("rename"), ...pathOf, toFolder: handle, toPath: z.string() }),
  z.strictObject({ op: z.literal("close"), handle }),
  z.strictObject({ op: z.literal("stat"), handle }),
  z.strictObject({ op: z.literal("list"), handle }),
  z.strictObject({ op: z.literal("read"), handle, offset: size, length: size.max(bodyBytesMax) }),
  z.strictObject({ op: z.literal("write"), handle, offset: size.optional() }),
  z.strictObject({ op: z.literal("resize"), handle, sizeBytes: size }),
  z.strictObject({ op: z.literal("sync"), handle }),
] as const;

const httpCall = z.strictObject({
  op: z.literal("http"),
  method: z.int().min(0).max(6),
  url: z.string(),
  headers: z.string(),
  bodyBytesMax: size,
});

const notices = [
  z.strictObject({ op: z.literal("ready") }),
  z.strictObject({ op: z.literal("compiled") }),
  z.strictObject({ op: z.literal("refused"), why }),
  z.strictObject({ op: z.literal("output"), stream: z.enum(["stdout", "stderr"]) }),
  // An exit code is 32 bits in preview 1.
  z.strictObject({ op: z.literal("ended"), exitCode: z.int().min(0).max(0xffff_ffff), failure: failure.optional() }),
  z.strictObject({ op: z.literal("gone"), why }),
] as const;

/** Every message of a guest's process. */
export const GuestMessage = z.discriminatedUnion("op", [...requests, httpCall, ...notices]);
export type GuestMessage = FileRequest | HttpCall | Notice;
