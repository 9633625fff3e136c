import { posix } from "node:path";
import { Fault } from "@shoal/core";
import { sourceParams } from "@shoal/proto";
import type { z } from "zod";
import { type HeldPath, holdingProblem } from "../../held-path.ts";
import type { Fetched, FetchRequest, Source } from "../source.ts";
import { type Allowed, allowed, fixedPart } from "./allow-list.ts";
import { holdNearest, makeInside } from "./holding.ts";
import { whereItLeads } from "./where-it-leads.ts";
import { isSteady, isWithinWriters } from "./writers.ts";

const LocalParams = sourceParams.local;
type LocalParams = z.infer<typeof LocalParams>;

export interface LocalSourceOptions {
  /** `localdirectory` is the same source under its older name. */
  readonly name?: string;
  /** Lines `path[:ro|:rw]` with `*`, `?` and `**`: the paths of this node that jobs may use. */
  readonly allow: readonly string[];
}

/**
 * Gives a task access to a path of the node, as far as the node's allow list permits. Links are resolved first: both
 * the named path and its target must be allowed. The target is opened before the check and stays open, so that an
 * executor mounts exactly what was checked. Nothing is copied, so nothing counts against the limit.
 */
export function local({ name = "local", allow }: LocalSourceOptions): Source {
  const list = allow.map(allowed);
  return {
    name,
    isLocal: true,
    params: LocalParams,
    unavailable: async () => (list.length === 0 ? "this node allows no local paths" : holdingProblem()),
    refuses: async (params) => {
      const answer = await lookUp(list, LocalParams.parse(params));
      if (!answer.found) return answer.why;
      await answer.held.close();
      return undefined;
    },
    fetch: (request) => fetch(list, request),
    close: async () => {},
  };
}

async function fetch(list: readonly Allowed[], { params, signal }: FetchRequest): Promise<Fetched> {
  if (signal.aborted) throw new Fault("STOPPED", "fetching a local input was aborted");
  const request = LocalParams.parse(params);
  let answer = await lookUp(list, request);
  if (answer.found && answer.missing.length > 0) {
    const { held, missing } = answer;
    const made = await makeInside(held, missing, request.CreateAs).finally(() => held.close());
    await made.close();
    // Checked a second time, like any existing path: only its current state counts.
    answer = await lookUp(list, { ...request, CreateAs: "noCreate" });
  }
  if (!answer.found) throw new Fault("INPUT_UNAVAILABLE", answer.why);
  const { held } = answer;
  return { hostPath: held.realPath, readOnly: !request.ReadWrite, sizeBytes: 0, held };
}

type HeldLookup =
  /** What exists is held open, down to the last existing folder; `missing` are the names below it. */
  | { readonly found: true; readonly held: HeldPath; readonly missing: readonly string[] }
  | { readonly found: false; readonly why: string };

const refusal = (why: string): HeldLookup => ({ found: false, why });

async function lookUp(list: readonly Allowed[], params: LocalParams): Promise<HeldLookup> {
  const { SourcePath: path } = params;
  if (!list.some((line) => line.matches(path))) return refusal(`this node does not allow ${path}`);
  const nearest = await holdNearest(path, (realPath) => isSteady(list, realPath));
  if (nearest === undefined) return refusal(`${path} is, or is below, a link that leads nowhere`);
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

/** Why the held path is not allowed for this task, or undefined when it is. */
async function problemOf(
  list: readonly Allowed[],
  { SourcePath: path, ReadWrite, CreateAs }: LocalParams,
  { held, missing }: { readonly held: HeldPath; readonly missing: readonly string[] },
): Promise<string | undefined> {
  const isThere = missing.length === 0;
  if (!isThere && (CreateAs === "noCreate" || held.kind !== "folder")) return `${path} does not exist on this node`;
  const writes = ReadWrite || !isThere;
  const lines = writes ? list.filter(({ mayWrite }) => mayWrite) : list;
  if (!lines.some((line) => line.matches(path))) return `this node allows ${path} read-only`;
  const realPath = posix.join(held.realPath, ...missing);
  if (!(await leadsToAllowed(lines, { realPath, list }))) {
    return `${path} leads to ${realPath}, which this node does not allow${writes ? " to be written" : ""}`;
  }
  return held.kind === "other" ? `${path} is neither a file nor a folder` : undefined;
}

/**
 * Folders in an allow list may themselves be links; then their target is allowed. Not where a task may have write
 * access to a folder above such a link (`list` is the whole list): the task may have created the link.
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
    // Outside of the target of the fixed part, this is a path that the pattern cannot match.
    if (line.matches(posix.join(fixed, posix.relative(real, realPath)))) return true;
  }
  return false;
}
