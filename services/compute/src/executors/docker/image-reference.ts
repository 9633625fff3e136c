// 255 characters of name, 128 of tag and 137 of the longest digest in use (sha512), by the OCI distribution specification.
const referenceMaxLength = 255 + 1 + 128 + 1 + 137;

const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const component = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
const digest = "[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,128}";
const grammar = new RegExp(`^(?:${host}/)?${component}(?:/${component})*(:${tag})?(@${digest})?$`);

/**
 * The full form of an image's name: with the tag `latest` when it names neither tag nor digest, for an engine that is asked to
 * pull a name without one fetches every tag there is. Undefined when this cannot name an image.
 */
export function imageReference(text: string): string | undefined {
  const parts = text.length <= referenceMaxLength ? grammar.exec(text) : null;
  if (parts === null) return undefined;
  return parts[1] === undefined && parts[2] === undefined ? `${text}:latest` : text;
}
