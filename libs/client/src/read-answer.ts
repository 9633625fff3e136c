import { type AnswerOf, type ApiRoute, fromWire } from "@shoal/proto";
import { ownProblem } from "./api-error.ts";

/** Reads the JSON of a route's response, in domain names. Throws ApiError that lists the mismatches: client and requester differ in version. */
export function readAnswer<R extends ApiRoute>(route: R, json: unknown): AnswerOf<R> {
  const read = fromWire(route.answer, json);
  if (read.ok) return read.value as AnswerOf<R>;
  throw ownProblem(
    "INTERNAL",
    `the requester sent a response to ${route.name} that this client cannot read: ${read.problems.join("; ")}`,
  );
}
