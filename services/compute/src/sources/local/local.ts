import { mkdir, stat, writeFile } from "node:fs/promises";
import { posix } from "node:path";
import { Fault } from "@shoal/core";
import { z } from "zod";
import type { Fetched, Source, Wanted } from "../source.ts";
import { type Allowed, allowed } from "./allow-list.ts";
import { leadsToAllowed, whereItLeads } from "./where-it-leads.ts";

/** What a local input is told; its keys are the wire names. */
export const LocalParams = z.strictObject({
  SourcePath: z
    .string()
    .refine((path) => posix.isAbsolute(path) && !path.includes("\0"), "a local input is an absolute path of the node")
    .refine((path) => !path.split("/").includes(".."), 'a local input does not go up with ".."')
    .transform((path) => posix.normalize(path).replace(/(?<=.)\/$/, ""))
    .describe("the file or folder on the node"),
  ReadWrite: z.boolean().default(false).describe("whether the task may write to it"),
  CreateAs: z
    .enum(["dir", "file", "noCreate"])
    .default("noCreate")
    .describe("what to make of a path that does not exist; making it needs the right to write"),
});
type LocalParams = z.infer<typeof LocalParams>;

export interface LocalOptions {
  /** `localdirectory` is the same source under its older name. */
  readonly name?: string;
  /** Lines `path[:ro|:rw]` with `*`, `?` and `**`: what jobs may see of this node. */
  readonly allow: readonly string[];
}

/**
 * Lets a task see a path of the node itself, as far as the node's allow list goes. Links are resolved first: both the path that was
 * named and the one it leads to must be allowed. Nothing is copied, so nothing counts against the limit.
 */
export function local({ name = "local", allow }: LocalOptions): Source {
  const list = allow.map(allowed);
  return {
    name,
    params: LocalParams,
    unavailable: async () => (list.length === 0 ? "this node allows no paths of its own" : undefined),
    refuses: async (params) => {
      const answer = await look(list, LocalParams.parse(params));
      return answer.found ? undefined : answer.why;
    },
    fetch: (wanted) => fetch(list, wanted),
  };
}

async function fetch(list: readonly Allowed[], { params, signal }: Wanted): Promise<Fetched> {
  if (signal.aborted) throw new Fault("STOPPED", "bringing in a local input was ended early");
  const wanted = LocalParams.parse(params);
  let answer = await look(list, wanted);
  if (answer.found && answer.missing) {
    await create(answer.realPath, wanted.CreateAs);
    // Looked at again: somebody else may have put something there meanwhile.
    answer = await look(list, wanted);
  }
  if (!answer.found) throw new Fault("INPUT_UNAVAILABLE", answer.why);
  return { hostPath: answer.realPath, readOnly: !wanted.ReadWrite, sizeBytes: 0 };
}

type Answer =
  | { readonly found: true; readonly realPath: string; readonly missing: boolean }
  | { readonly found: false; readonly why: string };

const refusal = (why: string): Answer => ({ found: false, why });

async function look(list: readonly Allowed[], { SourcePath: path, ReadWrite, CreateAs }: LocalParams): Promise<Answer> {
  if (!list.some((line) => line.matches(path))) return refusal(`this node does not allow ${path}`);
  const realPath = await whereItLeads(path);
  if (realPath === undefined) return refusal(`${path} is or lies behind a link that leads nowhere`);
  const there = await stat(realPath).catch(() => undefined);
  if (there === undefined && CreateAs === "noCreate") return refusal(`there is no ${path} on this node`);
  const writes = ReadWrite || there === undefined;
  const lines = writes ? list.filter(({ mayWrite }) => mayWrite) : list;
  if (!lines.some((line) => line.matches(path))) return refusal(`this node allows ${path} only to be read`);
  if (!(await leadsToAllowed(lines, realPath))) {
    return refusal(`${path} leads to ${realPath}, which this node does not allow${writes ? " to be written" : ""}`);
  }
  if (there !== undefined && !there.isFile() && !there.isDirectory()) {
    return refusal(`${path} is neither a file nor a folder`);
  }
  return { found: true, realPath, missing: there === undefined };
}

async function create(realPath: string, as: LocalParams["CreateAs"]): Promise<void> {
  await mkdir(as === "dir" ? realPath : posix.dirname(realPath), { recursive: true });
  // Opened to append: a file that has appeared meanwhile keeps what it holds.
  if (as === "file") await writeFile(realPath, "", { flag: "a" });
}
