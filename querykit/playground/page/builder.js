// The form of a query: for each table in it, its columns, filters, order, limit, and the tables nested in it.
import { element } from "/words.js";

const OPERATORS = {
  eq: "=",
  ne: "≠",
  gt: ">",
  gte: "≥",
  lt: "<",
  lte: "≤",
  between: "between",
  in: "in",
  not_in: "not in",
  like: "like",
  ilike: "like, any case",
  contains: "contains",
  starts_with: "starts with",
  ends_with: "ends with",
  is_null: "is null",
  is_not_null: "is not null",
};
const FEW = 8;
let names = 0;

export function emptyRows(table, isFirst = false) {
  const columns = table.columns.map((each) => each.name);
  return {
    columns: columns.length > FEW * 2 ? columns.slice(0, FEW) : columns,
    filters: [],
    match: "all",
    order_by: isFirst ? table.columns.filter((each) => each.is_key).map((each) => ({ column: each.name, descending: false })) : [],
    limit: isFirst ? 50 : null,
    relations: [],
  };
}

// `around` has tableOf(name), changed(), and the path of these rows in the description.
export function buildRows(rows, table, around, isOne = false) {
  const box = element("div", { class: "rows" });
  const parts = [columnsPart, filtersPart, ...(isOne ? [] : [orderPart]), relationsPart];
  box.append(...parts.map((part) => part(rows, table, around)));
  return box;
}

function part(title, path, ...inner) {
  const label = `part-${++names}`;
  const head = element("span", { class: "title", id: label }, title);
  return element("div", { class: "part", role: "group", "aria-labelledby": label, "data-path": path }, head, ...inner);
}

// -- columns ----------------------------------------------------------------------------------------------------------

function columnsPart(rows, table, { changed, path }) {
  const boxes = table.columns.map((column) => {
    const input = element("input", {
      type: "checkbox",
      checked: rows.columns.includes(column.name),
      onchange: () => {
        const chosen = new Set(rows.columns);
        if (input.checked) chosen.add(column.name);
        else chosen.delete(column.name);
        rows.columns = table.columns.map((each) => each.name).filter((each) => chosen.has(each));
        changed();
      },
    });
    const about = [column.type, column.is_key ? "primary key" : null, column.comment].filter(Boolean).join(" · ");
    const text = element("span", {}, column.name);
    return element("label", { class: "chip", title: about }, input, text, column.is_key ? element("i", { "aria-hidden": "true" }, "key") : null);
  });
  const all = (checked) => () => {
    for (const box of boxes) box.querySelector("input").checked = checked;
    rows.columns = checked ? table.columns.map((each) => each.name) : [];
    changed();
  };
  const buttons = element(
    "span",
    { class: "few" },
    element("button", { type: "button", class: "quiet", onclick: all(true) }, "all"),
    element("button", { type: "button", class: "quiet", onclick: all(false) }, "none"),
  );
  return part("Columns", `${path}.columns`, element("div", { class: "chips" }, ...boxes, buttons));
}

// -- filters ----------------------------------------------------------------------------------------------------------

function filtersPart(rows, table, { changed, path }) {
  const list = element("div", { class: "lines" });
  const draw = () => {
    list.replaceChildren(...rows.filters.map((filter, at) => filterLine(filter, at)));
    if (rows.filters.length > 1) {
      list.prepend(
        element(
          "label",
          { class: "line" },
          "rows that meet ",
          select(["all", "any"], rows.match, (value) => { rows.match = value; changed(); }, "How many filters are to hold"),
        ),
      );
    }
    list.append(add);
  };
  const filterLine = (filter, at) => {
    const operators = table.columns.find((each) => each.name === filter.column)?.operators ?? [];
    const line = element("div", { class: "line", "data-path": `${path}.filters.${at}` });
    const redraw = (focused) => { draw(); changed(); list.querySelectorAll(".line[data-path]")[at]?.querySelector(focused)?.focus(); };
    line.append(
      select(table.columns.map((each) => each.name), filter.column, (value) => {
        const column = table.columns.find((each) => each.name === value);
        filter.column = value;
        if (!column.operators.includes(filter.operator)) filter.operator = column.operators[0];
        fit(filter);
        redraw(".of-column");
      }, "Column", "of-column"),
      select(operators, filter.operator, (value) => { filter.operator = value; fit(filter); redraw(".of-operator"); }, "Operator", "of-operator", OPERATORS),
      ...valueInputs(filter, changed, table.columns.find((each) => each.name === filter.column)?.takes || "value"),
      remove(`Remove the filter of ${filter.column}`, () => { rows.filters.splice(at, 1); draw(); changed(); add.focus(); }),
    );
    return line;
  };
  const add = element("button", {
    type: "button",
    class: "add",
    onclick: () => {
      const column = table.columns[0];
      rows.filters.push(fit({ column: column.name, operator: column.operators[0], values: [] }));
      draw();
      changed();
      list.querySelectorAll(".of-column")[rows.filters.length - 1].focus();
    },
  }, "+ filter");
  draw();
  return part("Filters", `${path}.filters`, list);
}

// Give a filter as many values as its operator takes.
function fit(filter) {
  if (filter.operator.startsWith("is_")) filter.values = [];
  else if (filter.operator === "between") filter.values = [filter.values[0] ?? "", filter.values[1] ?? ""];
  else if (filter.operator === "in" || filter.operator === "not_in") filter.values = filter.values.filter(Boolean);
  else filter.values = [filter.values[0] ?? ""];
  return filter;
}

function valueInputs(filter, changed, example) {
  if (filter.operator.startsWith("is_")) return [];
  if (filter.operator === "in" || filter.operator === "not_in") {
    const input = element("input", {
      type: "text",
      value: filter.values.join(", "),
      placeholder: "one, two, three",
      "aria-label": "Values, with commas between them",
      oninput: () => { filter.values = input.value.split(",").map((each) => each.trim()).filter(Boolean); changed(); },
    });
    return [input];
  }
  return filter.values.map((value, at) => {
    const input = element("input", {
      type: "text",
      value,
      "aria-label": filter.values.length > 1 ? ["From", "To"][at] : "Value",
      placeholder: filter.values.length > 1 ? ["from", "to"][at] : example,
      oninput: () => { filter.values[at] = input.value; changed(); },
    });
    return input;
  });
}

// -- order and limit --------------------------------------------------------------------------------------------------

function orderPart(rows, table, { changed, path }) {
  const list = element("div", { class: "lines across" });
  const draw = () => {
    const lines = rows.order_by.map((key, at) =>
      element(
        "div",
        { class: "line", "data-path": `${path}.order_by.${at}` },
        select(table.columns.map((each) => each.name), key.column, (value) => { key.column = value; changed(); }, "Column", "of-column"),
        select(["up", "down"], key.descending ? "down" : "up", (value) => { key.descending = value === "down"; changed(); }, "Direction", "", { up: "↑", down: "↓" }),
        remove(`Remove the order by ${key.column}`, () => { rows.order_by.splice(at, 1); draw(); changed(); add.focus(); }),
      ),
    );
    list.replaceChildren(...lines, add);
  };
  const add = element("button", {
    type: "button",
    class: "add",
    onclick: () => {
      const used = new Set(rows.order_by.map((each) => each.column));
      const column = table.columns.find((each) => !used.has(each.name)) ?? table.columns[0];
      rows.order_by.push({ column: column.name, descending: false });
      draw();
      changed();
      list.querySelectorAll(".of-column")[rows.order_by.length - 1].focus();
    },
  }, "+ order");
  draw();
  return part("Order", `${path}.order_by`, element("div", { class: "ordered" }, list, limitInput(rows, changed, path)));
}

function limitInput(rows, changed, path) {
  const input = element("input", {
    type: "number",
    min: "0",
    max: "1000000",
    value: rows.limit ?? "",
    placeholder: "none",
    "data-path": `${path}.limit`,
    oninput: () => { rows.limit = input.value === "" ? null : Math.trunc(Number(input.value)); changed(); },
  });
  return element("label", { class: "limit" }, "limit ", input);
}

// -- nested tables ----------------------------------------------------------------------------------------------------

function relationsPart(rows, table, around) {
  const { tableOf, changed, path } = around;
  const list = element("div", { class: "nested" });
  const draw = () => {
    const cards = rows.relations.map((nested, at) => card(nested, at));
    const free = table.relations.filter((each) => !rows.relations.some((other) => other.relation === each.name));
    const buttons = free.map((relation) =>
      element("button", {
        type: "button",
        class: "add",
        title: relation.links.join(" and "),
        onclick: () => {
          rows.relations.push({ relation: relation.name, name: null, rows: emptyRows(tableOf(relation.table)) });
          draw();
          changed();
          list.querySelector(`:scope > .card:nth-of-type(${rows.relations.length})`)?.querySelector("input")?.focus();
        },
      }, `+ ${relation.name} `, element("i", {}, leads(relation))),
    );
    list.replaceChildren(...cards, element("div", { class: "lines across" }, ...buttons));
  };
  const card = (nested, at) => {
    const relation = table.relations.find((each) => each.name === nested.relation);
    if (!relation) return element("p", {}, `${nested.relation} is no longer there`);
    const own = `${path}.relations.${at}`;
    const name = element("input", {
      type: "text",
      class: "name",
      value: nested.name ?? relation.name,
      "aria-label": `The name of the nested ${relation.table}`,
      "data-path": `${own}.name`,
      oninput: () => { nested.name = name.value === relation.name ? null : name.value; changed(); },
    });
    const head = element(
      "div",
      { class: "card-head" },
      name,
      element("span", { class: "kind", title: relation.links.join(" and ") }, leads(relation)),
      remove(`Remove ${nested.name ?? relation.name}`, () => {
        rows.relations.splice(at, 1);
        draw();
        changed();
        list.querySelector("button.add")?.focus();
      }),
    );
    const inner = buildRows(nested.rows, tableOf(relation.table), { ...around, path: `${own}.rows` }, !relation.is_many);
    return element("section", { class: "card", "aria-label": `Nested ${relation.name}`, "data-path": own }, head, inner);
  };
  draw();
  return part("Nested", `${path}.relations`, table.relations.length ? list : element("span", { class: "faint" }, "no foreign keys lead from here or to it"));
}

// -- pieces -----------------------------------------------------------------------------------------------------------

function select(values, value, onChange, label, kind = "", words = {}) {
  const options = values.map((each) => element("option", { value: each }, words[each] ?? each));
  const made = element("select", { "aria-label": label, class: kind || null }, ...options);
  made.value = value;
  made.addEventListener("change", () => onChange(made.value));
  return made;
}

function leads(relation) {
  const through = relation.through ? ` through ${relation.through}` : "";
  return relation.is_many ? `list of ${relation.table}${through}` : `one ${relation.table}`;
}

function remove(label, onclick) {
  return element("button", { type: "button", class: "quiet remove", "aria-label": label, title: label, onclick }, "×");
}
