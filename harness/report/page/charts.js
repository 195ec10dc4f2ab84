// Small quiet charts in SVG. Series are told apart by colour and by mark.
const MARKS = [
  (x, y) => svg("circle", { cx: x, cy: y, r: 3.6 }),
  (x, y) => svg("rect", { x: x - 3.3, y: y - 3.3, width: 6.6, height: 6.6 }),
  (x, y) => svg("path", { d: `M${x} ${y - 4.4}L${x + 4.2} ${y + 3.4}L${x - 4.2} ${y + 3.4}Z` }),
  (x, y) => svg("path", { d: `M${x} ${y - 4.8}L${x + 4.8} ${y}L${x} ${y + 4.8}L${x - 4.8} ${y}Z` }),
];
const seriesClass = (run) => `series s${run % 8}`;
const mark = (run, x, y) =>
  fill(MARKS[Math.floor(run / 8 + run) % MARKS.length](x, y), { class: "mark" }, []);

function swatch(run) {
  return svg(
    "svg", { width: 22, height: 10, class: seriesClass(run), "aria-hidden": "true" },
    svg("path", { d: "M0 5H22", class: "line" }), mark(run, 11, 5),
  );
}

function legend() {
  if (D.runs.length < 2) return null;
  return el(
    "ul", { class: "legend" },
    D.runs.map((run, number) => el("li", {}, swatch(number), runName(number))),
  );
}

// The mean with its interval on a 0–100 scale; a hollow mark for the largest k.
function intervalBar(row, most) {
  const width = 140;
  const at = (value) => 4 + value * (width - 8);
  const [p, low, high, last] = [row["pass^1"], row.ci_lo_1, row.ci_hi_1, row[`pass^${most}`]];
  const parts = [0, 0.25, 0.5, 0.75, 1].map((t) =>
    svg("path", { d: `M${at(t)} 3V19`, class: t === 0 || t === 1 ? "axis" : "grid" }),
  );
  if (isNumber(low) && isNumber(high))
    parts.push(svg("path", { d: `M${at(low)} 11H${at(high)}`, class: "whisker" }));
  if (most > 1 && isNumber(last))
    parts.push(svg("circle", { cx: at(last), cy: 11, r: 3.4, class: "hollow" }));
  if (isNumber(p)) parts.push(mark(row.run, at(p), 11));
  const label = `pass^1 ${percent(p)}, interval ${percent(low)} to ${percent(high)}`;
  return svg(
    "svg", { width, height: 22, class: `interval ${seriesClass(row.run)}`, role: "img", "aria-label": label },
    ...parts,
  );
}

function frame(width, height, yTicks) {
  const box = { left: 34, right: width - 10, top: 8, bottom: height - 24 };
  const y = (value) => box.bottom - value * (box.bottom - box.top);
  const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img" });
  for (const tick of yTicks) {
    node.append(
      svg("path", { d: `M${box.left} ${y(tick)}H${box.right}`, class: tick ? "grid" : "axis" }),
      svg("text", { x: box.left - 6, y: y(tick) + 3.5, class: "tick end" }, Math.round(tick * 100)),
    );
  }
  return { node, box, y };
}

// pass^k over k, one line per run, with the band of its intervals.
function curveChart(rows, most) {
  const { node, box, y } = frame(260, 170, [0, 0.25, 0.5, 0.75, 1]);
  const x = (k) => box.left + 10 + ((k - 1) / Math.max(1, most - 1)) * (box.right - box.left - 20);
  for (let k = 1; k <= most; k++)
    node.append(svg("text", { x: x(k), y: box.bottom + 16, class: "tick middle" }, k));
  for (const row of rows) {
    const ks = [];
    for (let k = 1; k <= most; k++) if (isNumber(row[`pass^${k}`])) ks.push(k);
    const group = svg("g", { class: seriesClass(row.run) });
    const banded = ks.filter((k) => isNumber(row[`ci_lo_${k}`]) && isNumber(row[`ci_hi_${k}`]));
    if (banded.length > 1) {
      const top = banded.map((k) => `${x(k)} ${y(row[`ci_hi_${k}`])}`);
      const bottom = banded.map((k) => `${x(k)} ${y(row[`ci_lo_${k}`])}`).reverse();
      group.append(svg("path", { d: `M${[...top, ...bottom].join("L")}Z`, class: "band" }));
    }
    const points = ks.map((k) => `${x(k)} ${y(row[`pass^${k}`])}`);
    if (points.length) group.append(svg("path", { d: `M${points.join("L")}`, class: "line" }));
    for (const k of ks) {
      const point = mark(row.run, x(k), y(row[`pass^${k}`]));
      point.addEventListener("pointermove", (event) =>
        showTip(event, runName(row.run), `pass^${k} = ${percent(row[`pass^${k}`])}`,
          `interval ${percent(row[`ci_lo_${k}`])} – ${percent(row[`ci_hi_${k}`])}`));
      point.addEventListener("pointerleave", hideTip);
      group.append(point);
    }
    node.append(group);
  }
  return node;
}

// Round values from 0 up to `most`, five or so.
function ticks(most) {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.9);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => n * step);
}

// Quality against what it takes. Points: {run, label, x, row}.
function scatterChart(points, format) {
  const { node, box, y } = frame(520, 300, [0, 0.25, 0.5, 0.75, 1]);
  const most = Math.max(...points.map((point) => point.x), 0) * 1.08 || 1;
  const x = (value) => box.left + (value / most) * (box.right - box.left - 16);
  for (const value of ticks(most)) {
    const text = value ? format(value) : "0";
    node.append(svg("text", { x: x(value), y: box.bottom + 16, class: "tick middle" }, text));
  }
  const taken = [];
  for (const { run, label, x: value, row } of points) {
    const [px, py] = [x(value), y(row["pass^1"])];
    const group = svg("g", { class: seriesClass(run) });
    if (isNumber(row.ci_lo_1) && isNumber(row.ci_hi_1))
      group.append(svg("path", { d: `M${px} ${y(row.ci_lo_1)}V${y(row.ci_hi_1)}`, class: "whisker" }));
    const width = 6.2 * label.length;
    const left = px + 10 + width > box.right;
    const from = left ? px - width : px;
    const free = (at) => at > box.top && at < box.bottom &&
      !taken.some(([x0, y0, w]) => Math.abs(y0 - at) < 11 && x0 < from + width && from < x0 + w);
    const ty = [0, 11, -11, 22, -22].map((shift) => py + shift - 6).find(free);
    if (ty !== undefined) taken.push([from, ty, width]);
    const point = mark(run, px, py);
    point.addEventListener("pointermove", (event) =>
      showTip(event, label, `pass^1 ${percent(row["pass^1"])}`, format(value)));
    point.addEventListener("pointerleave", hideTip);
    group.append(point);
    if (ty !== undefined)
      group.append(svg("text", { x: px + (left ? -7 : 7), y: ty + 3, class: left ? "name end" : "name" }, label));
    node.append(group);
  }
  return node;
}

// Counts as bars. Items: {name, text, values: [{run, n, of}], href(run)}.
function bars(items) {
  const most = Math.max(1e-9, ...items.flatMap((item) => item.values.map((v) => v.n / (v.of || 1))));
  return el(
    "div", { class: "bars" },
    items.map((item) =>
      el("div", { class: "bar-row" },
        el("span", { class: "bar-name", title: item.name }, item.text),
        el("div", { class: "bar-group" }, item.values.map((value) => bar(item, value, most))))),
  );
}

function bar(item, { run, n, of }, most) {
  const length = el("span", { class: `bar-fill ${seriesClass(run)}` });
  length.style.width = `${(100 * n) / (of || 1) / most}%`;
  const share = `${whole(n)} · ${percent(n / (of || 1))} %`;
  return el(
    "a", { class: "bar", href: item.href(run), title: `${runName(run)}: ${n} of ${of}` },
    el("span", { class: "bar-track" }, length), el("span", { class: "bar-value" }, share),
  );
}
