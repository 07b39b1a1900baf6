// Colours for SQL and Python. Everything becomes text nodes: nothing here is ever read as HTML.

const SQL = /(?<text>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`)|(?<mark>\$\d+|%s|\?)|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>\b[A-Z][A-Z_]+\b)/g;
const PYTHON = /(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>\b(?:import|from|class|async|await|def|with|as|for|in|None|True|False|print)\b)|(?<name>\b[A-Z]\w*\b)/g;

export function coloured(text, language) {
  const code = document.createElement("code");
  let end = 0;
  for (const found of text.matchAll(language === "python" ? PYTHON : SQL)) {
    code.append(text.slice(end, found.index));
    const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
    code.append(element("span", { class: `code-${kind}` }, found[0]));
    end = found.index + found[0].length;
  }
  code.append(text.slice(end));
  return code;
}

// An element: its attributes, listeners (onclick: …) and properties of forms, then texts and elements in it.
export function element(name, attributes = {}, ...inner) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "open" || key === "disabled") made[key] = value;
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...inner.filter((each) => each !== null));
  return made;
}
