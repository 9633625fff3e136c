// 255 characters of name, 128 of tag and 137 of the longest digest in use (sha512), by the OCI distribution specification.
const referenceMaxLength = 255 + 1 + 128 + 1 + 137;

const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const host = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const component = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const tag = "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}";
const digest = "[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,128}";
const grammar = new RegExp(`^(?:${host}/)?${component}(?:/${component})*(:${tag})?(@${digest})?$`);

/**
 * The full form of an image reference: with the tag `latest` when it has neither tag nor digest, because an engine
 * pulls every tag of a name without one. Undefined when the text is not a valid image reference.
 */
export function imageReference(text: string): string | undefined {
  const parts = text.length <= referenceMaxLength ? grammar.exec(text) : null;
  if (parts === null) return undefined;
  return parts[1] === undefined && parts[2] === undefined ? `${text}:latest` : text;
}
