// Pages, addresses and keys. The address holds everything that is on the screen.
const TABS = [["overview", "Overview"], ["tasks", "Tasks"], ["trials", "Trajectories"]];

function hashOf(page, state) {
  const given = Object.entries(state || {}).filter(([, value]) => value);
  const query = new URLSearchParams(given.map(([key, value]) => [key, wellFormed(String(value))]));
  return `#${page}${given.length ? `?${query}` : ""}`;
}

function parseHash() {
  const [page, query] = location.hash.slice(1).split(/\?(.*)/s);
  const known = TABS.some(([name]) => name === page);
  return { page: known ? page : "overview", state: Object.fromEntries(new URLSearchParams(query || "")) };
}

const pages = {};
let drawTasks = () => {};

function pageNode(name) {
  if (name === "overview") return (pages.overview ??= overview());
  if (name === "trials") return (pages.trials ??= buildBrowser());
  if (!pages.tasks) {
    const made = tasksPage();
    pages.tasks = made.page;
    drawTasks = made.draw;
  }
  return pages.tasks;
}

const view = el("div", { id: "view" });
const tabs = el("nav", { "aria-label": "pages" }, TABS.map(([name, text]) =>
  el("a", { href: `#${name}`, "data-tab": name }, text)));

function show() {
  const { page, state } = parseHash();
  hideTip();
  const node = pageNode(page);
  if (view.firstChild !== node) {
    view.replaceChildren(node);
    window.scrollTo(0, 0);
  }
  for (const tab of tabs.children)
    tab.setAttribute("aria-current", tab.dataset.tab === page ? "page" : "false");
  document.body.dataset.page = page;
  if (page === "trials") readBrowser(state);
  if (page === "tasks") drawTasks();
}

// Light and dark follow the system until the reader chooses.
const THEMES = ["auto", "light", "dark"];
const themeButton = el("button", { type: "button", class: "theme", title: "light, dark or as the system has it" });
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeButton.textContent = theme === "auto" ? "Auto" : theme === "light" ? "Light" : "Dark";
  try {
    localStorage.setItem("harness-theme", theme);
  } catch {
    // A page from a file may have no storage: the choice then lasts as long as the page.
  }
  if (parseHash().page === "tasks") drawTasks();
}
function storedTheme() {
  try {
    return localStorage.getItem("harness-theme");
  } catch {
    return null;
  }
}
themeButton.addEventListener("click", () => {
  const now = THEMES.indexOf(document.documentElement.dataset.theme);
  setTheme(THEMES[(now + 1) % THEMES.length]);
});

const KEYS = [["j / k", "next, previous trajectory"], ["/", "search"], ["esc", "leave search, close trajectory"], ["1 2 3", "overview, tasks, trajectories"], ["?", "this list"]];
const keyHelp = () =>
  el("dl", { class: "keys" }, KEYS.map(([key, text]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, text))));
const help = el("dialog", { class: "help" }, el("h2", {}, "Keys"), keyHelp());
help.addEventListener("click", () => help.close());

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") return escape(typing, event.target);
  if (typing) return event.key === "Enter" && event.target.blur();
  const action = actions[event.key];
  if (!action) return undefined;
  event.preventDefault();
  return action();
}

function escape(typing, target) {
  if (help.open) return help.close();
  if (typing) return target.blur();
  const { page, state } = parseHash();
  if (page === "trials" && state.open) location.replace(hashOf("trials", { ...state, open: "" }));
  else if (page === "trials" && state.q) change({ q: "" });
  return undefined;
}

const inTrials = (act) => () => (parseHash().page === "trials" ? act() : undefined);
const actions = {
  j: inTrials(() => step(1)),
  k: inTrials(() => step(-1)),
  "/": () => {
    if (parseHash().page !== "trials") location.hash = hashOf("trials", browser.state);
    show();
    browser.nodes.search.focus();
    browser.nodes.search.select();
  },
  "?": () => (help.open ? help.close() : help.showModal()),
  1: () => (location.hash = "#overview"),
  2: () => (location.hash = "#tasks"),
  3: () => (location.hash = hashOf("trials", browser.state)),
};

const subtitle = D.runs.length > 1 ? plural(D.runs.length, "run") : D.runs[0].model;
document.getElementById("app").replaceChildren(
  el("header", { class: "top" },
    el("div", { class: "brand" }, el("h1", {}, D.runs.length > 1 ? "Sweep" : D.runs[0].name), el("span", {}, subtitle)),
    tabs, themeButton),
  view,
  el("footer", {}, `${D.generator} · report ${D.build} · keys: ?`),
  tip, help,
);
setTheme(THEMES.includes(storedTheme()) ? storedTheme() : "auto");
window.addEventListener("hashchange", show);
window.addEventListener("keydown", onKey);
let resizing = 0;
window.addEventListener("resize", () => {
  cancelAnimationFrame(resizing);
  resizing = requestAnimationFrame(() => parseHash().page !== "overview" && show());
});
show();
