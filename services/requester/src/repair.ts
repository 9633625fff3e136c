import { type ConfigSources, kinds, readConfig } from "@shoal/core";
import { acceptLoss, connectionOf, connectRequester, type LossAccepted } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { RequesterConfig } from "./config.ts";

/**
 * Accepts the loss of a log that was cut, and continues without the lost commits: see `acceptLoss`. Throws Fault
 * CONFIG_INVALID while a requester runs, LOG_UNREACHABLE, LOG_UNSUITABLE.
 */
export async function repairLog(given: ConfigSources): Promise<LossAccepted> {
  const { nats: settings } = readConfig(RequesterConfig, given);
  const nats = await connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId: "repair",
    ...connectionOf(settings),
    replicas: settings.replicas,
    onParked: () => {},
  });
  try {
    return await acceptLoss(nats.session, kinds);
  } finally {
    await nats.close();
  }
}
