/** A job that is accepted, and must end with a reason in its history. */
export interface DoomedSpec {
  readonly name: string;
  readonly task: (folder: string) => object;
  /** The reason in its history. */
  readonly summary: RegExp;
}

const noop = (params: object = {}) => ({ Engine: { Type: "noop", Params: params } });
const withInput = (source: object, target = "/in") => ({
  ...noop(),
  InputSources: [{ Source: source, Target: target }],
});
const local = (path: string, more: object = {}) => withInput({ Type: "local", Params: { SourcePath: path, ...more } });
const inline = (url: string, target?: string) => withInput({ Type: "inline", Params: { URL: url } }, target);
const published = (more: object) => ({ ...noop(), Publisher: { Type: "nats" }, ...more });

/** `folder` holds `open`, which nodes allow, and `closed`, which they do not; `open/out` leads to it. */
export const doomedSpecs = (archiveThatClimbs: string): readonly DoomedSpec[] => [
  { name: "an engine that no node has", task: () => ({ Engine: { Type: "teleport" } }), summary: /teleport/ },
  { name: "a thousand cores", task: () => ({ ...noop(), Resources: { CPU: "1000" } }), summary: /needs 1000 cpuCores/ },
  {
    name: "more memory than any node has",
    task: () => ({ ...noop(), Resources: { Memory: "4000TB" } }),
    summary: /memoryBytes/,
  },
  {
    name: "a publisher that no node has",
    task: () => ({ ...noop(), Publisher: { Type: "pigeon" } }),
    summary: /pigeon/,
  },
  { name: "a source that no node has", task: () => withInput({ Type: "moon" }), summary: /moon/ },
  { name: "a file of the machine", task: () => local("/etc/passwd"), summary: /does not allow \/etc\/passwd/ },
  {
    name: "a folder beside the allowed one",
    task: (folder) => local(`${folder}/closed/secret`),
    summary: /does not allow/,
  },
  {
    name: "a link that leads outside",
    task: (folder) => local(`${folder}/open/out/secret`),
    summary: /leads to .*which this node does not allow/,
  },
  {
    name: "write access to a read-only folder",
    task: (folder) => local(`${folder}/open`, { ReadWrite: true }),
    summary: /read-only/,
  },
  {
    name: "a missing folder",
    task: (folder) => local(`${folder}/open/new`, { CreateAs: "dir" }),
    summary: /read-only/,
  },
  {
    name: "an archive with an entry outside of it",
    task: () => inline(archiveThatClimbs),
    summary: /leads out of its folder/,
  },
  {
    name: "an input that is not an archive",
    task: () => inline("data:application/gzip;base64,AAAA"),
    summary: /archive|gzip|header/,
  },
  { name: "a target with ..", task: () => inline("data:,x", "/in/../../etc"), summary: /contains \. or \.\./ },
  { name: "a target that is the root", task: () => inline("data:,x", "/"), summary: /is the root/ },
  {
    name: "a result path with ..",
    task: () => published({ ResultPaths: [{ Name: "out", Path: "/out/../../etc" }] }),
    summary: /contains \. or \.\./,
  },
  {
    name: "a result name with ..",
    task: () => published({ ResultPaths: [{ Name: "../../out", Path: "/out" }] }),
    summary: /result name/,
  },
  {
    name: "a result name that is taken",
    task: () => published({ ResultPaths: [{ Name: "stdout", Path: "/out" }] }),
    summary: /is reserved/,
  },
];
