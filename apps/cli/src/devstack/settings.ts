/** What a devstack is asked to be. */
export interface DevstackSettings {
  readonly requesters: number;
  readonly nodes: number;
  /** The API of requester i listens on port + i; 0 for any free ones. */
  readonly port: number;
  /** 0 for any free one. */
  readonly natsPort: number;
  readonly dataDir: string;
  /** Whether a process that dies is started again. */
  readonly restart: boolean;
  /** Settings of every node and every requester, by path. */
  readonly nodeSettings: Readonly<Record<string, string>>;
  readonly requesterSettings: Readonly<Record<string, string>>;
}

/** What a devstack is unless it is told otherwise; the ports are the field's and NATS's own. */
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

/** The most processes of a kind: each takes some 100 MB. */
export const membersMax = 64;
