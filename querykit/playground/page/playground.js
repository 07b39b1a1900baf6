// The page's program. It sends descriptions of queries as data, and shows what comes back as text.
import { buildRows, emptyRows } from "/builder.js";
import { showResult } from "/result.js";
import { coloured, element } from "/words.js";

const $ = (id) => document.getElementById(id);
const TABS = ["result", "python", "sql", "plan"];
const KEPT = "querykit-playground";
const NAMES = { postgres: "PostgreSQL", mysql: "MySQL", mariadb: "MariaDB", sqlite: "SQLite" };

let token = "";
let database = null;
let query = null;
let shown = "result";
let fresh = { result: false, plan: false }; // whether they belong to the query as it is now
let waiting = 0;
let running = null;

// -- the server -------------------------------------------------------------------------------------------------------

class Refusal extends Error {
  constructor(message, path, status) {
    super(message);
    this.path = path ?? [];
    this.status = status;
  }
}

async function ask(question, content = {}, signal = null) {
  let answer;
  try {
    answer = await fetch(`/api/${question}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify(content),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("the playground does not answer: is the command still running?");
  }
  const found = await answer.json().catch(() => ({ error: `the playground is busy (HTTP ${answer.status}): try again` }));
  if (!answer.ok) throw new Refusal(found.error, found.path, answer.status);
  return found;
}

// -- showing ----------------------------------------------------------------------------------------------------------

function stop(message) {
  $("main").hidden = true;
  $("stop").hidden = false;
  $("stop").textContent = message;
}

function problem(error) {
  if (error.name === "AbortError") return;
  for (const each of document.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
  const where = error.path ?? [];
  for (let length = where.length; length > 0; length--) {
    const place = document.querySelector(`[data-path=${CSS.escape(where.slice(0, length).join("."))}]`);
    if (place) {
      place.setAttribute("aria-invalid", "true");
      break;
    }
  }
  const end = where.includes("values") ? where.indexOf("values") : where.length; // which of two values, its line shows
  const spot = where.slice(0, end).filter((each) => each !== "rows").map((each) => (typeof each === "number" ? each + 1 : each));
  $("problem").hidden = false;
  $("problem").textContent = spot.length ? `${spot.join(" › ")}: ${error.message}` : error.message;
  if (error.status === 401) stop(error.message);
}

function noProblem() {
  $("problem").hidden = true;
  for (const each of document.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
}

function copyButton(text) {
  const button = element("button", { type: "button", class: "quiet copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it, and press Ctrl+C";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}

function codeBlock(title, text, language, ...below) {
  const head = element("div", { class: "code-head" }, element("h2", {}, title), copyButton(text));
  return element("section", { class: "code" }, head, element("pre", { class: `of-${language}` }, coloured(text, language)), ...below);
}

function showPython(text) {
  $("panel-python").replaceChildren(codeBlock("The whole program", text, "python"));
}

function showSql(written) {
  const blocks = written.map((each) => {
    const title = NAMES[each.dialect] + (each.dialect === database.dialect ? ", this database" : "");
    if (each.error !== undefined) {
      const head = element("div", { class: "code-head" }, element("h2", {}, title));
      return element("section", { class: "code" }, head, element("p", { class: "refused" }, each.error));
    }
    const list = each.parameters.map((value) => element("li", {}, element("code", {}, value)));
    const below = list.length ? element("ol", { class: "parameters", "aria-label": "Parameters" }, ...list) : null;
    return codeBlock(title, each.sql, "sql", below);
  });
  $("panel-sql").replaceChildren(...blocks);
}

function showPlan(plan) {
  const panel = $("panel-plan");
  if (plan.columns.length === 1) {
    panel.replaceChildren(codeBlock(plan.columns[0], plan.rows.map((row) => row[0]).join("\n"), "plan"));
    return;
  }
  const [id, parent, detail] = ["id", "parent", "detail"].map((each) => plan.columns.indexOf(each));
  if (plan.columns.length === 4 && Math.min(id, parent, detail) >= 0) {
    const depths = new Map(); // SQLite's plan is a tree, told by its rows
    for (const row of plan.rows) depths.set(row[id], (depths.get(row[parent]) ?? -1) + 1);
    const lines = plan.rows.map((row) => "  ".repeat(depths.get(row[id])) + row[detail]);
    panel.replaceChildren(codeBlock("Query plan", lines.join("\n"), "plan"));
    return;
  }
  const head = element("tr", {}, ...plan.columns.map((each) => element("th", { scope: "col" }, each)));
  const rows = plan.rows.map((row) => element("tr", {}, ...row.map((each) => element("td", {}, each))));
  const grid = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  panel.replaceChildren(element("div", { class: "scrolling" }, grid));
}

function choose(tab) {
  shown = tab;
  for (const each of TABS) {
    const is = each === tab;
    $(`tab-${each}`).setAttribute("aria-selected", String(is));
    $(`tab-${each}`).tabIndex = is ? 0 : -1;
    $(`panel-${each}`).hidden = !is;
  }
  if ((tab === "plan" || tab === "result") && !fresh[tab]) run();
}

// -- asking -----------------------------------------------------------------------------------------------------------

function changed() {
  fresh = { result: false, plan: false };
  $("panel-result").classList.add("stale");
  $("panel-plan").classList.add("stale");
  sessionStorage.setItem(`${KEPT}-query`, JSON.stringify({ of: database.database, query }));
  clearTimeout(waiting);
  waiting = setTimeout(show, 150);
}

let asked = 0;

async function show() {
  const number = ++asked;
  try {
    const found = await ask("show", query);
    if (number !== asked) return; // a later one is on its way
    noProblem();
    showPython(found.python);
    showSql(found.sql);
  } catch (error) {
    if (number === asked) problem(error);
  }
}

async function run() {
  running?.abort();
  const own = (running = new AbortController());
  const what = shown === "plan" ? "plan" : "result";
  if (shown !== "plan" && shown !== "result") choosePanel("result");
  const panel = $(`panel-${what}`);
  panel.setAttribute("aria-busy", "true");
  try {
    const found = await ask(what === "plan" ? "plan" : "run", query, own.signal);
    noProblem();
    fresh[what] = true;
    panel.classList.remove("stale");
    if (what === "plan") showPlan(found);
    else showResult(panel, found);
  } catch (error) {
    problem(error);
  } finally {
    if (running === own) running = null;
    if (running === null) panel.removeAttribute("aria-busy");
  }
}

function choosePanel(tab) {
  fresh[tab] = true; // what called this runs by itself
  choose(tab);
  fresh[tab] = false;
}

// -- beginning --------------------------------------------------------------------------------------------------------

function chooseTable(name) {
  query = { table: name, rows: emptyRows(tableOf(name), true) };
  draw();
  changed();
}

function tableOf(name) {
  return database.tables.find((each) => each.name === name);
}

function draw() {
  $("table").value = query.table;
  $("rows").replaceChildren(buildRows(query.rows, tableOf(query.table), { tableOf, changed, path: "rows" }));
}

function firstQuery() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(`${KEPT}-query`));
    if (kept?.of === database.database && tableOf(kept.query.table)) return kept.query;
  } catch {
    // what was kept cannot be read: begin anew
  }
  const table = (database.is_demo && tableOf("person")) || database.tables[0];
  const rows = emptyRows(table, true);
  if (database.is_demo) {
    const pets = { relation: "pets", name: null, rows: emptyRows(tableOf("pet")) };
    const toys = { relation: "toys", name: null, rows: emptyRows(tableOf("toy")) };
    const mother = { relation: "mother", name: null, rows: emptyRows(table) };
    rows.columns = ["first_name"];
    rows.order_by = [{ column: "id", descending: false }];
    pets.rows = { ...pets.rows, columns: ["name", "species"], order_by: [{ column: "name", descending: false }] };
    toys.rows = { ...toys.rows, columns: ["name"], order_by: [{ column: "name", descending: false }] };
    mother.rows.columns = ["first_name"];
    pets.rows.relations = [toys];
    rows.relations = [pets, mother];
  }
  return { table: table.name, rows };
}

async function look() {
  database = await ask("tables");
  $("database").replaceChildren(
    element("strong", {}, database.database),
    ` ${NAMES[database.dialect]} ${database.version} · read only`,
  );
  const groups = new Map();
  for (const each of database.tables) {
    if (!groups.has(each.kind)) groups.set(each.kind, element("optgroup", { label: `${each.kind}s` }));
    groups.get(each.kind).append(element("option", { value: each.name }, each.name));
  }
  $("table").replaceChildren(...groups.values());
}

async function begin() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(`${KEPT}-token`, given);
    history.replaceState(null, "", location.pathname);
  }
  token = given || sessionStorage.getItem(`${KEPT}-token`) || "";
  if (!token) return stop("Open the address that the command printed: it ends with a token.");
  try {
    await look();
  } catch (error) {
    return stop(error.message);
  }
  if (!database.tables.length) return stop("This database has no tables to look at.");
  query = firstQuery();
  $("main").hidden = false;
  draw();
  changed();
  run();
}

function listen() {
  $("run").addEventListener("click", run);
  $("builder").addEventListener("submit", (event) => event.preventDefault());
  $("table").addEventListener("change", (event) => chooseTable(event.target.value));
  $("reload").addEventListener("click", async () => {
    try {
      await look();
      if (!tableOf(query.table)) return chooseTable(database.tables[0].name);
      draw();
      changed();
    } catch (error) {
      problem(error);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
  });
  for (const each of TABS) $(`tab-${each}`).addEventListener("click", () => choose(each));
  document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(TABS.indexOf(shown) + step + TABS.length) % TABS.length];
    choose(next);
    $(`tab-${next}`).focus();
  });
  $("theme").addEventListener("click", () => {
    const isDark = getComputedStyle(document.documentElement).colorScheme === "dark";
    setTheme(isDark ? "light" : "dark");
  });
  addEventListener("hashchange", () => location.reload());
}

function setTheme(theme) {
  if (theme) {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(`${KEPT}-theme`, theme);
  }
}

setTheme(localStorage.getItem(`${KEPT}-theme`));
listen();
begin();
