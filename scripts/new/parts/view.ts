import { addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "libs/core/src/views";

/** A view of a kind, in a bucket that only it writes. */
export const view: PartTemplate = {
  name: "view",
  summary:
    "entries in a bucket, derived from nodes; write its parts and its values, or list it in the views of another kind",
  files: ({ kebab, camel }) => ({
    [`${folder}/${kebab}.ts`]: `import type { ClusterNode } from "../node/node.ts";
import type { View } from "./view.ts";

/** The labels of every node that is not forgotten. */
export const ${camel}: View<ClusterNode> = {
  bucket: { name: "${kebab}", keys: "<nodeId>" },
  pace: "after a moment",
  parts: (node) => (node.state === "forgotten" ? [] : [{ key: node.info.nodeId, of: node.info, seq: node.seq }]),
  render: (_, { info }) => ({ labels: info.labels }),
};
`,
    [`${folder}/${kebab}.test.ts`]: `import { NodeChanged, NodeDisconnected, type NodeEvent, NodeForgotten, NodeJoined } from "@shoal/proto";
import { expect, it } from "vitest";
import { evolveNode } from "../node/node.ts";
import { folded } from "../testing/given.ts";
import { sampleAt, sampleInfo } from "../testing/samples.ts";
import { ${camel} } from "./${kebab}.ts";
import { changes, entries } from "./view.ts";

const info = sampleInfo("n-one");
const joined = NodeJoined.of({ info, startedAt: sampleAt });
const changed = NodeChanged.of({ info: { ...info, labels: { zone: "b" } }, startedAt: sampleAt });
const gone = NodeDisconnected.of({ why: "silent", lastSeenAt: sampleAt, forgetAt: sampleAt });
const nodeAfter = (...history: readonly NodeEvent[]) => folded(evolveNode, history) ?? expect.unreachable("a node");

it("has an entry for a node until it is forgotten", () => {
  expect(entries(${camel}, nodeAfter(joined))).toEqual([{ key: "n-one", seq: 1, value: { labels: info.labels } }]);
  expect(entries(${camel}, nodeAfter(joined, gone, NodeForgotten.of({})))).toEqual([]);
});

it("changes only when the node's offer changes", () => {
  const before = nodeAfter(joined);
  const written = changes(${camel}, before, { after: nodeAfter(joined, changed), seq: 2 });
  expect(written).toMatchObject([{ bucket: "${kebab}", key: "n-one", seq: 2, value: { labels: { zone: "b" } } }]);
  expect(changes(${camel}, before, { after: { ...before, state: "disconnected" }, seq: 2 })).toEqual([]);
});
`,
  }),
  edits: ({ kebab, camel }) => [
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    { path: `${folder}/index.ts`, change: addItem("export const nodeViews = [", camel) },
  ],
};
