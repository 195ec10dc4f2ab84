// The leaderboard: rows as the run's own table has them, intervals beside every rate.
function runName(number) {
  const run = D.runs[number];
  const twins = D.runs.filter((other) => other.model === run.model).length > 1;
  return twins ? `${run.model} (${run.name})` : run.model;
}

// Rule-based parties are named wherever their numbers stand: once where all runs share them.
const badge = (text) => el("span", { class: "badge" }, text);
function labelTexts(number, bench) {
  const { labels, benchLabels } = D.runs[number];
  if (bench !== undefined) return benchLabels[bench] ? [...labels, benchLabels[bench]] : labels;
  return [...labels, ...Object.entries(benchLabels).map(([name, text]) => `${name}: ${text}`)];
}
const badges = (number, bench) => labelTexts(number, bench).map(badge);
const sharedLabels = (bench) =>
  labelTexts(0, bench).filter((text) => D.runs.every((_, number) => labelTexts(number, bench).includes(text)));
const ownLabels = (number, bench) =>
  labelTexts(number, bench).filter((text) => !sharedLabels(bench).includes(text));

// Labels of a table's rows come from the table itself where the run states none.
function rowBadges(row) {
  const stated = row.scripted && !labelTexts(row.run, row.benchmark).length ? [String(row.scripted)] : [];
  return [...ownLabels(row.run, row.benchmark), ...stated].map(badge);
}

function largestK(rows) {
  let most = 1;
  for (const row of rows)
    for (const key of Object.keys(row)) {
      const found = /^pass\^(\d+)$/.exec(key);
      if (found && isNumber(row[key])) most = Math.max(most, Number(found[1]));
    }
  return most;
}

const benchesOf = (rows) => [...new Set(rows.map((row) => row.benchmark))];

function columnsOf(rows, most) {
  const ks = Array.from({ length: most }, (_, n) => n + 1).filter((k) => k <= 4 || k === most || k === 8);
  const some = (name) => rows.some((row) => isNumber(row[name]) && row[name] !== 0);
  return [
    rows.some((row) => row.tie_group) && { head: "tie", cell: (row) => row.tie_group || "–", title: "runs of one number are not shown to differ (paired 95 % interval over common tasks)" },
    ...ks.map((k) => ({ head: `pass^${k}`, cell: (row) => rate(row, k) })),
    most > 1 && { head: `pass@${most}`, cell: (row) => percent(row[`pass@${most}`]), title: `solved at least once in ${most} trials` },
    { head: "tasks", cell: trialsText, title: "tasks × trials of each" },
    most > 1 && some("flaky_rate") && { head: "flaky", cell: (row) => percent(row.flaky_rate), title: "tasks that pass sometimes and fail sometimes" },
    some("errors") && { head: "errors", cell: (row) => whole(row.errors), title: "trials lost to infrastructure; counted as failures in pass^k" },
    some("missing") && { head: "missing", cell: (row) => whole(row.missing), title: "trials that were never played" },
    some("cost_usd_mean") && { head: "cost", title: "US dollars per trial", cell: (row) => money(row.cost_usd_mean) },
    some("out_tokens") && { head: "out", cell: (row) => count(row.out_tokens), title: "tokens that the agent and the user wrote, all trials" },
    some("wall_s_mean") && { head: "secs", title: "seconds per trial", cell: (row) => (isNumber(row.wall_s_mean) ? row.wall_s_mean.toFixed(1) : "–") },
    some("mde_paired") && { head: "mde", cell: (row) => percent(row.mde_paired), title: "smallest true difference a second run of this size would show (paired, 80 % power), in points" },
  ].filter(Boolean);
}

function rate(row, k) {
  const [p, low, high] = [row[`pass^${k}`], row[`ci_lo_${k}`], row[`ci_hi_${k}`]];
  const bounds = isNumber(low) && isNumber(high) ? `${percent(low)}–${percent(high)}` : "";
  const method = row[`ci_method_${k}`] ? `95 % interval (${row[`ci_method_${k}`]})` : null;
  return [
    el("b", {}, percent(p)),
    isNumber(p) ? null : partialNote(row, k),
    isNumber(p) && bounds ? el("small", { title: method }, bounds) : null,
  ];
}

function partialNote(row, k) {
  const value = row[`pass^${k}_partial`];
  if (!isNumber(value)) return null;
  const note = `${percent(value)} on ${row[`tasks_used_${k}`]}/${row.n_tasks}`;
  return el("small", { title: "some tasks have fewer scored trials: mean over the others" }, note);
}

function trialsText(row) {
  if (!isNumber(row.n_tasks)) return "–";
  const [low, high] = [row.n_trials_min, row.n_trials_max];
  if (!isNumber(low)) return whole(row.n_tasks);
  return `${whole(row.n_tasks)} × ${low === high ? low : `${low}–${high}`}`;
}

function benchTable(rows, most) {
  const columns = columnsOf(rows, most);
  const many = D.runs.length > 1;
  const head = el("tr", {}, el("th", { class: "left" }, many ? "domain, model" : "domain"),
    el("th", { class: "left" }, "0 – 100"), columns.map((column) => el("th", { title: column.title }, column.head)));
  const body = el("tbody", {});
  for (const domain of domainOrder(rows)) {
    const same = rows.filter((row) => row.domain === domain);
    same.sort((a, b) => (b["pass^1"] ?? -1) - (a["pass^1"] ?? -1));
    if (many) body.append(el("tr", { class: "group" }, el("th", { class: "left", colspan: columns.length + 2 }, rowTitle(same[0]))));
    body.append(...same.map((row) => tableRow(row, columns, many, most)));
  }
  return el("div", { class: "scroll" }, el("table", { class: "board" }, el("thead", {}, head), body));
}

// Domains first, then their average, then the benchmark's own totals.
function domainOrder(rows) {
  const rank = { domain: 0, average: 1, total: 2 };
  const kinds = new Map(rows.map((row) => [row.domain, rank[row.kind] ?? 0]));
  return [...kinds.keys()].sort((a, b) => kinds.get(a) - kinds.get(b));
}

function tableRow(row, columns, many, most) {
  const name = many ? [swatch(row.run), runName(row.run), rowBadges(row)] : rowTitle(row);
  return el(
    "tr", { class: `${row.kind || "domain"}${many ? " member" : ""}` },
    el("th", { class: many ? "left model" : "left", scope: "row" }, name),
    el("td", { class: "left" }, intervalBar(row, most)),
    columns.map((column) => el("td", {}, column.cell(row))),
  );
}

function rowTitle(row) {
  if (row.kind === "average") return el("i", {}, "average of domains");
  if (row.kind === "total")
    return [el("i", { title: row.formula }, String(row.domain)), row.missing_domains ? el("small", {}, `without ${row.missing_domains}`) : null];
  const href = hashOf("trials", { bench: row.benchmark, domain: row.domain });
  return el("a", { href }, row.domain || row.benchmark);
}

// What makes rows comparable: the same data, version and error policy.
function benchNotes(rows) {
  const versions = [...new Set(rows.map((row) => row.benchmark_version).filter(Boolean))];
  const data = [...new Set(rows.map((row) => row.data_sha256).filter(Boolean))];
  const splits = [...new Set(rows.map((row) => row.split).filter(Boolean))];
  const policies = [...new Set(rows.map((row) => row.error_policy).filter(Boolean))];
  const notes = [
    versions.length ? `version ${versions.join(", ")}` : null,
    splits.length ? `split: ${splits.join(" / ")}` : null,
    data.length ? `data ${data.map((sha) => String(sha).slice(0, 10)).join(", ")}` : null,
    policies.length ? `errors ${policies.map((p) => (p === "fail" ? "count as failures" : "are dropped")).join(" / ")}` : null,
  ].filter(Boolean);
  const outside = rows.reduce((most, row) => Math.max(most, row.outside || 0), 0);
  const mixed = versions.length > 1 || splits.length > 1 || data.length > 1 || policies.length > 1;
  return [
    notes.length ? el("p", { class: "note" }, notes.join(" · ")) : null,
    outside ? el("p", { class: "note" }, `${plural(outside, "stored trial")} of another selection of tasks or trials left out of the table.`) : null,
    ...D.conflicts.filter((line) => line.startsWith(`${rows[0].benchmark}: `)).map((line) =>
      el("p", { class: "warning" }, `${line}: such rows are not ranked together.`)),
    mixed && !D.conflicts.length ? el("p", { class: "warning" }, "These rows stand on different data, versions, splits or error policies: do not rank them against each other.") : null,
  ];
}

// A total is only worth its formula, which therefore stands below it.
function formulas(rows) {
  const texts = new Set(rows.filter((row) => row.kind === "total" && row.formula).map((row) => `${row.domain} = ${row.formula}`));
  return texts.size ? el("ul", { class: "formulas" }, [...texts].map((text) => el("li", {}, text))) : null;
}

function benchLabels(rows) {
  const bench = rows[0].benchmark;
  const stated = D.runs.length < 2 && !labelTexts(0, bench).length ? rows.map((row) => row.scripted).filter(Boolean) : [];
  const texts = [...new Set([...sharedLabels(bench), ...stated.map(String)])];
  return texts.length ? el("p", { class: "badges" }, texts.map(badge)) : null;
}

function leaderboard() {
  if (!D.rows.length) return section("Leaderboard", "No trial has been scored yet.");
  const most = largestK(D.rows);
  return section(
    "Leaderboard",
    "Percent of tasks solved. pass^k: solved in each of k trials. Filled mark: pass^1 with its 95 % interval over tasks" +
      (most > 1 ? `; hollow mark: pass^${most}.` : "."),
    benchesOf(D.rows).map((name) => {
      const rows = D.rows.filter((row) => row.benchmark === name);
      return [el("h3", {}, name), ...benchNotes(rows), benchLabels(rows), benchTable(rows, most), formulas(rows)];
    }),
  );
}
