import type { Process } from "@shoal/core";
import type { NodeInfo } from "@shoal/proto";
import { createAgent } from "./agent/agent.ts";
import { createSweeper } from "./agent/sweeper.ts";
import { type BidderOptions, createBidder } from "./bidder/bidder.ts";
import { jobSelection } from "./bidder/job-selection.ts";
import { createPolicies } from "./bidder/policies/index.ts";
import { victimsOf } from "./bidder/victims.ts";
import { createLedger, type Ledger } from "./capacity/ledger.ts";
import { Reservation } from "./capacity/reservation.ts";
import { createGpuPool } from "./grants/gpu-pool.ts";
import { createGrants, type Grants } from "./grants/grants.ts";
import { createPortRange } from "./grants/port-range.ts";
import { type Availability, createAvailability } from "./heartbeat/availability.ts";
import { createHeartbeat } from "./heartbeat/heartbeat.ts";
import { createIdentity } from "./heartbeat/identity.ts";
import { hostVariables } from "./host-variables.ts";
import { fencedJournal } from "./journal/fenced-journal.ts";
import type { Journal } from "./journal/journal.ts";
import { createLogShipper } from "./logs/log-shipper.ts";
import type { ComputePorts, NodeSettings } from "./ports.ts";
import { createOutbox } from "./reports/outbox.ts";
import type { RunnerPorts } from "./runner/run.ts";
import { createRunner } from "./runner/runner.ts";
import { sweepFolders } from "./workspace/workspace.ts";

/**
 * A compute node, as a list of processes in their start order: the list is the architecture. The node reads the time,
 * draws random numbers and touches the host only through its ports. After a kill at any line, a new node on the same
 * journal and workspace resumes the workload.
 */
export function createCompute(settings: NodeSettings, ports: ComputePorts): readonly Process[] {
  const { clock, logger, bidServer } = ports;
  const { nodeId, capacity, slotsMax } = settings;
  const { portRange = createPortRange(undefined) } = ports;
  const grants = createGrants(portRange, createGpuPool(settings.gpus ?? []));
  const { journal: fenced, seal } = fencedJournal(ports.journal);
  const journal = releasingJournal(fenced, grants);
  const hostVariable = hostVariables(ports.env, settings.envAllow);
  const availability = createAvailability(ports);
  const outbox = createOutbox({ ...ports, onRepeat: (executionId) => agent.confirm(executionId) });
  const ledger = createLedger({ clock, capacity, slotsMax, freed: () => heartbeat.soon() });
  const { available } = ledger;
  const reservation = new Reservation({ clock, capacity, available, onEnded: () => heartbeat.soon() });
  const instance = { instanceId: ports.random.uuid(), startedAt: clock.now() };
  const info = () => nodeInfo(settings, availability, { available: reservation.shown(), running: ledger.taken() });
  const heartbeat = createHeartbeat({ clock, bidServer, everyMs: settings.heartbeatMs, instance, availability, info });
  const identity = createIdentity({
    ...{ nodeId, clock, bidServer, logger, instance, info },
    onDuplicate: (why) => {
      heartbeat.silence();
      ports.onDuplicate?.(why);
    },
  });
  const runnerPorts: RunnerPorts = {
    ...ports,
    journal,
    hostVariable,
    outbox,
    log: createLogShipper(ports.logs, clock),
    grants,
    release(executionId) {
      ledger.settle(executionId);
      grants.release(executionId);
    },
    limits: settings,
  };
  const agent = createAgent({
    nodeId,
    ...{ journal, ledger, logger, clock, bidServer },
    assignments: ports.assignments,
    random: ports.random,
    run: (assignment, options) => createRunner(runnerPorts, assignment, options),
    outbox,
    sweep: createSweeper({ executors: ports.executors.parts, isOffered: offers(availability), logger }),
    adopt: grants.adopt,
    sweepFolders: (keep) => sweepFolders(ports.workspace, keep),
    seal,
  });
  const offered = { selection: jobSelection(settings, ports), givesPorts: portRange.isOpen };
  const policies = createPolicies({ ...settings, ...offered, parts: ports, availability, hostVariable, available });
  const victims: BidderOptions["victims"] = (ask, free) =>
    victimsOf({ executions: agent.executions, ledger }, ask, free);
  const bidder = createBidder({ nodeId, bidServer, ledger, portRange, reservation, policies, victims });
  return [...opening(availability, ports), identity, outbox, holds(ledger, reservation), agent, bidder, heartbeat];
}

/** What starts before the node acts. */
const opening = (availability: Availability, { unpublished }: ComputePorts): readonly Process[] =>
  unpublished === undefined ? [partCheck(availability)] : [partCheck(availability), unpublished];

const offers =
  (availability: Availability) =>
  (engine: string): boolean =>
    availability.problem("executors", engine) === undefined;

/** A journal that frees what an execution has when it is forgotten. */
const releasingJournal = (journal: Journal, grants: Grants): Journal => ({
  ...journal,
  forget(executionId) {
    grants.release(executionId);
    journal.forget(executionId);
  },
});

/** Checks the parts of the node before any other process starts. */
const partCheck = (availability: Availability): Process => ({
  name: "availability",
  start: () => availability.refresh(),
  stop: async () => {},
});

const holds = (ledger: Ledger, reservation: Reservation): Process => ({
  name: "ledger",
  start: async () => {},
  stop: async () => {
    ledger.close();
    reservation.close();
  },
});

function nodeInfo(
  settings: NodeSettings,
  availability: Availability,
  now: Pick<NodeInfo, "available" | "running">,
): NodeInfo {
  const { nodeId, labels, capacity, perTask, gpus, version, address } = settings;
  return {
    nodeId,
    labels,
    engines: [...availability.usable("executors")],
    sources: [...availability.usable("sources")],
    publishers: [...availability.usable("publishers")],
    capacity,
    perTask,
    ...now,
    ...(gpus === undefined || gpus.length === 0 ? {} : { gpus: [...gpus] }),
    version,
    address,
  };
}
