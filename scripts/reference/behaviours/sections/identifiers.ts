import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const ids = testsOf("libs/proto/src/ids.test.ts");
const nodeId = testsOf("services/compute/src/node-id.test.ts");
const read = testsOf("services/requester/src/http/read.test.ts");
const send = testsOf("services/requester/src/http/submit.test.ts");
const submit = testsOf("services/requester/src/commands/submit.test.ts");

/** Ids of jobs, executions and nodes, and how they are looked up. */
export const identifiers: BehaviourSection = {
  title: "Identifiers",
  rows: [
    shown(
      "A job's id is `j-` and a UUID that the requester creates; an id in a submission is ignored with a warning.",
      send("answers %s with the job's id and its position in the log"),
      send("a submission's warnings > name %s", "an id"),
    ),
    shown(
      "The id of a named job is derived from its namespace and name, so that any requester finds the same job.",
      submit("derives the id from the name, and recognizes a repeated request"),
      ids("made of digits are UUIDs of version 8"),
    ),
    shown(
      "An execution's id is `e-` and a UUID that is derived from job, version, slot and attempt: a repeated assignment has the same id.",
      ids("is a UUID after its prefix, and one token of a subject"),
      ids("differs for every job, version, slot and attempt"),
    ),
    shown(
      "A node creates its id once and stores it; one that it is given must be valid.",
      nodeId("creates a node's id once and stores it, and refuses an invalid one"),
    ),
    shown(
      "A node's id, a namespace and each other part of a subject has no dot, wildcard or space.",
      ids("may not be %j"),
    ),
    shown(
      "The short form of an id is its prefix and eight digits.",
      ids("have a short form with the prefix and eight digits"),
    ),
    shown(
      "A job is found by its name in the namespace, by its id, or by a unique prefix of the id.",
      read("is found by its id, its name and a prefix of its id"),
    ),
    shown(
      "A prefix that several jobs share is refused with `MultipleJobsFound`.",
      read("is not chosen when several jobs have the prefix"),
    ),
    shown(
      "A node is found by its id or a unique prefix; an ambiguous one is refused with `MultipleNodesFound`.",
      read("are found by a unique prefix of their id"),
    ),
  ],
};
