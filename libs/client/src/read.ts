import {
  BuildVersion,
  ClusterEntity,
  ExecutionEntity,
  FinishedUpgradeEntity,
  fromWire,
  HistoryEntity,
  JobEntity,
  NodeEntity,
  SpecConfig,
} from "@shoal/proto";
import { ownProblem } from "./api-error.ts";

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Asks for the next page; empty when this was the last. */
  readonly nextToken: string;
}

// Only what this file needs of a schema, so that a program that uses the client needs no schema library.
type Schema = Parameters<typeof fromWire>[0];

/** Reads an answer by its schema. Throws ApiError that names what does not fit: then client and requester differ in version. */
function read<S extends Schema>(schema: S, what: string, json: unknown) {
  const answer = fromWire(schema, json);
  if (answer.ok) return answer.value;
  throw ownProblem(
    "INTERNAL",
    `the requester sent a ${what} that this client cannot read: ${answer.problems.join("; ")}`,
  );
}

/** One thing of an answer, in the domain's names. Each throws ApiError that names what does not fit. */
export const readJob = (json: unknown) => read(JobEntity, "job", json);
export const readExecution = (json: unknown) => read(ExecutionEntity, "execution", json);
export const readHistory = (json: unknown) => read(HistoryEntity, "history entry", json);
export const readNode = (json: unknown) => read(NodeEntity, "node", json);
export const readResult = (json: unknown) => read(SpecConfig, "result", json);
export const readCluster = (json: unknown) => read(ClusterEntity, "cluster", json);
export const readFinishedUpgrade = (json: unknown) => read(FinishedUpgradeEntity, "finished upgrade", json);
export const readVersion = (json: unknown) => read(BuildVersion, "version", json);

/** A field of an answer that must be an object. */
export function fieldOf(json: unknown, name: string): unknown {
  if (typeof json !== "object" || json === null) throw ownProblem("INTERNAL", `wanted an object with ${name}`);
  return new Map<string, unknown>(Object.entries(json)).get(name);
}

/** A text of an answer; empty when it is not there. */
export function textOf(json: unknown, name: string): string {
  const value = fieldOf(json, name);
  return typeof value === "string" ? value : "";
}

/** A list of an answer; empty when it is not there or null. */
export function listOf(json: unknown, name: string): readonly unknown[] {
  const value = fieldOf(json, name);
  return Array.isArray(value) ? value : [];
}

/** Reads one page. */
export function pageOf<T>(json: unknown, name: string, readItem: (item: unknown) => T): Page<T> {
  return { items: listOf(json, name).map(readItem), nextToken: textOf(json, "NextToken") };
}
