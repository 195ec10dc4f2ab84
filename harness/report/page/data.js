// What the page knows: the index at once, trajectories when they are asked for.
const source = document.getElementById("index");
const D = JSON.parse(source.textContent);
source.remove();

const COL = D.index.columns;
const NAMES = D.index.names;
const COUNT = COL.task.length;
const STATUSES = ["pass", "fail", "error", "missing", "unscored"];
const STATUS_TEXT = {
  pass: "passed",
  fail: "failed",
  error: "error",
  missing: "missing",
  unscored: "not scored",
};

const statusOf = (i) => NAMES.status[COL.status[i]];
const benchOf = (i) => NAMES.bench[COL.bench[i]];
const domainOf = (i) => NAMES.domain[COL.domain[i]];
const endOf = (i) => NAMES.end[COL.end[i]];
const causeOf = (i) => NAMES.cause[COL.cause[i]];
const labelsOf = (i) => COL.labels[i].map((n) => NAMES.labels[n]);
const toolsOf = (i) => COL.tools[i].map((n) => NAMES.tools[n]);
const wellFormed = (text) => (text.toWellFormed ? text.toWellFormed() : text);

// A trial's stable name in links: run / benchmark / trial / task.
const linkName = (i) =>
  wellFormed([D.runs[COL.run[i]].name, benchOf(i), COL.trial[i], COL.task[i]].join("/"));

let byLink = null;
function trialOfLink(name) {
  if (!byLink) {
    byLink = new Map();
    for (let i = 0; i < COUNT; i++) byLink.set(linkName(i), i);
  }
  return byLink.has(name) ? byLink.get(name) : -1;
}

let haystacks = null;
function haystack(i) {
  haystacks ??= new Array(COUNT);
  haystacks[i] ??= [
    COL.task[i], COL.request[i], domainOf(i), benchOf(i), endOf(i), causeOf(i),
    labelsOf(i).join(" "), toolsOf(i).join(" "),
  ].join(" \n").toLowerCase();
  return haystacks[i];
}

// Trajectories come in chunks: script elements of this page, or files beside it.
const KEPT_CHUNKS = 16;
const chunks = new Map();
const pending = new Map();
const urls = window.trustedTypes
  ? window.trustedTypes.createPolicy("chunks", {
      createScriptURL(url) {
        if (!/^[\w.-]+\/\d+\.js$/.test(url)) throw new TypeError("not a chunk");
        return url;
      },
    })
  : { createScriptURL: (url) => url };

Object.defineProperty(window, "harnessChunk", {
  value(build, number, text) {
    const waiting = pending.get(number);
    if (!waiting) return;
    if (build === D.build) waiting.resolve(keepChunk(number, JSON.parse(text)));
    else waiting.reject(new Error(`${D.folder} belongs to another report: write the report again.`));
  },
});

function keepChunk(number, chunk) {
  chunks.delete(number);
  chunks.set(number, chunk);
  if (chunks.size > KEPT_CHUNKS) chunks.delete(chunks.keys().next().value);
  return chunk;
}

function loadChunk(number) {
  if (chunks.has(number)) return Promise.resolve(keepChunk(number, chunks.get(number)));
  if (!D.files) {
    const inside = document.getElementById(`chunk-${number}`);
    return Promise.resolve(keepChunk(number, JSON.parse(inside.textContent)));
  }
  if (!pending.has(number)) pending.set(number, fetchChunk(number));
  return pending.get(number).promise;
}

function fetchChunk(number) {
  const waiting = {};
  waiting.promise = new Promise((resolve, reject) => Object.assign(waiting, { resolve, reject }));
  const name = `${D.folder}/${String(number).padStart(3, "0")}.js`;
  const script = document.createElement("script");
  script.src = urls.createScriptURL(name);
  script.onload = () => waiting.reject(new Error(`${name} is damaged: write the report again.`));
  script.onerror = () =>
    waiting.reject(new Error(`${name} cannot be read: keep the folder ${D.folder} beside the page.`));
  const done = () => {
    pending.delete(number);
    script.remove();
  };
  waiting.promise.then(done, done);
  document.body.append(script);
  return waiting;
}

// Resolve to {view, texts}, or null for a trial whose episode is not stored.
async function loadTrial(i) {
  if (COL.chunk[i] < 0) return null;
  const chunk = await loadChunk(COL.chunk[i]);
  return { view: chunk.episodes[COL.place[i]], texts: chunk.texts };
}

function textOfView(view) {
  const parts = [];
  for (const line of view.log) {
    parts.push(line.text, line.why || "");
    for (const call of line.calls || []) {
      parts.push(call.name, call.raw || "");
      for (const [key, value] of call.args || []) parts.push(key, value);
    }
  }
  return parts.join("\n").toLowerCase();
}
