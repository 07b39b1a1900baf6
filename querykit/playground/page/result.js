// The rows of a result as a tree that opens and closes. Values are texts that the server made: none is read again here.
import { element } from "/words.js";

const OPEN_AT_ONCE = 400; // values, beyond which lists begin closed
const STEP = 100; // how many items of a list are drawn at a time

export function showResult(panel, found) {
  const size = count(found.tree);
  const facts = element("p", { class: "facts", role: "status" }, `${plural(found.rows, "row")} in ${(found.seconds * 1000).toFixed(1)} ms`);
  const notes = found.notes.map((each) => element("p", { class: "note" }, each));
  const tree = element("div", { class: "tree" });
  const draw = (isOpen) => tree.replaceChildren(...items(found.tree.items, isOpen, 1));
  draw(size <= OPEN_AT_ONCE ? () => true : (depth) => depth <= (found.rows <= 50 ? 1 : 0));
  const buttons = element(
    "span",
    { class: "few" },
    element("button", { type: "button", class: "quiet", onclick: () => draw(() => true) }, "Open all"),
    element("button", { type: "button", class: "quiet", onclick: () => draw(() => false) }, "Close all"),
  );
  const empty = found.rows ? [] : [element("p", { class: "faint" }, "No row meets the filters.")];
  panel.replaceChildren(element("div", { class: "tree-head" }, facts, found.rows ? buttons : null), ...notes, tree, ...empty);
}

function items(list, isOpen, depth) {
  const drawn = list.slice(0, STEP).map((each, at) => node(String(at), each, isOpen, depth, true));
  if (list.length > STEP) {
    const more = element("button", {
      type: "button",
      class: "quiet",
      onclick: () => more.replaceWith(...items(list.slice(STEP), isOpen, depth)),
    }, `… ${list.length - STEP} more`);
    drawn.push(more);
  }
  return drawn;
}

function node(key, value, isOpen, depth, isIndex = false) {
  const name = element("span", { class: isIndex ? "index" : "key" }, key);
  if (value.type !== undefined) {
    const text = value.type === "str" ? JSON.stringify(value.text) : value.text;
    const more = value.more ? element("i", {}, ` … ${value.more} more characters`) : null;
    return element("div", { class: "leaf" }, name, " ", element("span", { class: `value of-${value.type}`, title: value.type }, text), more);
  }
  const inner = element("div", { class: "inner" });
  let isDrawn = false;
  const fill = () => {
    if (isDrawn) return;
    isDrawn = true;
    const children = value.items ? items(value.items, isOpen, depth + 1) : value.fields.map(([each, of]) => node(each, of, isOpen, depth + 1));
    inner.append(...children);
    if (value.more) inner.append(element("p", { class: "note" }, `… ${value.more} more, not sent to the page`));
  };
  const size = (value.items ?? value.fields).length;
  if (!size && !value.more) return element("div", { class: "leaf" }, name, " ", element("span", { class: "faint" }, value.items ? "[ ]" : "{ }"));
  const summary = element("summary", {}, name, " ", element("span", { class: "preview" }, value.items ? plural(size + (value.more ?? 0), "item") : preview(value)));
  const details = element("details", { ontoggle: () => details.open && fill() }, summary, inner);
  if (isOpen(depth)) {
    fill();
    details.open = true;
  }
  return details;
}

function preview(value) {
  const shown = value.fields.filter(([, of]) => of.type !== undefined && of.type !== "None").slice(0, 3);
  return shown.map(([, of]) => (of.text.length > 40 ? `${of.text.slice(0, 40)}…` : of.text)).join(" · ");
}

function count(value) {
  if (value.type !== undefined) return 1;
  const inner = value.items ?? value.fields.map(([, of]) => of);
  return inner.reduce((sum, each) => sum + count(each), 1);
}

function plural(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}
