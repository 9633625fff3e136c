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
export const answering = (session: NatsSession, answer: AnswerPublish): NatsSession => ({
  ...session,
  publisher: { ...session.publisher, publish: (publication) => answer(publication, session.publisher.publish) },
});

/** The outcome of a publish whose reply is lost. */
export const lost: PublishOutcome = { state: "unknown", why: "the answer was lost" };

/** A session whose clock a test moves ahead of the real one, so that patience ends without a wait. */
export function skipping(session: NatsSession): { readonly session: NatsSession; skip(ms: number): void } {
  const { clock } = session;
  let skippedMs = 0;
  const ahead: Clock = {
    now: () => clock.now() + skippedMs,
    at: (at, callback) => clock.at(at - skippedMs, callback),
  };
  return {
    session: { ...session, clock: ahead },
    skip(ms) {
      skippedMs += ms;
    },
  };
}
