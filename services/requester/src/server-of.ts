import type { RequesterConfig } from "./config.ts";

/** Where the log is and who we are there, as `connectRequester` takes it. */
export function serverOf({ url, user, password, passwordFile, replicas }: RequesterConfig["nats"]) {
  return {
    servers: url.split(",").map((each) => each.trim()),
    replicas,
    ...(user === "" ? {} : { user, ...(passwordFile === "" ? { pass: password } : { passwordFile }) }),
  };
}
