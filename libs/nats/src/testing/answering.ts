import type { Clock } from "@shoal/core";
import type { NatsSession } from "../connection/nats-session.ts";
import type { PublishOutcome } from "../connection/publish-outcome.ts";
import type { Publication } from "../connection/publisher.ts";

/** Decides the outcome of a publish; `publish` is the real one. */
export type AnswerPublish = (
  publication: Publication,
  publish: NatsSession["publisher"]["publish"],
) => Promise<PublishOutcome>;

/** A session on which `answer` decides the outcome of each publish. */
export const answering = (link: NatsSession, answer: AnswerPublish): NatsSession => ({
  ...link,
  publisher: { ...link.publisher, publish: (publication) => answer(publication, link.publisher.publish) },
});

/** The outcome of a publish whose reply is lost. */
export const lost: PublishOutcome = { state: "unknown", why: "the answer was lost" };

/** A session whose clock a test moves ahead of the real one, so that patience ends without a wait. */
export function skipping(link: NatsSession): { readonly link: NatsSession; skip(ms: number): void } {
  const { clock } = link;
  let skippedMs = 0;
  const ahead: Clock = {
    now: () => clock.now() + skippedMs,
    at: (at, callback) => clock.at(at - skippedMs, callback),
  };
  return {
    link: { ...link, clock: ahead },
    skip(ms) {
      skippedMs += ms;
    },
  };
}
