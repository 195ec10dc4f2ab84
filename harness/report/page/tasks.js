// Every trial of every task as one small square: which tasks are solved always, sometimes, never.
const CELL = 11;
const GAP = 2;

const trialGroups = () => {
  const groups = new Map();
  for (let i = 0; i < COUNT; i++) {
    const key = `${COL.bench[i]}/${COL.domain[i]}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(i);
  }
  const scored = (trials) => trials.some((i) => statusOf(i) !== "unscored");
  return [...groups.values()].sort((a, b) => scored(b) - scored(a));
};

// Tasks as columns, easiest first; runs and their trials as rows.
function gridOf(trials) {
  const tasks = new Map();
  const depth = D.runs.map(() => 0);
  for (const i of trials) {
    const name = COL.task[i];
    if (!tasks.has(name)) tasks.set(name, { name, trials: [], passed: 0, scored: 0 });
    const task = tasks.get(name);
    task.trials.push(i);
    task.scored += ["pass", "fail", "error"].includes(statusOf(i)) ? 1 : 0;
    task.passed += statusOf(i) === "pass" ? 1 : 0;
    depth[COL.run[i]] = Math.max(depth[COL.run[i]], COL.trial[i] + 1);
  }
  const share = (task) => (task.scored ? task.passed / task.scored : -1);
  const sorted = [...tasks.values()].sort((a, b) => share(b) - share(a) || (a.name < b.name ? -1 : 1));
  const offset = [];
  let rows = 0;
  depth.forEach((trialsOfRun, run) => {
    offset[run] = rows + (run && trialsOfRun ? 0.5 * run : 0);
    rows += trialsOfRun;
  });
  return { tasks: sorted, offset, depth, height: (rows + 0.5 * (D.runs.length - 1)) * (CELL + GAP) };
}

function paintCell(ink, status, x, y, colours) {
  ink.fillStyle = colours[status];
  ink.strokeStyle = colours[status];
  if (status === "pass") ink.fillRect(x, y, CELL, CELL);
  else if (status === "fail") {
    ink.globalAlpha = 0.28;
    ink.fillRect(x, y, CELL, CELL);
    ink.globalAlpha = 1;
    ink.fillRect(x, y + CELL - 3, CELL, 3);
  } else {
    ink.strokeRect(x + 0.5, y + 0.5, CELL - 1, CELL - 1);
    if (status !== "error") return;
    ink.beginPath();
    ink.moveTo(x + 1, y + CELL - 1);
    ink.lineTo(x + CELL - 1, y + 1);
    ink.stroke();
  }
}

function statusColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { pass: read("--good"), fail: read("--bad"), error: read("--warn"), missing: read("--none"), unscored: read("--none") };
}

// One band of tasks that fits the width; a click opens the trial under the pointer.
function band(tasks, grid, colours) {
  const width = tasks.length * (CELL + GAP);
  const canvas = el("canvas", { class: "grid-band" });
  const scale = window.devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = grid.height * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${grid.height}px`;
  const ink = canvas.getContext("2d");
  ink.scale(scale, scale);
  const cells = new Map();
  tasks.forEach((task, column) => {
    grid.depth.forEach((depth, run) => {
      for (let trial = 0; trial < depth; trial++) {
        const y = (grid.offset[run] + trial) * (CELL + GAP);
        paintCell(ink, "missing", column * (CELL + GAP), y, colours);
      }
    });
    for (const i of task.trials) {
      const y = (grid.offset[COL.run[i]] + COL.trial[i]) * (CELL + GAP);
      ink.clearRect(column * (CELL + GAP), y, CELL, CELL);
      paintCell(ink, statusOf(i), column * (CELL + GAP), y, colours);
      cells.set(`${column}/${Math.round(y)}`, i);
    }
  });
  const find = (event) => {
    const column = Math.floor(event.offsetX / (CELL + GAP));
    for (let y = Math.floor(event.offsetY); y > event.offsetY - CELL - GAP; y--)
      if (cells.has(`${column}/${y}`)) return cells.get(`${column}/${y}`);
    return -1;
  };
  canvas.addEventListener("pointermove", (event) => {
    const i = find(event);
    canvas.classList.toggle("hot", i >= 0);
    if (i < 0) return hideTip();
    const who = D.runs.length > 1 ? `${runName(COL.run[i])}, ` : "";
    return showTip(event, COL.task[i], `${who}trial ${COL.trial[i]}: ${STATUS_TEXT[statusOf(i)]}`, COL.request[i]);
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => {
    const i = find(event);
    if (i >= 0) location.hash = hashOf("trials", { open: linkName(i) });
  });
  return canvas;
}

function shares(grid) {
  let [always, flaky, never] = [0, 0, 0];
  for (const task of grid.tasks) {
    if (!task.scored) continue;
    if (task.passed === task.scored) always += 1;
    else if (task.passed) flaky += 1;
    else never += 1;
  }
  if (!always && !flaky && !never) return `${plural(grid.tasks.length, "task")}, not scored`;
  return `${plural(grid.tasks.length, "task")}: ${whole(always)} always solved, ${whole(flaky)} sometimes, ${whole(never)} never`;
}

function tasksPage() {
  const holder = el("div", { class: "groups" });
  const page = el(
    "main", { class: "page" },
    section(
      "Tasks over trials",
      "A column is a task, a row a trial. Easiest tasks first. Point at a square to see it, click to read it.",
      el("ul", { class: "legend" }, ["pass", "fail", "error", "missing"].map((status) =>
        el("li", {}, dot(status), STATUS_TEXT[status]))),
      labelNote(),
      holder,
    ),
  );
  const draw = () => {
    const columns = Math.max(8, Math.floor((holder.clientWidth || 1000) / (CELL + GAP)));
    const colours = statusColours();
    holder.replaceChildren(
      ...trialGroups().map((trials) => {
        const grid = gridOf(trials);
        const bands = [];
        for (let from = 0; from < grid.tasks.length; from += columns)
          bands.push(band(grid.tasks.slice(from, from + columns), grid, colours));
        const name = [benchOf(trials[0]), domainOf(trials[0])].filter(Boolean).join(" / ");
        const order = D.runs.length > 1 ? `rows: ${D.runs.map((_, n) => runName(n)).join(", then ")}` : null;
        return el("section", { class: "grid-group" }, el("h3", {}, name), el("p", { class: "note" }, [shares(grid), order].filter(Boolean).join(" · ")), bands);
      }),
    );
  };
  return { page, draw };
}
