/** A table in Markdown. Cells may hold Markdown; bars and line ends in them are escaped. An empty column is left out. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const filled = head.map((_, column) => rows.some((row) => row[column] !== ""));
  const line = (cells: readonly string[]) =>
    `| ${cells
      .filter((_, column) => filled[column])
      .map(cell)
      .join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A text as code, in Markdown. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A value of JSON in YAML: objects in lines, lists of plain values in brackets. */
export function yaml(value: object): string {
  return yamlLines(value).join("\n");
}

function yamlLines(value: object): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((one: object) => yamlLines(one).map((line, index) => `${index === 0 ? "-" : " "} ${line}`));
  }
  return Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
    isNested(one) ? [`${key}:`, ...yamlLines(one).map((line) => `  ${line}`)] : [`${key}: ${JSON.stringify(one)}`],
  );
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(Array.isArray(value) && typeof value[0] !== "object");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
