/** A job that is taken, and must end with a reason that stands in its history. */
export interface DoomedSpec {
  readonly name: string;
  readonly task: (folder: string) => object;
  /** What its history says. */
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
  { name: "an engine that nobody has", task: () => ({ Engine: { Type: "teleport" } }), summary: /teleport/ },
  { name: "params that the engine cannot read", task: () => noop({ RunSeconds: "long" }), summary: /RunSeconds/ },
  { name: "params that the engine does not know", task: () => noop({ Sudo: true }), summary: /Sudo/ },
  { name: "a thousand cores", task: () => ({ ...noop(), Resources: { CPU: "1000" } }), summary: /needs 1000 cpuCores/ },
  {
    name: "more memory than there is",
    task: () => ({ ...noop(), Resources: { Memory: "4000TB" } }),
    summary: /memoryBytes/,
  },
  {
    name: "a publisher that nobody has",
    task: () => ({ ...noop(), Publisher: { Type: "pigeon" } }),
    summary: /pigeon/,
  },
  { name: "a source that nobody has", task: () => withInput({ Type: "moon" }), summary: /moon/ },
  { name: "a file of the machine", task: () => local("/etc/passwd"), summary: /does not allow \/etc\/passwd/ },
  {
    name: "a folder beside the open one",
    task: (folder) => local(`${folder}/closed/secret`),
    summary: /does not allow/,
  },
  {
    name: "a path that goes up",
    task: (folder) => local(`${folder}/open/../closed/secret`),
    summary: /must not contain "\.\."/,
  },
  {
    name: "a link that leads out",
    task: (folder) => local(`${folder}/open/out/secret`),
    summary: /leads to .*which this node does not allow/,
  },
  {
    name: "writing where reading is allowed",
    task: (folder) => local(`${folder}/open`, { ReadWrite: true }),
    summary: /read-only/,
  },
  {
    name: "making what is not there",
    task: (folder) => local(`${folder}/open/new`, { CreateAs: "dir" }),
    summary: /read-only/,
  },
  {
    name: "a path with a null character",
    task: (folder) => local(`${folder}/open\u0000/x`),
    summary: /absolute path|SourcePath/,
  },
  { name: "an input that is no data", task: () => inline("https://example.test/x"), summary: /data: URI/ },
  {
    name: "an input that is no base64",
    task: () => inline("data:text/plain;base64,!!!"),
    summary: /does not have the encoding/,
  },
  {
    name: "an archive that climbs out",
    task: () => inline(archiveThatClimbs),
    summary: /leads out of its folder/,
  },
  {
    name: "an archive that is none",
    task: () => inline("data:application/gzip;base64,AAAA"),
    summary: /archive|gzip|header/,
  },
  { name: "a target that goes up", task: () => inline("data:,x", "/in/../../etc"), summary: /contains \. or \.\./ },
  { name: "a target that is the root", task: () => inline("data:,x", "/"), summary: /is the root/ },
  {
    name: "a result path that goes up",
    task: () => published({ ResultPaths: [{ Name: "out", Path: "/out/../../etc" }] }),
    summary: /contains \. or \.\./,
  },
  {
    name: "a result name that goes up",
    task: () => published({ ResultPaths: [{ Name: "../../out", Path: "/out" }] }),
    summary: /result name/,
  },
  {
    name: "a result name that is taken",
    task: () => published({ ResultPaths: [{ Name: "stdout", Path: "/out" }] }),
    summary: /is reserved/,
  },
];
