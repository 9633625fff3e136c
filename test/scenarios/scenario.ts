import type { SpecOverrides } from "@shoal/core/testing";
import type { JobSpec, NodeAction, Task } from "@shoal/proto";

/** An action of a client, an operator or the environment. `whom` is a requester or a node. */
export type Act =
  | SubmitAct
  /** Runs the spec of a version, 0 for the current one, as a new version. */
  | { readonly handle: "rerun"; readonly job: string; readonly version: number }
  /** A client asks why the job is in its state. */
  | { readonly handle: "explain"; readonly job: string }
  | { readonly handle: "stop"; readonly job: string; readonly via?: string }
  /** kill -9, for good. */
  | { readonly handle: "kill"; readonly whom: string }
  | { readonly handle: "start"; readonly whom: string }
  /** kill -9; its supervisor restarts it. */
  | { readonly handle: "crash"; readonly whom: string; readonly downSeconds: number }
  /** SIGTERM; its supervisor restarts it. */
  | { readonly handle: "shut-down"; readonly whom: string; readonly downSeconds: number }
  /** SIGSTOP, and SIGCONT later. */
  | { readonly handle: "pause"; readonly whom: string; readonly forSeconds: number }
  /** It does not reach NATS. */
  | { readonly handle: "disconnect"; readonly whom: string; readonly forSeconds: number }
  /** NATS is down. */
  | { readonly handle: "outage"; readonly forSeconds: number }
  | { readonly handle: "delete-bucket"; readonly bucket: string }
  /** NATS ends uncleanly and brings removed assignments back (nats-server issue 8505). */
  | { readonly handle: "restore-assignments" }
  | { readonly handle: "set-clock"; readonly whom: string; readonly bySeconds: number }
  /** An operator's order about a node. */
  | {
      readonly handle: "update-node";
      readonly node: string;
      readonly action: NodeAction;
      readonly order?: DrainOptions;
    }
  /** A node, or an attacker with its rights, sends a report that it should not. */
  | { readonly handle: "report"; readonly from: string; readonly job: string; readonly execution: string }
  /** A later release appends a message that this one cannot read. */
  | { readonly handle: "append-unreadable"; readonly job: string }
  | ErrandAct;

/** Of the order to drain a node. */
interface DrainOptions {
  readonly mode?: "finish" | "move";
  readonly deadlineSeconds?: number;
}

interface SubmitAct {
  readonly handle: "submit";
  readonly job: string;
  readonly spec: SpecOverrides;
  readonly over?: Partial<Pick<JobSpec, "type" | "constraints" | "update">> & {
    readonly engine?: string;
    readonly disconnect?: Task["disconnect"];
  };
  /** A job type that this release does not have. */
  readonly isOfNextType?: boolean;
  readonly token?: string;
}

/** Starts an aggregate of the test kind `errand`, which submits children and waits for them. */
interface ErrandAct {
  readonly handle: "start-errand";
  readonly errand: string;
  readonly children: readonly { readonly errand: string; readonly runSeconds: number; readonly refuses?: boolean }[];
}

/** A short simulation: its processes, its actions and its length. */
export interface Scenario {
  /** Also the name of its transcript. */
  readonly name: string;
  /** What it shows, in one sentence. */
  readonly description: string;
  readonly requesters: readonly string[];
  /** Cores of each node, by its id. A node that an act starts is down before. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Each with its time, seconds from the start. */
  readonly acts: readonly (readonly [atSeconds: number, act: Act])[];
  readonly untilSeconds: number;
  /** Sentences of the log lines that the transcript contains; none when left out. */
  readonly logs?: readonly string[];
  /** The settings that the scenario is about. */
  readonly settings?: {
    readonly openMax?: number;
    readonly forgetAfterMs?: number;
    readonly reserveAfterMs?: number;
    readonly preemption?: boolean;
    readonly manualApproval?: boolean;
  };
  /** The kinds of aggregates that requesters have; those of the product when left out. */
  readonly release?: "current" | "next";
}
