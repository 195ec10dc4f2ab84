// One trajectory: what was said and called by either side, what changed, what the judge found.
const WHO = { agent: "Agent", user: "User", tool: "Tool" };
const FULL = /^(true|1|1\.0+)$/;

function episodePage(i, loaded) {
  return el(
    "article", { class: "episode", "aria-label": "trajectory" },
    episodeHead(i),
    loaded ? reasons(i, loaded.view) : null,
    loaded ? null : el("p", { class: "warning" }, "The episode of this trial is not stored in the run."),
    loaded ? verdictParts(loaded.view) : null,
    loaded ? stateChange(loaded.view) : null,
    loaded ? inForce(loaded) : null,
    loaded ? conversation(loaded.view) : null,
  );
}

function episodeHead(i) {
  const status = statusOf(i);
  const run = D.runs[COL.run[i]];
  const stats = [
    ["reward", COL.reward[i] ?? "none"], ["turns", COL.turns[i]], ["steps", COL.steps[i]],
    ["calls", COL.calls[i]], ["failed calls", COL.tool_errors[i]],
    ["tokens", `${count(COL.tokens_in[i])} in, ${count(COL.tokens_out[i])} out`],
    ["cost", money(COL.cost[i])], ["time", seconds(COL.seconds[i])],
  ];
  return el(
    "header", {},
    el("p", { class: "where" }, [benchOf(i), domainOf(i), runName(COL.run[i])].filter(Boolean).join(" / "), badges(COL.run[i], benchOf(i))),
    el("h2", {}, COL.task[i], " ", pill(status)),
    siblings(i),
    el("dl", { class: "stats" }, stats.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value))))),
    el("p", { class: "note" }, `Run ${run.name}, trial ${COL.trial[i]}: ${D.ends[endOf(i)] || words(endOf(i)) || "no end was recorded"}. `,
      el("a", { href: hashOf("trials", { open: linkName(i) }), class: "permalink" }, "Link to this trajectory")),
  );
}

// The other trials of this task, of every run.
function siblings(i) {
  const same = [];
  for (let j = 0; j < COUNT; j++)
    if (COL.task[j] === COL.task[i] && COL.bench[j] === COL.bench[i]) same.push(j);
  if (same.length < 2) return null;
  return el(
    "p", { class: "siblings" },
    same.slice(0, 64).map((j) =>
      el("a", { href: openHash(j), class: `chip ${statusOf(j)}`, "aria-current": j === i ? "true" : null,
        title: `${runName(COL.run[j])}, trial ${COL.trial[j]}: ${STATUS_TEXT[statusOf(j)]}` },
        dot(statusOf(j)), D.runs.length > 1 ? `${COL.run[j] + 1}·${COL.trial[j]}` : `trial ${COL.trial[j]}`)),
  );
}

// Why a trial did not pass, in the order in which one would ask.
function reasons(i, view) {
  const status = statusOf(i);
  const missed = (view.parts || []).filter(([, , tone]) => tone === "bad");
  const items = [];
  if (view.fault) items.push(el("li", {}, el("b", {}, "Infrastructure failed"), causeOf(i) ? ` (${causeOf(i)})` : null, ": ", longText(view.fault, 600)));
  else if (status === "fail" && causeOf(i)) items.push(el("li", {}, el("b", {}, `Ended by ${causeOf(i)}`)));
  for (const [label, evidence] of view.labels || [])
    items.push(el("li", {}, el("b", {}, words(label)), pairs(evidence)));
  if (status === "fail" && missed.length)
    items.push(el("li", {}, "Not met: ", missed.map(([name], n) => [n ? ", " : null, el("b", {}, words(name).slice(0, 200))]).flat()));
  if (!items.length && status === "fail") items.push(el("li", {}, "The verdict gives no reason beyond its reward."));
  if (!items.length) return null;
  const title = status === "pass" ? "Remarks" : status === "error" ? "Why it has no verdict" : "Why it failed";
  return el("section", { class: `why ${status}` }, el("h3", {}, title), el("ul", {}, items));
}

const pairs = (list) =>
  list.length ? el("dl", { class: "pairs" }, list.map(([key, value]) =>
    el("div", {}, el("dt", {}, key), el("dd", {}, longText(value, 800))))) : null;

function verdictParts(view) {
  if (!view.parts || !view.parts.length) return null;
  return el(
    "section", {}, el("h3", {}, "Verdict"),
    el("dl", { class: "pairs parts" }, view.parts.map(([name, value, tone]) =>
      el("div", { class: tone }, el("dt", {}, words(name)), el("dd", {}, tone === "good" && FULL.test(value) ? "met" : tone === "bad" && value.length < 6 ? `not met (${value})` : longText(value, 800))))),
  );
}

function stateChange(view) {
  if (!view.state.length) return el("section", {}, el("h3", {}, "State"), el("p", { class: "note" }, "The world did not change."));
  const body = pairs(view.state);
  const title = `The world changed in ${view.state.length === 1 ? "one place" : `${view.state.length} places`}`;
  return el("section", {}, view.state.length > 12 ? el("details", {}, el("summary", {}, title), body) : [el("h3", {}, title), body]);
}

// System texts and tool lists, once asked for.
function inForce({ view, texts }) {
  const parts = Object.entries(view.prompts).map(([role, sha]) =>
    lazy(`Instructions of the ${role}`, () => longText(texts[sha] ?? "This text is not stored in the run.", 4000)));
  for (const [line, role, sha] of view.tools)
    parts.push(lazy(`Tools of the ${role}${line ? ` from line ${line + 1}` : ""}`, () => toolList(texts[sha])));
  return parts.length ? el("section", { class: "quiet" }, parts) : null;
}

function lazy(title, build) {
  const box = el("details", {}, el("summary", {}, title));
  box.addEventListener("toggle", () => box.childElementCount === 1 && box.append(build()));
  return box;
}

function toolList(text) {
  let tools = null;
  try {
    tools = JSON.parse(text);
  } catch {
    return longText(text ?? "This list is not stored in the run.", 4000);
  }
  if (!Array.isArray(tools) || !tools.every((t) => Array.isArray(t) && typeof t[0] === "string"))
    return longText(text, 4000);
  return el("ul", { class: "tools" }, tools.map(([name, about]) =>
    el("li", {}, el("code", {}, name), " ", String(about ?? "").slice(0, 400))));
}

function conversation(view) {
  const box = el("section", { class: "talk" }, el("h3", {}, `Conversation (${plural(view.log.length, "line")})`));
  let waiting = [];
  view.log.forEach((line, at) => {
    if (line.who === "tool") {
      const found = waiting.findIndex((card) => card.id === line.for);
      const card = found >= 0 ? waiting.splice(found, 1)[0] : null;
      if (card) card.node.append(result(line));
      else box.append(speech(line, at, [result(line)]));
      return;
    }
    const cards = (line.calls || []).map((call) => ({ id: call.id, node: callCard(call) }));
    waiting = cards;
    box.append(speech(line, at, cards.map((card) => card.node)));
  });
  return box;
}

function speech(line, at, cards) {
  const who = line.who === "tool" ? line.owner || "tool" : line.who;
  return el(
    "div", { class: `line ${who}`, id: `line-${at + 1}` },
    el("div", { class: "gutter" }, el("b", {}, WHO[who] || who), el("span", { class: "number" }, at + 1)),
    el("div", { class: "said" },
      line.why ? lazy("Reasoning", () => longText(line.why, 3000)) : null,
      line.who !== "tool" && line.text ? longText(line.text, 3000, line.cut) : null,
      cards,
      line.short ? el("p", { class: "note" }, "Cut off by the model's output limit.") : null,
      line.stop ? el("p", { class: "note" }, `The ${line.who} ends the conversation here.`) : null,
      line.spent && line.spent[1] ? el("p", { class: "spent" }, `${whole(line.spent[0])} tokens in, ${whole(line.spent[1])} out${line.spent[2] === null ? "" : `, ${money(line.spent[2])}`}`) : null),
  );
}

function callCard(call) {
  const args = call.raw !== undefined
    ? [el("p", { class: "note" }, "These arguments are not a JSON object:"), longText(call.raw, 1500)]
    : call.args.length
      ? el("dl", { class: "args" }, call.args.map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd", {}, longText(value, 600)))))
      : null;
  return el("div", { class: "call" }, el("div", { class: "call-name" }, call.name), args);
}

function result(line) {
  const pretty = line.cut ? line.text : prettyJson(line.text);
  return el("div", { class: `result${line.error ? " failed" : ""}` }, line.error ? el("b", {}, "Tool error: ") : null,
    longText(pretty || "(empty)", 900, line.cut));
}
