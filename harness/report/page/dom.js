// Elements without markup: every text becomes a text node, never HTML.
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : wellFormed(String(value)));
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return node;
}

const el = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const percent = (value) => (isNumber(value) ? (100 * value).toFixed(1) : "–");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const count = (value) => (isNumber(value) ? compact.format(value) : value ?? "–");
const whole = (value) => (isNumber(value) ? value.toLocaleString("en") : value ?? "–");

function money(value) {
  if (!isNumber(value)) return "–";
  if (value === 0) return "$0";
  return value < 0.01 ? `$${Number(value.toPrecision(2))}` : `$${value.toFixed(value < 1 ? 3 : 2)}`;
}

const seconds = (value) => (isNumber(value) ? `${value < 10 ? value.toFixed(1) : Math.round(value)} s` : "–");
const words = (name) => String(name).replaceAll("_", " ");
const plural = (n, word) => `${whole(n)} ${word}${n === 1 ? "" : "s"}`;

const dot = (status) => el("span", { class: `dot ${status}`, title: STATUS_TEXT[status] });
const pill = (status) => el("span", { class: `pill ${status}` }, dot(status), STATUS_TEXT[status]);

function section(title, note, ...children) {
  return el(
    "section", {}, el("h2", {}, title), note ? el("p", { class: "note" }, note) : null, ...children,
  );
}

// Text of any length: a start at first, the rest on demand, honest about what is not here.
function longText(text, limit, cut) {
  const shown = el("span", {});
  const box = el("div", { class: "text" }, shown);
  const lines = text.slice(0, limit).split("\n", 41);
  const short = lines.length > 40 ? lines.slice(0, 40).join("\n") : text.slice(0, limit);
  shown.textContent = short;
  if (short.length < text.length) {
    const more = el("button", { class: "more", type: "button" });
    const label = `Show all ${whole(cut || text.length)} characters`;
    more.textContent = label;
    more.addEventListener("click", () => {
      const open = shown.textContent.length > short.length;
      shown.textContent = open ? short : text;
      more.textContent = open ? label : "Show less";
    });
    box.append(more);
  }
  if (cut) {
    const note = `The first ${whole(text.length)} of ${whole(cut)} characters; the rest is in the run's episodes.`;
    box.append(el("p", { class: "note" }, note));
  }
  return box;
}

// Indent JSON without reading its values, so that numbers stay exactly as they were written.
// What fits on a line stays on it.
function prettyJson(text) {
  if (text.length > 50000 || !/^\s*[[{]/.test(text)) return text;
  try {
    JSON.parse(text);
    const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) || [];
    return indented(tokens, 0, 0)[0];
  } catch {
    return text;
  }
}

// Render the value at `at` and return it with the position after it.
function indented(tokens, at, depth) {
  const open = tokens[at];
  if (open !== "{" && open !== "[") return [open, at + 1];
  const items = [];
  let next = at + 1;
  while (tokens[next] !== "}" && tokens[next] !== "]") {
    let key = "";
    if (open === "{") {
      key = `${tokens[next]}: `;
      next += 2;
    }
    const [value, after] = indented(tokens, next, depth + 1);
    items.push(key + value);
    next = tokens[after] === "," ? after + 1 : after;
  }
  const close = tokens[next];
  const line = `${open}${items.join(", ")}${close}`;
  if (line.length <= 72 && !line.includes("\n")) return [line, next + 1];
  const pad = "  ".repeat(depth + 1);
  return [`${open}\n${items.map((item) => pad + item).join(",\n")}\n${"  ".repeat(depth)}${close}`, next + 1];
}

// One quiet tooltip for charts and grids.
const tip = el("div", { class: "tip", role: "status", hidden: true });
function showTip(event, ...lines) {
  tip.replaceChildren(...lines.map((line) => el("div", {}, line)));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, window.innerWidth - width - 8);
  const under = event.clientY + 18 + height < window.innerHeight;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${under ? event.clientY + 18 : event.clientY - height - 12}px`;
}
const hideTip = () => {
  tip.hidden = true;
};
