// The trajectory browser: filters, a long list drawn only where it is seen, and the reader.
const ROW = 58;
const FILTERS = ["run", "bench", "domain", "label", "end", "cause"];
const FILTER_TEXT = { run: "run", bench: "benchmark", domain: "domain", label: "category", end: "ending", cause: "cause" };
const VALUES = {
  run: (i) => [D.runs[COL.run[i]].name], bench: (i) => [benchOf(i)], domain: (i) => [domainOf(i)],
  label: labelsOf, end: (i) => [endOf(i)], cause: (i) => [causeOf(i)],
};

const browser = { state: {}, found: [], selected: -1, deep: null, nodes: null, shownOpen: "" };

function matches(i, state, skip) {
  if (state.status && skip !== "status" && statusOf(i) !== state.status) return false;
  for (const name of FILTERS)
    if (state[name] && name !== skip && !VALUES[name](i).some((v) => wellFormed(v) === state[name])) return false;
  if (!state.q) return true;
  const terms = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.every((term) => haystack(i).includes(term))) return true;
  return Boolean(browser.deep && browser.deep.q === state.q && browser.deep.hits.has(i));
}

function buildBrowser() {
  const search = el("input", { type: "search", id: "search", placeholder: "Search tasks, requests, tools  ( / )", "aria-label": "search", autocomplete: "off" });
  search.addEventListener("input", () => change({ q: search.value }));
  const selects = Object.fromEntries(FILTERS.map((name) => {
    const select = el("select", { "aria-label": FILTER_TEXT[name], "data-filter": name });
    select.addEventListener("change", () => change({ [name]: select.value, ...(name === "bench" ? { domain: "" } : {}) }));
    return [name, select];
  }));
  const chips = el("div", { class: "chips", role: "group", "aria-label": "outcome" });
  const spacer = el("div", { class: "spacer" });
  const list = el("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": "trajectories" }, spacer);
  list.addEventListener("scroll", () => requestAnimationFrame(drawList));
  const info = el("p", { class: "info", role: "status" });
  const deep = el("button", { type: "button", class: "more", id: "deep" }, "Search inside conversations");
  deep.addEventListener("click", searchDeep);
  const reader = el("div", { class: "reader", tabindex: "-1" });
  const page = el(
    "main", { class: "browse" },
    el("aside", {}, search, chips, el("div", { class: "selects" }, Object.values(selects)), el("div", { class: "info-row" }, info, deep), list),
    reader,
  );
  browser.nodes = { page, search, selects, chips, list, spacer, info, deep, reader };
  return page;
}

// Change filters in the address; everything else follows from it.
function change(part) {
  history.replaceState(null, "", hashOf("trials", { ...browser.state, ...part }));
  readBrowser(parseHash().state);
}

const openHash = (i) => hashOf("trials", { ...browser.state, open: linkName(i) });

function readBrowser(state) {
  const { search, list } = browser.nodes;
  const { open: openNow = "", ...filters } = state;
  const { open: openBefore = "", ...before } = browser.state;
  const changed = JSON.stringify(filters) !== JSON.stringify(before) || !browser.drawn;
  browser.state = state;
  if (search.value !== (state.q || "")) search.value = state.q || "";
  if (changed) {
    browser.drawn = true;
    refilter();
    if (openNow === openBefore) list.scrollTop = 0;
  }
  browser.selected = state.open ? trialOfLink(state.open) : -1;
  drawList();
  if (changed || openNow !== openBefore) scrollToSelected();
  if (browser.shownOpen !== openNow || !browser.nodes.reader.childElementCount) showReader(openNow);
}

function refilter() {
  const state = browser.state;
  browser.found = [];
  for (let i = 0; i < COUNT; i++) if (matches(i, state)) browser.found.push(i);
  drawChips();
  for (const name of FILTERS) drawSelect(name);
  const { info, deep, spacer } = browser.nodes;
  const all = browser.found.length === COUNT;
  info.textContent = all ? plural(COUNT, "trajectory").replace("trajectorys", "trajectories") : `${whole(browser.found.length)} of ${whole(COUNT)} trajectories`;
  deep.hidden = !state.q || (browser.deep && browser.deep.q === state.q);
  spacer.style.height = `${browser.found.length * ROW}px`;
}

function tally(name, valuesOf) {
  const counts = new Map();
  for (let i = 0; i < COUNT; i++)
    if (matches(i, browser.state, name))
      for (const value of new Set(valuesOf(i))) counts.set(value, (counts.get(value) || 0) + 1);
  return counts;
}

function drawChips() {
  const counts = tally("status", (i) => [statusOf(i)]);
  browser.nodes.chips.replaceChildren(
    ...STATUSES.filter((s) => NAMES.status.includes(s)).map((status) => {
      const on = browser.state.status === status;
      const chip = el("button", { type: "button", class: `chip ${status}`, "aria-pressed": String(on), "data-status": status },
        dot(status), `${STATUS_TEXT[status]} ${whole(counts.get(status) || 0)}`);
      chip.addEventListener("click", () => change({ status: on ? "" : status }));
      return chip;
    }),
  );
}

function drawSelect(name) {
  const select = browser.nodes.selects[name];
  const now = browser.state[name] || "";
  const counts = tally(name, VALUES[name]);
  const entries = [...counts.entries()].filter(([value]) => value).sort((a, b) => b[1] - a[1]);
  select.hidden = entries.length < (now ? 0 : 2) && !(name === "label" && entries.length);
  const options = entries.map(([value, n]) => el("option", { value: wellFormed(value) }, `${words(value).slice(0, 60)} (${whole(n)})`));
  if (now && !counts.has(now)) options.push(el("option", { value: now }, `${words(now)} (0)`));
  select.replaceChildren(el("option", { value: "" }, `any ${FILTER_TEXT[name]}`), ...options);
  select.value = now;
}

function drawList() {
  const { list, spacer } = browser.nodes;
  const from = Math.max(0, Math.floor(list.scrollTop / ROW) - 6);
  const to = Math.min(browser.found.length, from + Math.ceil((list.clientHeight || 800) / ROW) + 12);
  const rows = [];
  for (let n = from; n < to; n++) rows.push(listRow(browser.found[n], n));
  spacer.replaceChildren(...rows);
}

function listRow(i, n) {
  const labels = labelsOf(i);
  const second = statusOf(i) === "fail" && labels.length ? words(labels.join(", ")) : COL.request[i] || words(endOf(i));
  const row = el(
    "a", { class: "row", role: "option", href: openHash(i), id: `row-${n}`, "aria-selected": String(i === browser.selected), tabindex: "-1" },
    dot(statusOf(i)),
    el("span", { class: "row-main" }, el("span", { class: "row-name" }, COL.task[i]), el("span", { class: "row-text" }, second)),
    el("span", { class: "row-side" }, `trial ${COL.trial[i]}`, el("small", {}, D.runs.length > 1 ? runName(COL.run[i]) : domainOf(i))),
  );
  row.style.top = `${n * ROW}px`;
  return row;
}

function scrollToSelected() {
  const { list } = browser.nodes;
  const n = browser.found.indexOf(browser.selected);
  if (n < 0) return;
  const [top, bottom] = [n * ROW, (n + 1) * ROW];
  if (top < list.scrollTop) list.scrollTop = top;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  drawList();
}

async function showReader(name) {
  const { reader } = browser.nodes;
  browser.shownOpen = name;
  if (!name) return reader.replaceChildren(emptyReader());
  const i = trialOfLink(name);
  if (i < 0) return reader.replaceChildren(el("p", { class: "warning" }, `This report holds no trajectory ${name}.`));
  let page = null;
  try {
    page = episodePage(i, await loadTrial(i));
  } catch (error) {
    page = el("article", { class: "episode" }, episodeHead(i), el("p", { class: "warning" }, error.message));
  }
  if (browser.shownOpen !== name) return null;
  reader.replaceChildren(page);
  reader.scrollTop = 0;
  return null;
}

const emptyReader = () =>
  el("div", { class: "empty" }, el("p", {}, "Choose a trajectory to read it."), keyHelp());

// Move by n in the list and open what is there.
function step(n) {
  const { found, selected } = browser;
  if (!found.length) return;
  const at = found.indexOf(selected);
  const next = at < 0 ? 0 : Math.min(found.length - 1, Math.max(0, at + n));
  if (found[next] !== selected) location.replace(openHash(found[next]));
}

// Look for the text in every conversation, chunk by chunk.
async function searchDeep() {
  const q = browser.state.q;
  const terms = q.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = new Set();
  const order = Array.from({ length: COUNT }, (_, i) => i).filter((i) => COL.chunk[i] >= 0).sort((a, b) => COL.chunk[a] - COL.chunk[b]);
  try {
    for (const [n, i] of order.entries()) {
      const text = textOfView((await loadTrial(i)).view);
      if (browser.state.q !== q) return;
      if (terms.every((term) => text.includes(term))) hits.add(i);
      if (n % 200 === 0) {
        browser.nodes.info.textContent = `searching ${whole(n)} of ${whole(order.length)} …`;
        await new Promise((resume) => setTimeout(resume));
      }
    }
  } catch (error) {
    browser.nodes.info.textContent = error.message;
    return;
  }
  browser.deep = { q, hits };
  refilter();
  drawList();
}
