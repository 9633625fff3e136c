import { causeOf, pause } from "@shoal/core";
import type { Prng, SimulatedCluster } from "@shoal/core/testing";
import { errors } from "@shoal/proto";
import type { Commands } from "../../services/requester/src/commands/commands.ts";
import type { Secrets } from "../../services/requester/src/secrets/secrets.ts";
import type { PlannedJob } from "./plan.ts";
import { planSecret } from "./plan-secret.ts";
import type { PlannedVersion } from "./plan-types.ts";
import type { SimulatedServices } from "./services.ts";

/** The responses to clients. */
export interface Clients {
  /** Jobs whose submission was acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Jobs whose stop was acknowledged. */
  readonly stopped: ReadonlySet<string>;
  /** Requests that are not answered yet. */
  waiting(): number;
}

// The time limit of a client before it calls another requester.
const patienceMs = 5_000;
// The delay before it retries after a retryable error.
const againMs = 200;

export interface ClientsOptions {
  readonly sim: SimulatedCluster;
  readonly prng: Prng;
  readonly services: SimulatedServices;
  readonly jobs: readonly PlannedJob[];
  readonly startAt: number;
  readonly problem: (what: string) => void;
}

/** Submits and stops as planned; a client without a response retries at another requester if the request allows it. */
export function createClients({ sim, prng, services, jobs, startAt, problem }: ClientsOptions): Clients {
  const acknowledged = new Set<string>();
  const stopped = new Set<string>();
  let waiting = 0;
  const { clock } = sim;

  /** Sends the request to a random requester that is up. "silence" when none is up, when it does not respond in time, or when the error is retryable. */
  async function ask<T>(
    request: (commands: Commands, secrets: Secrets) => Promise<T>,
  ): Promise<T | "silence" | "refused"> {
    const up = services.requesters
      .map((supervised) => supervised.serving())
      .filter((incarnation) => incarnation !== undefined);
    const [first, ...rest] = up;
    if (first === undefined) return pause(clock, patienceMs).then(() => "silence");
    const chosen = prng.pick([first, ...rest]);
    const answer = request(chosen.requester.commands, chosen.requester.secrets).catch((failure: unknown) => {
      const { code, why } = causeOf(failure);
      if (code === "INTERNAL" || code === "BAD_REQUEST") problem(`a client received ${code}: ${why}`);
      return errors[code].retry ? ("silence" as const) : ("refused" as const);
    });
    return Promise.race([answer, pause(clock, patienceMs).then(() => "silence" as const)]);
  }

  async function submit({ spec, token, stopAtMs, versions = [] }: PlannedJob): Promise<void> {
    const request = { spec, actor: { type: "client" as const, id: "test" }, ...(token === undefined ? {} : { token }) };
    if (Object.values(spec.tasks[0]?.env ?? {}).includes(planSecret.reference)) await putSecret(spec.namespace);
    for (;;) {
      const answer = await ask((commands) => commands.submit(request));
      if (answer === "refused") return problem("a valid spec was refused");
      if (answer !== "silence") {
        acknowledged.add(answer.jobId);
        if (sim.log.load({ kind: "job", namespace: spec.namespace, id: answer.jobId }, 0).length === 0)
          problem(`${answer.jobId} was acknowledged before it was stored`);
        for (const [index, version] of versions.entries()) {
          await until(version.atMs);
          await change(answer.jobId, version, `${token}-${index}`);
        }
        if (stopAtMs !== undefined) plan(stopAtMs, () => stop(answer.jobId));
        return;
      }
      // Without a token a retry would create another job.
      if (token === undefined) return;
      await pause(clock, againMs);
    }
  }

  /** Stores a value until a requester answers; one without an answer may be stored too, as another version. */
  async function putSecret(namespace: string): Promise<void> {
    const secret = { namespace, name: planSecret.name };
    const put = () => ask((_, secrets) => secrets.put(secret, planSecret.value, { type: "client", id: "test" }));
    while ((await put()) === "silence") await pause(clock, againMs);
  }

  /** Requests a version until a requester answers; a refusal is an answer: the spec may be the same, or the job waits. */
  async function change(jobId: string, { spec }: PlannedVersion, token: string): Promise<void> {
    const actor = { type: "client", id: "test" } as const;
    for (;;) {
      const answer = await ask((commands) =>
        spec === undefined
          ? commands.rerun(jobId, { version: 0, why: "requested by the client", actor })
          : commands.submit({ spec, token, force: true, actor }),
      );
      if (answer !== "silence") return;
      await pause(clock, againMs);
    }
  }

  const until = (atMs: number): Promise<void> => pause(clock, Math.max(0, startAt + atMs - clock.now()));

  async function stop(jobId: string): Promise<void> {
    for (;;) {
      const answer = await ask((commands) =>
        commands.stop(jobId, { why: "requested by the client", actor: { type: "client", id: "test" } }),
      );
      if (answer === "refused") return;
      if (answer !== "silence") return void stopped.add(jobId);
      await pause(clock, againMs);
    }
  }

  function plan(atMs: number, action: () => Promise<void>): void {
    waiting++;
    clock.at(startAt + atMs, () => void action().finally(() => waiting--));
  }

  for (const job of jobs) plan(job.atMs, () => submit(job));
  return { acknowledged, stopped, waiting: () => waiting };
}
