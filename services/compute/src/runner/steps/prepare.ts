import { breakOff } from "../break-off.ts";
import { deadline } from "../deadline.ts";
import { fetchInputs } from "../prepare/inputs.ts";
import { ProgressReporter } from "../prepare/progress-reporter.ts";
import { fetchSecrets } from "../prepare/secrets.ts";
import { type Plan, planOf, readyWorkload } from "../prepare/workload.ts";
import type { Run } from "../run.ts";
import type { RunState } from "../run-state.ts";

/**
 * Fetches the inputs and creates the folders. The time limit includes the executor's work before the task starts, such
 * as pulling an image. Files of an earlier process have been removed before.
 */
export async function prepare(run: Run, observed: RunState): Promise<RunState> {
  const { ports, assignment, stopped } = run;
  const ms = assignment.prepareTimeoutMs;
  const limit = deadline(ports.clock, { ms, stopped, what: "preparing", code: "START_TIMED_OUT" });
  const progress = new ProgressReporter(run);
  run.progress = progress;
  try {
    const plan = planOf(run);
    run.runtime = { ...run.runtime, ...(await ports.grants.grant(assignment)) };
    const secrets = await fetchSecrets(run, limit.signal);
    // A source that continues after its abort writes into a removed folder: the next start of the node sweeps what it
    // leaves.
    const inputs = await breakOff(ports.clock, limit.signal, fetchInputs(run, limit.signal, progress));
    run.generation = Math.max(ports.clock.now(), run.generation + 1);
    return { state: "prepared", ...(await readyWorkload(run, withEnv(plan, secrets), inputs)), limit };
  } catch (failure) {
    limit.cancel();
    // An operation that a stop aborted is not a failure.
    if (stopped.aborted) return observed;
    throw limit.why() ?? failure;
  } finally {
    progress.end();
  }
}

const withEnv = (plan: Plan, secrets: Readonly<Record<string, string>>): Plan => ({
  ...plan,
  env: { ...plan.env, ...secrets },
});
