/** Adds an import below the others. */
export const addImport = (statement: string) => (text: string) => {
  const last = [...text.matchAll(/^(?:import .*|\} from ".*);$/gm)].at(-1);
  const at = last === undefined ? 0 : last.index + last[0].length + 1;
  return `${text.slice(0, at)}${statement}\n${text.slice(at)}`;
};

/** Adds an item at the end of the list that begins with `opening`, whose last character is the bracket. */
export const addItem = (opening: string, item: string) => (text: string) => {
  const from = indexAfter(text, opening);
  const to = from + endOfList(text.slice(from));
  const items = text.slice(from, to).trimEnd().replace(/,$/, "");
  return `${text.slice(0, from)}${items}${items.trim() === "" ? "" : ","} ${item}${text.slice(to)}`;
};

/** Adds a text right behind the only place that has `anchor`. */
export const addBehind = (anchor: string, added: string) => (text: string) => {
  const at = indexAfter(text, anchor);
  return `${text.slice(0, at)}${added}${text.slice(at)}`;
};

/** Adds a text at the end. */
export const addAtEnd = (added: string) => (text: string) => `${text}${added}`;

function indexAfter(text: string, anchor: string): number {
  const at = text.indexOf(anchor);
  if (at === -1 || text.indexOf(anchor, at + 1) !== -1) {
    throw new Error(`expected "${anchor}" once; the registry has changed: change its template in scripts/new/parts`);
  }
  return at + anchor.length;
}

/** The index of the bracket that closes the list. */
function endOfList(text: string): number {
  let depth = 1;
  for (const [index, letter] of [...text].entries()) {
    if ("([{".includes(letter)) depth++;
    if (")]}".includes(letter)) depth--;
    if (depth === 0) return index;
  }
  throw new Error("the list does not end");
}
