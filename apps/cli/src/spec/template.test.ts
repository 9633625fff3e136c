import { describe, expect, it } from "vitest";
import { renderTemplate } from "./template.ts";

const vars = new Map([
  ["name", "hello"],
  ["count", "3"],
  ["empty", ""],
  ["a-b", "dashed"],
]);
const render = (text: string) => renderTemplate(text, { name: "job.yaml", vars });

describe("a template", () => {
  it.each([
    ["no action", "no action"],
    ["name: {{.name}}-{{ .count }}", "name: hello-3"],
    ["a {{- /* a comment */ -}} b", "ab"],
    ["a\n  {{- .name -}}  \n b", "ahellob"],
    ['{{"{{"}}.name}}', "{{.name}}"],
    ['{{`}}`}} {{"a\\tb"}}', "}} a\tb"],
    ['{{index . "a-b"}}', "dashed"],
    ["{{if .name}}yes{{else}}no{{end}}", "yes"],
    ["{{if .empty}}yes{{else}}no{{end}}", "no"],
    ['{{if eq .count "1"}}one{{else if eq .count "2" "3"}}some{{else}}many{{end}}', "some"],
    ['{{if ne .name "hello"}}a{{if .missing}}b{{end}}{{end}}c', "c"],
    ["{{if .name}}a{{if .empty}}b{{else}}c{{end}}d{{end}}", "acd"],
    ["{{if not .empty}}x{{end}}{{if and .name .empty}}y{{end}}{{or .empty .name}}", "xhello"],
    ["env: { A: '{{.name}}' } }}", "env: { A: 'hello' } }}"],
  ])("%j becomes %j", (text, rendered) => {
    expect(render(text)).toBe(rendered);
  });

  it.each([
    ["a\n{{.nmae}}", 'job.yaml, line 2: the variable "nmae" is not set'],
    ['{{index . "x"}}', 'line 1: the variable "x" is not set'],
    ["{{.name", "line 1: expected {{ … }}"],
    ['{{"open}}', "line 1: expected {{ … }}"],
    ["a\n\n{{if .name}}", "line 3: this {{if}} has no {{end}}"],
    ["{{end}}", "line 1: {{end}} without {{if}}"],
    ["{{if .name}}{{else}}{{else}}{{end}}", "expected {{end}} after {{else}}"],
    ["{{range .name}}{{end}}", 'unknown function "range"; only .name,'],
    ["{{.name | upper}}", 'expected a variable, a string or a function, got ".name | upper"'],
    ['{{printf "%s" .name}}', 'unknown function "printf"'],
    ['{{.name "x"}}', ".name takes no arguments"],
    ["{{upper}}", 'unknown function "upper"'],
    ["{{eq .name}}", "eq: expected at least 2 arguments, got 1"],
    ["{{ }}", "got nothing"],
    // In a branch that is not used: the form counts, the variables do not.
    ["{{if .empty}}{{.missing}}{{upper}}{{end}}", 'unknown function "upper"'],
  ])("%j is refused with the line and the reason", (text, why) => {
    expect(() => render(text)).toThrow(why);
  });

  it("does not read a value as a template", () => {
    expect(renderTemplate("{{.a}}", { name: "x", vars: new Map([["a", "{{.b}}"]]) })).toBe("{{.b}}");
  });

  it("is read in a time that grows with its length", () => {
    const long = `{{"${"\\".repeat(200_000)}`;
    expect(() => render(long)).toThrow("expected {{ … }}");
    expect(() => render("{{".repeat(100_000))).toThrow("expected {{ … }}");
    expect(() => render(`{{${" ".repeat(1_000_000)}`)).toThrow("expected {{ … }}");
    expect(render("{{if .name}}".repeat(50_000) + "{{end}}".repeat(50_000))).toBe("");
  });
});
