/** The settings of a devstack. */
export interface DevstackSettings {
  readonly requesters: number;
  readonly nodes: number;
  /** The API of requester i listens on port + i; 0 for any free ports. */
  readonly port: number;
  /** 0 for any free port. */
  readonly natsPort: number;
  readonly dataDir: string;
  /** Whether a process that dies is restarted. */
  readonly restart: boolean;
  /** Settings of every node and every requester, by path. */
  readonly nodeSettings: Readonly<Record<string, string>>;
  readonly requesterSettings: Readonly<Record<string, string>>;
}

/** The defaults of a devstack; the ports are those of Bacalhau and NATS. */
export const defaults: DevstackSettings = {
  requesters: 2,
  nodes: 3,
  port: 1234,
  natsPort: 4222,
  dataDir: ".shoal/devstack",
  restart: true,
  nodeSettings: {},
  requesterSettings: {},
};

/** The limit of processes of each kind: one takes some 100 MB. */
export const membersMax = 64;
