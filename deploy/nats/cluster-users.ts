import { readFileSync } from "node:fs";
import { Fault } from "@shoal/core";
import { permissionsOfNode, permissionsOfRequester, type ServerUser } from "@shoal/nats";
import { tokenProblem } from "@shoal/proto";
import { z } from "zod";

/** The NATS user that all requesters share. */
export const requesterUser = "requester";

const password = z.string().min(1, "a password cannot be empty");

const nodes = z.record(z.string(), password).superRefine((given, issues) => {
  for (const id of Object.keys(given)) {
    const problem = nodeProblem(id);
    if (problem !== undefined) issues.addIssue({ code: "custom", message: `cannot hold "${id}": ${problem}` });
  }
});

const UsersFile = z.strictObject({
  requester: password,
  nodes: nodes.default({}),
  routes: password.optional(),
});

/** Who may connect to the servers of a cluster, and what the servers show each other when they are several. */
export interface ClusterUsers {
  readonly users: readonly ServerUser[];
  readonly routePassword: string | undefined;
}

/** Reads a users file, or stdin for "-". Throws Fault CONFIG_INVALID that names what is wrong, and never a password. */
export function readClusterUsers(path: string): ClusterUsers {
  const parsed = UsersFile.safeParse(jsonOf(path));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: where, message }) => [where.join("."), message].join(" "));
    throw new Fault("CONFIG_INVALID", `${path}: ${problems.map((each) => each.trim()).join("; ")}`);
  }
  const { requester, nodes, routes } = parsed.data;
  const users = [
    { user: requesterUser, password: requester, rights: permissionsOfRequester() },
    ...Object.entries(nodes).map(([id, secret]) => ({ user: id, password: secret, rights: permissionsOfNode(id) })),
  ];
  return { users, routePassword: routes };
}

// A node's id becomes part of the subjects that it may use: a * or a > in it would be a right to everything.
function nodeProblem(id: string): string | undefined {
  return id === requesterUser ? "that is the requesters' user" : tokenProblem(id);
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path === "-" ? 0 : path, "utf8"));
  } catch (failure) {
    // What the parser says quotes the text around the mistake, and that may be a password.
    const why = failure instanceof SyntaxError || !(failure instanceof Error) ? "it is no JSON" : failure.message;
    throw new Fault("CONFIG_INVALID", `cannot read the users from ${path}: ${why}`);
  }
}
