import { causeOf, type Logger, type Preemptor } from "@shoal/core";
import { sha256, uuidOfHex, type Victim } from "@shoal/proto";
import type { Dispatcher } from "../dispatcher.ts";

export interface PreemptVictimsOptions {
  readonly dispatcher: Pick<Dispatcher, "send">;
  readonly logger: Logger;
  /** This requester's id. */
  readonly by: string;
}

/**
 * Sends the order to end executions to their jobs, one command each, whichever requester owns them. The id of a command
 * follows from the executions: the repetition of one that was decided changes nothing. The state of the job decides.
 */
export function preemptVictims(
  { dispatcher, logger, by }: PreemptVictimsOptions,
  victims: readonly Victim[],
  preemptor: Preemptor,
): void {
  for (const [jobId, ofJob] of Map.groupBy(victims, (victim) => victim.jobId)) {
    const executionIds = ofJob.map(({ executionId }) => executionId).toSorted();
    const id = `p-${uuidOfHex(sha256([preemptor.jobId, ...executionIds].join("/")))}`;
    const aggregate = { kind: "job", namespace: ofJob[0]?.namespace ?? "", id: jobId };
    const command = { name: "Preempt", executionIds, by: preemptor } as const;
    const refused = (failure: object) =>
      logger.warn({ jobId, preemptor: preemptor.jobId, ...failure }, "could not preempt executions of a job");
    dispatcher.send({ id, aggregate, command, actor: { type: "requester", id: by } }).then(
      (reply) => {
        if (!reply.ok) refused(reply.rejection);
      },
      (failure: unknown) => refused(causeOf(failure)),
    );
  }
}
