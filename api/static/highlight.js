// Colouring code: comments, strings, numbers and keywords. Enough to read by; no grammar is loaded for it.

const KEYWORDS = new Set(
  (
    "and as assert async await break case catch class const continue def default defer del do elif else enum except export " +
    "extends false False finally for from func function global go if implements import in instanceof interface is lambda " +
    "let match new nil None nonlocal not null or package pass private protected public raise return select self static " +
    "struct super switch this throw throws true True try type typeof undefined use var void while with yield"
  ).split(" "),
);
const HASH = String.raw`#[^\n]*`;
const SLASHES = String.raw`\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)`;
const STRINGS = String.raw`"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?`;
const TEMPLATE = "|`(?:[^`\\\\]|\\\\[^])*`?";
const REST = String.raw`|(\b\d[\w.]*)|([A-Za-z_$][\w$]*)`;

const HASHED = new Set(["python", "shell", "bash", "ruby", "yaml", "toml", "dockerfile", "makefile", "hcl", "terraform", ""]);
/** Longer than this is minified or data: plain. */
const LONGEST = 1_000_000;

/** Milliseconds to work before the reader's input has its turn. */
const SLICE = 12;

/** The lines of a text, each a list of [kind, text]; kind is "" for plain. */
export async function highlighted(text, language) {
  const source = text.replace(/\r\n/g, "\n");
  if (source.length > LONGEST) return source.split("\n").map((line) => [["", line]]);
  const lines = [[]];
  const add = (kind, part) => {
    part.split("\n").forEach((piece, index) => {
      if (index) lines.push([]);
      if (piece) lines.at(-1).push([kind, piece]);
    });
  };
  let at = 0;
  let until = performance.now() + SLICE;
  for (const match of source.matchAll(pattern(language))) {
    if (match.index > at) add("", source.slice(at, match.index));
    add(kindOf(match), match[0]);
    at = match.index + match[0].length;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setTimeout(resolve));
    until = performance.now() + SLICE;
  }
  add("", source.slice(at));
  return lines;
}

function pattern(language) {
  const hashed = HASHED.has(language);
  return new RegExp(`(${hashed ? HASH : SLASHES})|(${STRINGS}${hashed ? "" : TEMPLATE})${REST}`, "g");
}

function kindOf([, comment, string, number, word]) {
  if (comment) return "comment";
  if (string) return "string";
  if (number) return "number";
  return KEYWORDS.has(word) ? "keyword" : "";
}
