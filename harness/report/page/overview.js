// The first page: who ran what, how well, how reliably, why not, and at what price.
const factKeys = (run) => run.facts.map(([label, text]) => `${label}\n${text}`);
const hashKey = (run) => JSON.stringify(run.hashes);

function factList(facts) {
  return el("dl", { class: "facts" }, facts.map(([label, text]) =>
    el("div", { class: "fact" }, el("dt", {}, label), el("dd", {}, text))));
}

function hashList(run) {
  const items = Object.entries(run.hashes).flatMap(([bench, pairs]) =>
    pairs.map(([name, sha]) => el("li", {}, `${bench} ${name} `, el("code", {}, sha))));
  return items.length ? el("details", {}, el("summary", {}, `Data hashes (${items.length})`), el("ul", { class: "hashes" }, items)) : null;
}

// What all runs share stands once; a run's own card says in what it differs.
function identityCards() {
  const [first, ...others] = D.runs;
  const warnings = (run) => run.warnings.map((text) => el("p", { class: "warning" }, text));
  if (!others.length)
    return el("article", { class: "card" }, el("h2", {}, first.name), el("p", { class: "badges" }, badges(0)), factList(first.facts), hashList(first), warnings(first));
  const shared = factKeys(first).filter((key) => others.every((run) => factKeys(run).includes(key)));
  const same = others.every((run) => hashKey(run) === hashKey(first));
  const cards = D.runs.map((run, number) =>
    el("article", { class: "card" }, el("h3", {}, swatch(number), run.name),
      el("p", { class: "badges" }, ownLabels(number).map(badge)),
      factList(run.facts.filter((_, n) => !shared.includes(factKeys(run)[n]))),
      same ? null : hashList(run), warnings(run)));
  const common = el("article", { class: "card plain" }, el("h2", {}, "What all runs share"),
    el("p", { class: "badges" }, sharedLabels().map(badge)),
    factList(shared.map((key) => key.split("\n"))), same ? hashList(first) : null);
  return [common, el("div", { class: "cards" }, cards)];
}

function tallies() {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0]));
  for (let i = 0; i < COUNT; i++) counts[statusOf(i)] += 1;
  return el(
    "ul", { class: "tallies" },
    STATUSES.filter((status) => counts[status]).map((status) =>
      el("li", {}, el("a", { href: hashOf("trials", { status }) },
        dot(status), el("b", {}, whole(counts[status])), ` ${STATUS_TEXT[status]}`))),
  );
}

function curves() {
  const most = largestK(D.rows);
  if (most < 2) return null;
  const rows = D.rows.filter((row) => row.kind !== "total");
  const figures = [];
  for (const bench of benchesOf(rows))
    for (const domain of domainOrder(rows.filter((row) => row.benchmark === bench))) {
      const same = rows.filter((row) => row.benchmark === bench && row.domain === domain);
      const name = same[0].kind === "average" ? `${bench}: average` : `${bench}: ${domain || "all"}`;
      figures.push(el("figure", {}, el("figcaption", {}, name), curveChart(same, most)));
    }
  return section(
    "Reliability", "pass^k over k: how often the agent solves a task every time. Bands are 95 % intervals over tasks.",
    labelNote(), legend(), el("div", { class: "multiples" }, figures),
  );
}

// One line under every figure whose numbers involve a rule-based party.
function labelNote() {
  const own = D.runs.flatMap((_, number) => ownLabels(number).map((text) => `${runName(number)}, ${text}`));
  const lines = [...new Set([...sharedLabels(), ...own])];
  return lines.length ? el("p", { class: "badges" }, lines.map(badge)) : null;
}

// Count trials that did not pass by a name they carry, per benchmark and run.
function countBy(bench, namesOf, status) {
  const found = new Map();
  const totals = D.runs.map(() => 0);
  for (let i = 0; i < COUNT; i++) {
    if (benchOf(i) !== bench || !status.includes(statusOf(i))) continue;
    totals[COL.run[i]] += 1;
    for (const name of new Set(namesOf(i))) {
      if (!found.has(name)) found.set(name, D.runs.map(() => 0));
      found.get(name)[COL.run[i]] += 1;
    }
  }
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  return [...found.entries()]
    .sort((a, b) => sum(b[1]) - sum(a[1]))
    .map(([name, values]) => ({
      name,
      values: values.map((n, run) => ({ run, n, of: totals[run] })).filter((v) => v.of),
    }));
}

const failureBars = (kind, textOf, namesOf, status) =>
  NAMES.bench.map((bench) => {
    const items = countBy(bench, namesOf, status).slice(0, 20);
    if (!items.length) return null;
    const filled = items.map((item) => ({
      ...item,
      text: textOf(item.name),
      href: (run) =>
        hashOf("trials", { bench, [kind]: item.name, run: D.runs.length > 1 ? D.runs[run].name : "" }),
    }));
    return el("figure", { class: "wide" }, el("figcaption", {}, bench), bars(filled));
  });

function failures() {
  const labelled = COL.labels.some((labels) => labels.length);
  const ends = (i) => [endOf(i)];
  const categories = labelled
    ? section("Why trials fail", "Error categories of failed trials, as a share of them. One trial may carry several.",
        labelNote(), legend(), el("div", { class: "columns" }, failureBars("label", words, labelsOf, ["fail"])))
    : section("Why trials fail", "The verdicts of this report carry no error categories.");
  return [
    categories,
    section("How they ended", "The last event of trials that did not pass, infrastructure errors included.",
      labelled ? null : [labelNote(), legend()],
      el("div", { class: "columns" }, failureBars("end", words, ends, ["fail", "error"]))),
  ];
}

const MEASURES = [
  { name: "cost", text: "USD per trial", of: (i) => COL.cost[i], format: money },
  { name: "tokens", text: "tokens per trial", of: (i) => COL.tokens_in[i] + COL.tokens_out[i], format: count },
  { name: "calls", text: "tool calls per trial", of: (i) => COL.calls[i], format: (v) => v.toFixed(1) },
  { name: "seconds", text: "seconds per trial", of: (i) => COL.seconds[i], format: seconds },
];

// Mean of a measure over the trials that have it, by "run/benchmark" and "run/benchmark/domain".
function means(measure) {
  const sums = new Map();
  const add = (key, value) => {
    const entry = sums.get(key) || [0, 0];
    sums.set(key, [entry[0] + value, entry[1] + 1]);
  };
  for (let i = 0; i < COUNT; i++) {
    const value = measure.of(i);
    if (!isNumber(value) || statusOf(i) === "unscored") continue;
    add(`${COL.run[i]}/${benchOf(i)}`, value);
    add(`${COL.run[i]}/${benchOf(i)}/${domainOf(i)}`, value);
  }
  return (key) => (sums.has(key) ? sums.get(key)[0] / sums.get(key)[1] : null);
}

function scatterPoints(bench, mean) {
  const rows = D.rows.filter((row) => row.benchmark === bench && isNumber(row["pass^1"]));
  const single = D.runs.length < 2;
  const points = D.runs.flatMap((_, run) => {
    const own = rows.filter((row) => row.run === run);
    const domains = own.filter((row) => (row.kind || "domain") === "domain");
    if (single) return domains.map((row) => ({ run, row, label: row.domain || bench, x: mean(`${run}/${bench}/${row.domain}`) }));
    const row = own.find((r) => r.kind === "average") || (domains.length === 1 ? domains[0] : null);
    return row ? [{ run, row, label: runName(run), x: mean(`${run}/${bench}`) }] : [];
  });
  return points.filter((point) => isNumber(point.x));
}

function prices() {
  const usable = MEASURES.filter((measure) => {
    for (let i = 0; i < COUNT; i++) if (isNumber(measure.of(i)) && measure.of(i) > 0) return true;
    return false;
  });
  if (!usable.length || !D.rows.length) return null;
  const holder = el("div", { class: "multiples large" });
  const buttons = usable.map((measure) =>
    el("button", { type: "button", onclick: () => choose(measure) }, measure.text));
  function choose(measure) {
    usable.forEach((other, n) => buttons[n].setAttribute("aria-pressed", String(other === measure)));
    const mean = means(measure);
    holder.replaceChildren(
      ...benchesOf(D.rows).map((bench) => [bench, scatterPoints(bench, mean)])
        .filter(([, points]) => points.length)
        .map(([bench, points]) => el("figure", {}, el("figcaption", {}, `${bench}: pass^1 over ${measure.text}`), scatterChart(points, measure.format))),
    );
  }
  choose(usable[0]);
  return section("Cost against quality", "Means over trials. Whiskers are 95 % intervals.", labelNote(), legend(), el("div", { class: "choices" }, buttons), holder);
}

function overview() {
  return el(
    "main", { class: "page" },
    identityCards(), tallies(),
    leaderboard(), curves(), ...failures(), prices(),
  );
}
