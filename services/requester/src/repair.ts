import { type Given, readConfig } from "@shoal/core";
import { acceptLoss, connectRequester, type LossAccepted } from "@shoal/nats";
import { RequesterConfig } from "./config.ts";
import { serverOf } from "./server-of.ts";

/**
 * Goes on with a log that was cut, without what is lost: see `acceptLoss`. Throws Fault CONFIG_INVALID while a requester runs,
 * LOG_UNREACHABLE, LOG_UNSUITABLE.
 */
export async function repairLog(given: Given): Promise<LossAccepted> {
  const nats = await connectRequester({
    requesterId: "repair",
    ...serverOf(readConfig(RequesterConfig, given).nats),
    onParked: () => {},
  });
  try {
    return await acceptLoss(nats.link);
  } finally {
    await nats.close();
  }
}
