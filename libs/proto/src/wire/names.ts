// Words that Bacalhau writes in capitals.
const capitals: Readonly<Record<string, string>> = {
  id: "ID",
  cpu: "CPU",
  gpu: "GPU",
  gpus: "GPUs",
  url: "URL",
  ip: "IP",
  os: "OS",
};

const word = /[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g;

/** The wire name of a field: `nodeId` is `NodeID`. */
export function wireName(field: string): string {
  const words = field.match(word) ?? [field];
  return words.map((each) => capitals[each.toLowerCase()] ?? each.charAt(0).toUpperCase() + each.slice(1)).join("");
}
