import { causeOf } from "@shoal/core";
import { type Preparation, type PreparedInput, preparedInputsMax, type Report } from "@shoal/proto";
import { outgoing, reportOf } from "../reports.ts";
import { type PreparationProgress, type Run, record } from "../run.ts";

// Shorter preparations are not worth an event: the next one, that the task runs, comes at once.
const firstMs = 1_000;
// A person who waits sees it move. Only a change is reported, so the number of inputs and tries is a limit too.
const everyMs = 60_000;
// Limits of the report's texts.
const textMax = { target: 256, source: 64, why: 256 } as const;

/** Reports what a run prepares when it takes long. */
export class ProgressReporter implements PreparationProgress {
  readonly #run: Run;
  readonly #inputs: PreparedInput[] = [];
  #stage: Preparation["stage"] = "inputs";
  #cancel = () => {};
  /** What was reported last. */
  #reported = "";

  constructor(run: Run) {
    this.#run = run;
  }

  begin(stage: Preparation["stage"]): void {
    this.end();
    this.#stage = stage;
    if (stage === "environment" || this.#inputs.length > 0) this.#plan(firstMs);
  }

  end(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  /** Adds an input, in its first try. Returns the function that changes what is known of it. */
  add(target: string, source: string): (changed: Partial<PreparedInput>) => void {
    const at = this.#inputs.length;
    if (at >= preparedInputsMax) return () => {};
    let input: PreparedInput = {
      ...{ target: target.slice(0, textMax.target), source: source.slice(0, textMax.source) },
      ...{ state: "fetching", sizeBytes: 0, isCached: false, tries: 1 },
    };
    this.#inputs.push(input);
    return ({ why = input.why, ...changed }) => {
      input = { ...input, ...changed, ...(why === undefined ? {} : { why: why.slice(0, textMax.why) }) };
      this.#inputs[at] = input;
    };
  }

  shown(isPreparing: boolean): Preparation | undefined {
    const inputs = [...this.#inputs];
    if (isPreparing) return { stage: this.#stage, inputs };
    return inputs.length === 0 ? undefined : { stage: "inputs", inputs };
  }

  #plan(ms: number): void {
    const { clock } = this.#run.ports;
    this.#cancel = clock.at(clock.now() + ms, () => {
      const shown = JSON.stringify(this.shown(true));
      if (shown !== this.#reported) this.#report();
      this.#reported = shown;
      this.#plan(everyMs);
    });
  }

  #report(): void {
    const { ports, assignment } = this.#run;
    const report: Report = reportOf(this.#run, { kind: "preparing" });
    // Set before it is written, so that the next entry of the journal has this number too.
    this.#run.reported = report;
    // The executor may have begun: an entry that denies it would have the next process start the task twice.
    const phase = this.#stage === "environment" ? "starting" : "preparing";
    // The journal has the number before it is sent: a node that dies here must not use it twice.
    record(this.#run, { phase }, report).then(
      () => ports.outbox.send(outgoing(this.#run, report)),
      (failure: unknown) =>
        ports.logger.warn(
          { executionId: assignment.executionId, why: causeOf(failure).why },
          "writing a journal entry failed",
        ),
    );
  }
}
