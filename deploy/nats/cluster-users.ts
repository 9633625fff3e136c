import { readFileSync } from "node:fs";
import { Fault } from "@shoal/core";
import {
  permissionsOfNode,
  permissionsOfObserver,
  permissionsOfRequester,
  type ServerUser,
  type UserRights,
} from "@shoal/nats";
import { tokenProblem } from "@shoal/proto";
import { z } from "zod";

/** The NATS user that all requesters share, unless the users file names others. */
export const requesterUser = "requester";

const password = z.string().min(1, "a password cannot be empty");

// One password, or several users with equal rights and separate passwords, for password rotation. An empty name is the
// default user name.
const passwords = z.preprocess(
  (given) => (typeof given === "string" ? { "": given } : given),
  z.record(z.string(), password).refine((given) => Object.keys(given).length > 0, "names no user"),
);

const byName = z.record(z.string(), passwords).superRefine((given, issues) => {
  for (const id of Object.keys(given)) {
    // The id becomes part of the allowed subjects: a * or > in it would allow everything.
    const problem = tokenProblem(id);
    if (problem !== undefined) issues.addIssue({ code: "custom", message: `cannot contain "${id}": ${problem}` });
  }
});

const UsersFile = z.strictObject({
  requester: passwords,
  nodes: byName.default({}),
  // The object stores that each node may read, for the inputs of jobs.
  inputBuckets: z.record(z.string(), z.array(z.string().regex(/^[\w-]+$/, "is not the name of a bucket"))).default({}),
  observers: byName.default({}),
  routes: password.optional(),
});

/** The users of the servers of a cluster, and the password for routes between servers. */
export interface ClusterUsers {
  readonly users: readonly ServerUser[];
  readonly routePassword: string | undefined;
}

/** Reads a users file, or stdin for "-". Throws Fault CONFIG_INVALID; its message never contains a password. */
export function readClusterUsers(path: string): ClusterUsers {
  const parsed = UsersFile.safeParse(jsonOf(path));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: where, message }) =>
      [where.filter((each) => each !== "").join("."), message].join(" "),
    );
    throw new Fault("CONFIG_INVALID", `${path}: ${problems.map((each) => each.trim()).join("; ")}`);
  }
  const { requester, nodes, observers, routes, inputBuckets } = parsed.data;
  const users = [
    ...usersOf(requesterUser, requester, permissionsOfRequester()),
    ...Object.entries(nodes).flatMap(([id, given]) =>
      usersOf(id, given, permissionsOfNode(id, { inputBuckets: inputBuckets[id] ?? [] })),
    ),
    ...Object.entries(observers).flatMap(([name, given]) => usersOf(name, given, permissionsOfObserver(name))),
  ];
  // Rights and inboxes are derived from these names.
  refuseStrangers(path, Object.keys(inputBuckets), nodes);
  refuseTwins(path, [requesterUser, ...Object.keys(nodes), ...Object.keys(observers)]);
  refuseTwins(
    path,
    users.map(({ user }) => user),
  );
  return { users, routePassword: routes };
}

function usersOf(name: string, given: z.infer<typeof passwords>, rights: UserRights): readonly ServerUser[] {
  return Object.entries(given).map(([user, secret]) => ({ user: user || name, password: secret, rights }));
}

// Of two users with one name the server would accept either, with the rights of the other.
function refuseTwins(path: string, names: readonly string[]): void {
  const twin = names.find((name, index) => names.indexOf(name) < index);
  if (twin === undefined) return;
  throw new Fault("CONFIG_INVALID", `${path}: expected each name once, got "${twin}" twice; rename one of them`);
}

// A misspelled node would have fewer rights than its operator thinks.
function refuseStrangers(path: string, named: readonly string[], nodes: Readonly<Record<string, unknown>>): void {
  const stranger = named.find((id) => !Object.hasOwn(nodes, id));
  if (stranger === undefined) return;
  throw new Fault(
    "CONFIG_INVALID",
    `${path}: inputBuckets names "${stranger}", expected one of nodes; correct the name`,
  );
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path === "-" ? 0 : path, "utf8"));
  } catch (failure) {
    // The parser's message quotes the text around the error, which may be a password.
    const why = failure instanceof SyntaxError || !(failure instanceof Error) ? "it is not JSON" : failure.message;
    throw new Fault("CONFIG_INVALID", `cannot read the users from ${path}: ${why}`);
  }
}
