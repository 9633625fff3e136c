import { type Given, readConfig } from "@shoal/core";
import { acceptLoss, connectRequester, type LossAccepted } from "@shoal/nats";
import { RequesterConfig } from "./config.ts";

/**
 * Goes on with a log that was cut, without what is lost: see `acceptLoss`. Throws Fault CONFIG_INVALID while a requester runs,
 * LOG_UNREACHABLE, LOG_UNSUITABLE.
 */
export async function repairLog(given: Given): Promise<LossAccepted> {
  const { url, user, password, replicas } = readConfig(RequesterConfig, given).nats;
  const nats = await connectRequester({
    requesterId: "repair",
    servers: url.split(",").map((each) => each.trim()),
    replicas,
    ...(user === "" ? {} : { user, pass: password }),
    onDamage: () => {},
    onParked: () => {},
  });
  try {
    return await acceptLoss(nats.link);
  } finally {
    await nats.close();
  }
}
