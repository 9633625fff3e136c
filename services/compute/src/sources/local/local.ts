import { posix } from "node:path";
import { Fault } from "@shoal/core";
import { z } from "zod";
import { type HeldPath, holdingProblem } from "../../held-path.ts";
import type { Fetched, FetchRequest, Source } from "../source.ts";
import { type Allowed, allowed, fixedPart } from "./allow-list.ts";
import { holdNearest, makeInside } from "./holding.ts";
import { whereItLeads } from "./where-it-leads.ts";
import { isSteady, isWithinWriters } from "./writers.ts";

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

export interface LocalSourceOptions {
  /** `localdirectory` is the same source under its older name. */
  readonly name?: string;
  /** Lines `path[:ro|:rw]` with `*`, `?` and `**`: what jobs may see of this node. */
  readonly allow: readonly string[];
}

/**
 * Lets a task see a path of the node itself, as far as the node's allow list goes. Links are resolved first: both the path that was
 * named and the one it leads to must be allowed. What it leads to is opened before it is judged and stays open, so that what was
 * judged is what an executor mounts. Nothing is copied, so nothing counts against the limit.
 */
export function local({ name = "local", allow }: LocalSourceOptions): Source {
  const list = allow.map(allowed);
  return {
    name,
    params: LocalParams,
    unavailable: async () => (list.length === 0 ? "this node allows no paths of its own" : holdingProblem()),
    refuses: async (params) => {
      const answer = await look(list, LocalParams.parse(params));
      if (!answer.found) return answer.why;
      await answer.held.close();
      return undefined;
    },
    fetch: (request) => fetch(list, request),
  };
}

async function fetch(list: readonly Allowed[], { params, signal }: FetchRequest): Promise<Fetched> {
  if (signal.aborted) throw new Fault("STOPPED", "bringing in a local input was ended early");
  const request = LocalParams.parse(params);
  let answer = await look(list, request);
  if (answer.found && answer.missing.length > 0) {
    const { held, missing } = answer;
    const made = await makeInside(held, missing, request.CreateAs).finally(() => held.close());
    await made.close();
    // Looked at again, as anything that is there: it is judged by what it is now.
    answer = await look(list, { ...request, CreateAs: "noCreate" });
  }
  if (!answer.found) throw new Fault("INPUT_UNAVAILABLE", answer.why);
  const { held } = answer;
  return { hostPath: held.realPath, readOnly: !request.ReadWrite, sizeBytes: 0, held };
}

type HeldLookup =
  /** What is there is held, down to the last folder that exists; `missing` are the names below it. */
  | { readonly found: true; readonly held: HeldPath; readonly missing: readonly string[] }
  | { readonly found: false; readonly why: string };

const refusal = (why: string): HeldLookup => ({ found: false, why });

async function look(list: readonly Allowed[], params: LocalParams): Promise<HeldLookup> {
  const { SourcePath: path } = params;
  if (!list.some((line) => line.matches(path))) return refusal(`this node does not allow ${path}`);
  const nearest = await holdNearest(path, (realPath) => isSteady(list, realPath));
  if (nearest === undefined) return refusal(`${path} is or lies behind a link that leads nowhere`);
  try {
    const why = await problemOf(list, params, nearest);
    if (why === undefined) return { found: true, ...nearest };
    await nearest.held.close();
    return refusal(why);
  } catch (failure) {
    await nearest.held.close();
    throw failure;
  }
}

/** Why what is held is not for this task, or undefined when it is. */
async function problemOf(
  list: readonly Allowed[],
  { SourcePath: path, ReadWrite, CreateAs }: LocalParams,
  { held, missing }: { readonly held: HeldPath; readonly missing: readonly string[] },
): Promise<string | undefined> {
  const isThere = missing.length === 0;
  if (!isThere && (CreateAs === "noCreate" || held.kind !== "folder")) return `there is no ${path} on this node`;
  const writes = ReadWrite || !isThere;
  const lines = writes ? list.filter(({ mayWrite }) => mayWrite) : list;
  if (!lines.some((line) => line.matches(path))) return `this node allows ${path} only to be read`;
  const realPath = posix.join(held.realPath, ...missing);
  if (!(await leadsToAllowed(lines, { realPath, list }))) {
    return `${path} leads to ${realPath}, which this node does not allow${writes ? " to be written" : ""}`;
  }
  return held.kind === "other" ? `${path} is neither a file nor a folder` : undefined;
}

/**
 * An allow list names folders as people know them; where they are links themselves, what they lead to is meant. Not where a task may
 * have been given a folder above such a link to write (`list` is the whole list): the link may be the task's work.
 */
async function leadsToAllowed(
  lines: readonly Allowed[],
  { realPath, list }: { readonly realPath: string; readonly list: readonly Allowed[] },
): Promise<boolean> {
  for (const line of lines) {
    if (line.matches(realPath)) return true;
    const fixed = fixedPart(line.pattern);
    const real = await whereItLeads(fixed);
    if (real === undefined || real === fixed || (await isWithinWriters(list, fixed))) continue;
    // Outside of what the fixed part leads to, this names a path that the pattern cannot match.
    if (line.matches(posix.join(fixed, posix.relative(real, realPath)))) return true;
  }
  return false;
}
