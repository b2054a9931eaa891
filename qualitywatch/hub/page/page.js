// The page: looks on over one WebSocket, operates over another that lives for one call.
//
// Everything shown was written by agents: file names, code, messages, names. It reaches
// the document through `textContent` alone, with invisible signs written out.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const REFRESH_WAIT = 300;
const MAX_ROWS = 200;
const MAX_TICKS = 100;
const LATELY = 30; // events of the past that the ticker begins with
const UNAUTHENTICATED = 4401;

const byId = (id) => document.getElementById(id);

// The wire

/** A refusal by the hub: a stable code, the problem and the way out. */
class Refused extends Error {
  constructor(error) {
    super([error.message, error.data?.hint].filter(Boolean).join(" — "));
    this.code = error.data?.code ?? "";
  }
}

/** One connection that speaks JSON-RPC; `onEvent` hears events, `onClose` the end. */
class Wire {
  #calls = 0;
  #waiting = new Map();

  constructor({ onEvent = () => {}, onClose = () => {} } = {}) {
    this.socket = new WebSocket(`ws://${location.host}/ws`);
    this.opened = new Promise((resolve, reject) => {
      this.socket.addEventListener("open", resolve);
      this.socket.addEventListener("close", () => reject(new Error("The hub does not answer.")));
    });
    this.opened.catch(() => { /* whoever waits for it hears of it */ });
    this.socket.addEventListener("message", (message) => this.#take(message.data, onEvent));
    this.socket.addEventListener("close", (close) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(close.reason || "The connection was lost."));
      }
      this.#waiting.clear();
      onClose(close);
    });
  }

  async call(method, params = {}) {
    await this.opened;
    if (this.socket.readyState !== WebSocket.OPEN) throw new Error("The connection was lost.");
    const id = ++this.#calls;
    this.socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  close() {
    this.socket.close();
  }

  #take(text, onEvent) {
    const message = JSON.parse(text);
    if (message.method === "event") {
      onEvent(message.params);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Refused(message.error));
    else waiting?.resolve(message.result);
  }
}

/** What `session.hello` needs to know: a token or the operator's passphrase. */
function credentials(secret) {
  return /^qw[aov]_/.test(secret) ? { token: secret } : { passphrase: secret };
}

/** One operator call on a connection of its own: the secret is not kept anywhere. */
async function operate(passphrase, method, params) {
  const wire = new Wire();
  try {
    await wire.call("session.hello", { ...credentials(passphrase), client: "page" });
    const { nonce } = await wire.call("operator.nonce");
    return await wire.call(method, { ...params, nonce });
  } finally {
    wire.close();
  }
}

// What is known

const known = {
  quarantines: new Map(),
  violations: new Map(),
  agents: [],
  stats: null,
  ticks: [],
};

const remember = (map, item) => {
  map.delete(item.id); // so that it becomes the newest
  map.set(item.id, item);
};

const REDUCERS = {
  "violation.recorded": (violation) => remember(known.violations, violation),
  "violation.assigned": (violation) => known.violations.set(violation.id, violation),
  "violation.closed": (violation) => known.violations.delete(violation.id),
  "quarantine.imposed": (quarantine) => remember(known.quarantines, quarantine),
  "quarantine.updated": (quarantine) => known.quarantines.set(quarantine.id, quarantine),
  "repair.proposed": (quarantine) => known.quarantines.set(quarantine.id, quarantine),
  "quarantine.released": (quarantine) => known.quarantines.delete(quarantine.id),
};

function take(event) {
  REDUCERS[event.type]?.(event.data);
  known.ticks.unshift(event);
  known.ticks.length = Math.min(known.ticks.length, MAX_TICKS);
}

function takeSnapshot(snapshot) {
  const oldestFirst = (items) => [...items].reverse().map((item) => [item.id, item]);
  known.violations = new Map(oldestFirst(snapshot.violations));
  known.quarantines = new Map(snapshot.quarantines.map((item) => [item.id, item]));
}

// Words

const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** *text* with every control and direction sign written out. */
function safe(text) {
  return String(text ?? "").replace(
    HIDDEN,
    (sign) => `\\u{${sign.codePointAt(0).toString(16)}}`,
  );
}

const place = (violation) => `${violation.path}:${violation.line}`;
const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
const STATES = {
  clear: "clear",
  quarantined: "quarantined",
  repair_proposed: "repair proposed",
};

const SENTENCES = {
  "change.analysed": ({ path, violations }) =>
    `${path}: ${violations?.length ? plural(violations.length, "violation") : "clean"}`,
  "violation.recorded": (v) => `${v.rule} in ${place(v)}${v.agent ? ` by ${v.agent}` : ""}`,
  "violation.assigned": (v) => `${v.rule} in ${place(v)} is ${v.agent ?? "nobody"}’s`,
  "violation.closed": (v) => `${v.rule} in ${place(v)} is settled`,
  "quarantine.imposed": (q) => `${q.subject} may not go on: ${q.reason}`,
  "quarantine.updated": (q) => `${q.subject}: ${plural(q.violation_count, "violation")} now`,
  "quarantine.released": (q) => `${q.subject} by ${q.released_by}: ${q.release_reason}`,
  "repair.proposed": (q) => `${q.subject} offers ${plural(q.repairs.length, "file")}`,
  "agent.connected": ({ agent }) => `${agent}`,
  "agent.disconnected": ({ agent }) => `${agent}`,
  "daemon.degraded": ({ what, reason }) => `${what}: ${reason}`,
  "daemon.recovered": ({ what }) => `${what}`,
  "code.restored": ({ path, violations }) =>
    `${path}: put back what ${plural(violations.length, "violation")} took away`,
  "process.stopped": ({ agent, pid }) => `${agent}: process ${pid} is stopped`,
  "process.resumed": ({ agent, pid }) => `${agent}: process ${pid} goes on`,
  "file.unanalysable": ({ path, reason }) => `${path}: ${reason}`,
};

function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

// Building the document

/** A copy of a template, with its slots by name. */
function copy(id) {
  const root = byId(id).content.firstElementChild.cloneNode(true);
  const slots = {};
  for (const element of root.querySelectorAll("[data-slot]")) {
    slots[element.dataset.slot] = element;
  }
  return { root, slots };
}

function write(element, text) {
  element.textContent = safe(text);
}

/** *text* with what stands between backticks as code. */
function writeProse(element, text) {
  const parts = safe(text).split("`").map((part, index) => {
    if (index % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
  element.replaceChildren(...parts);
}

function writeTime(element, time, text = ago(time)) {
  if (!time) return;
  element.dateTime = time;
  element.title = new Date(time).toLocaleString();
  element.textContent = text;
}

function writeBadge(element, kind, text = kind) {
  element.dataset.kind = kind;
  write(element, text);
}

function reveal(element, text) {
  element.hidden = text === "";
  write(element, text);
}

function evidenceItem(violation) {
  const { root, slots } = copy("evidence-template");
  write(slots.place, place(violation));
  writeBadge(slots.severity, violation.severity);
  write(slots.rule, `${violation.rule} · ${violation.type} · ${violation.confidence}`);
  writeProse(slots.message, violation.message);
  reveal(slots.excerpt, violation.excerpt);
  writeProse(slots.remedy, violation.remedy);
  const evidence = violation.evidence;
  if (evidence) {
    reveal(slots.lost, lostSentence(violation, evidence));
    const symbols = evidence.lost_symbols.map((symbol) => {
      const item = document.createElement("li");
      write(item, symbol);
      return item;
    });
    slots.symbols.hidden = symbols.length === 0;
    slots.symbols.replaceChildren(...symbols);
    const referenced = evidence.still_referenced;
    reveal(
      slots.referenced,
      referenced.length ? `Still called, no longer there: ${referenced.join(", ")}` : "",
    );
  }
  return root;
}

function lostSentence(violation, evidence) {
  const where = violation.symbol ? ` from ${violation.symbol}` : "";
  const ranges = evidence.base_ranges.map(([first, last]) => `${first}–${last}`);
  const base = ranges.length ? ` (base lines ${ranges.join(", ")})` : "";
  return `Lost ${plural(evidence.lost_lines, "line")}${where}${base}`;
}

function repairItem(repair) {
  const { root, slots } = copy("repair-template");
  const count = repair.lacking;
  write(slots.path, repair.path);
  writeBadge(slots.verdict, count ? "high" : "clear", count ? plural(count, "violation") : "clean");
  write(slots.size, `+${repair.added} −${repair.removed} · ${plural(repair.lines, "line")}`);
  root.firstElementChild.addEventListener("toggle", () => readRepair(repair, slots.content));
  return root;
}

/** What is on offer, read when somebody looks; a long file from its beginning. */
async function readRepair(repair, element) {
  if (element.dataset.read) return;
  element.dataset.read = "true";
  try {
    const shown = await session.wire.call("repair.show", { repair: repair.id });
    const more = shown.next === null ? "" : `\n… the rest: qualitywatch repairs show ${repair.id}`;
    write(element, shown.content + more);
  } catch (error) {
    delete element.dataset.read;
    write(element, error.message);
  }
}

function quarantineCard(quarantine) {
  const { root, slots } = copy("quarantine-template");
  const agent = known.agents.find((row) => row.agent.id === quarantine.subject)?.agent;
  const name = agent?.name ?? quarantine.subject;
  write(slots.name, name);
  writeBadge(slots.state, quarantine.state, STATES[quarantine.state]);
  write(slots.subject, name === quarantine.subject ? "" : `${quarantine.subject} · `);
  writeTime(slots.since, quarantine.since);
  write(slots.workspace, quarantine.workspace ? ` · ${quarantine.workspace}` : "");
  slots.reason.hidden = saysTheSame(quarantine);
  writeProse(slots.reason, quarantine.reason);
  slots.violations.replaceChildren(...quarantine.violations.map(evidenceItem));
  const others = quarantine.violation_count - quarantine.violations.length;
  reveal(slots.more, others > 0 ? `and ${plural(others, "violation")} more` : "");
  slots.repairs.hidden = quarantine.repairs.length === 0;
  slots["repair-list"].replaceChildren(...quarantine.repairs.map(repairItem));
  slots.release.setAttribute("aria-label", `Release ${safe(quarantine.subject)}…`);
  slots.release.addEventListener("click", () => askRelease(quarantine.subject));
  return root;
}

/** True where the reason only repeats the one violation below it. */
function saysTheSame({ reason, violations }) {
  const [only, ...others] = violations;
  return only !== undefined && others.length === 0 && reason.endsWith(`: ${only.message}`);
}

function violationRow(violation) {
  const { root, slots } = copy("violation-template");
  writeBadge(slots.severity, violation.severity);
  writeProse(slots.message, violation.message);
  write(slots.place, place(violation));
  write(slots.agent, violation.agent ?? "nobody named");
  slots.evidence.replaceChildren(evidenceItem(violation));
  return root;
}

function agentRow(row) {
  const { root, slots } = copy("agent-template");
  slots.presence.dataset.connected = row.connected;
  slots.presence.title = row.connected ? "connected" : "not connected";
  write(slots.name, row.agent.name);
  write(slots.id, [...aliases(row.agent), ...standing(row)].join(" · "));
  writeBadge(slots.state, row.state, STATES[row.state]);
  write(slots.open, row.open_violations);
  writeTime(slots.seen, row.agent.last_seen);
  return root;
}

/** What an agent is called besides its name, without saying anything twice. */
function aliases({ id, name, harness }) {
  const known = harness && !id.startsWith(`${harness}:`) ? [harness] : [];
  return id === name ? known : [id, ...known];
}

/** Whose subagent it is, and how near to quarantine. */
function standing({ agent, strikes }) {
  const below = agent.parent ? [`subagent of ${agent.parent}`] : [];
  return [...below, ...strikes.map((one) => `${one.strikes}/${one.limit} ${one.policy}`)];
}

function tickRow(event) {
  const { root, slots } = copy("event-template");
  writeTime(slots.time, event.time, new Date(event.time).toLocaleTimeString());
  slots.kind.dataset.kind = event.type;
  write(slots.kind, event.type);
  write(slots.text, SENTENCES[event.type]?.(event.data) ?? "");
  return root;
}

// Showing it

const shown = new Map(); // container -> Map(key -> {item, element})

/** Make *container* show *items*; what has not changed stays, open or focused. */
function show(container, items, keyOf, build) {
  const before = shown.get(container) ?? new Map();
  const now = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const old = before.get(key);
    const element = old?.item === item ? old.element : build(item);
    if (old && old.element !== element && old.element.open) element.open = true;
    now.set(key, { item, element });
  }
  shown.set(container, now);
  const wanted = [...now.values()].map((entry) => entry.element);
  const same =
    wanted.length === container.children.length &&
    wanted.every((element, index) => element === container.children[index]);
  if (!same) container.replaceChildren(...wanted);
  return wanted.length > 0;
}

function render() {
  const quarantines = [...known.quarantines.values()].reverse();
  const violations = [...known.violations.values()].reverse();
  const idOf = (item) => item.id;

  const anyQuarantine = show(byId("quarantines"), quarantines, idOf, quarantineCard);
  byId("quarantines-empty").hidden = anyQuarantine;
  const anyViolation = show(
    byId("violations"), violations.slice(0, MAX_ROWS), idOf, violationRow,
  );
  byId("violations").hidden = !anyViolation;
  byId("violations-empty").hidden = anyViolation;
  const more = violations.length - MAX_ROWS;
  reveal(byId("violations-more"), more > 0 ? `and ${more} older ones: qualitywatch violations list` : "");
  const anyAgent = show(byId("agents"), known.agents, (row) => row.agent.id, agentRow);
  byId("agents-card").hidden = !anyAgent;
  byId("agents-empty").hidden = anyAgent;
  const anyTick = show(byId("ticker"), known.ticks, (event) => event.sequence, tickRow);
  byId("ticker-card").hidden = !anyTick;
  byId("ticker-empty").hidden = anyTick;

  renderCounts(quarantines.length, violations.length);
}

function renderCounts(quarantines, violations) {
  byId("tile-quarantines").dataset.alarm = quarantines > 0;
  write(byId("count-quarantines"), quarantines);
  write(byId("count-violations"), known.stats?.open_violations ?? violations);
  write(byId("count-agents"), known.agents.filter((row) => row.connected).length);
  write(byId("count-changes"), known.stats?.changes ?? "–");
  document.title = quarantines ? `(${quarantines}) qualitywatch` : "qualitywatch";

  const degraded = known.stats?.degraded ?? [];
  byId("degraded").hidden = degraded.length === 0;
  byId("degraded-list").replaceChildren(
    ...degraded.map((what) => {
      const item = document.createElement("li");
      write(item, what);
      return item;
    }),
  );
}

let frame = 0;
function renderSoon() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    render();
  });
}

function refreshTimes() {
  for (const element of document.querySelectorAll("#board time[datetime]")) {
    if (!element.closest("#ticker")) element.textContent = ago(element.dateTime);
  }
}

function showStatus(state, text) {
  byId("status").dataset.state = state;
  byId("status-text").textContent = text;
}

function showToast(text) {
  const toast = byId("toast");
  write(toast, text);
  toast.hidden = false;
  setTimeout(() => (toast.hidden = true), 6000);
}

// Looking on

const session = { secret: null, wire: null, epoch: null, cursor: null, wait: FIRST_WAIT };
let retry = 0;
let refresh = 0;

async function lookOn() {
  clearTimeout(retry);
  const wire = new Wire({
    onEvent: (event) => heard(wire, event),
    onClose: (close) => lost(wire, close),
  });
  session.wire = wire;
  const welcome = await wire.call("session.hello", {
    ...credentials(session.secret),
    client: "page",
  });
  await follow(wire, welcome);
  session.wait = FIRST_WAIT;
  await refreshRows();
  byId("sign-in").hidden = true;
  byId("board").hidden = false;
  showStatus("live", `Live · ${welcome.role}`);
  render();
}

/** Go on where it was; else what happened lately for the ticker, then all that is open. */
async function follow(wire, { epoch, seq }) {
  let since = { since: session.cursor, epoch: session.epoch };
  if (session.epoch === null) {
    await wire.call("events.subscribe", { since: Math.max(0, seq - LATELY), epoch });
    since = {};
  }
  const told = await wire.call("events.subscribe", since);
  if (told.snapshot) {
    takeSnapshot(told.snapshot);
    session.cursor = told.seq;
  }
  session.epoch = told.epoch;
}

function heard(wire, event) {
  if (wire !== session.wire || event.sequence <= (session.cursor ?? -1)) return;
  session.cursor = event.sequence;
  take(event);
  refresh ||= setTimeout(() => {
    refresh = 0;
    refreshRows().then(renderSoon, () => {}); // a lost connection is told elsewhere
  }, REFRESH_WAIT);
  renderSoon();
}

async function refreshRows() {
  const wire = session.wire;
  const [{ agents }, stats] = await Promise.all([wire.call("agents.list"), wire.call("stats")]);
  const before = new Map(known.agents.map((row) => [row.agent.id, row]));
  known.agents = agents
    .map((row) => {
      const old = before.get(row.agent.id);
      return JSON.stringify(old) === JSON.stringify(row) ? old : row;
    })
    .sort((a, b) => b.connected - a.connected || a.agent.id.localeCompare(b.agent.id));
  known.stats = stats;
}

function lost(wire, close) {
  if (wire !== session.wire || session.secret === null) return;
  if (close.code === UNAUTHENTICATED) {
    signOut(close.reason || "Please sign in again.");
    return;
  }
  const wait = Math.random() * session.wait;
  session.wait = Math.min(session.wait * 2, LONGEST_WAIT);
  showStatus("lost", "Connection lost · trying again");
  retry = setTimeout(tryAgain, wait);
}

function tryAgain() {
  if (session.secret === null) return;
  lookOn().catch((error) => {
    if (error instanceof Refused) signOut(error.message);
  });
}

function signOut(problem) {
  session.secret = null;
  session.wire?.close();
  byId("board").hidden = true;
  byId("sign-in").hidden = false;
  write(byId("sign-in-error"), problem);
  showStatus("idle", "Not connected");
}

async function signIn(secret) {
  session.secret = secret;
  write(byId("sign-in-error"), "");
  showStatus("idle", "Connecting…");
  try {
    await lookOn();
  } catch (error) {
    signOut(error.message);
  }
}

byId("sign-in-form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const secret = byId("secret").value;
  byId("secret").value = "";
  signIn(secret);
});

// Operating

let subject = "";

function askRelease(who) {
  subject = who;
  write(byId("release-subject"), who);
  byId("release-form").reset();
  write(byId("release-error"), "");
  byId("release").showModal();
}

byId("release-cancel").addEventListener("click", () => byId("release").close());
byId("release").addEventListener("close", () => byId("release-form").reset());

byId("release-form").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const passphrase = byId("release-passphrase").value;
  const reason = byId("release-reason").value;
  const button = byId("release-submit");
  byId("release-passphrase").value = "";
  button.disabled = true;
  try {
    await operate(passphrase, "quarantine.release", { subject, reason });
    byId("release").close();
    showToast(`${subject} is released.`);
  } catch (error) {
    write(byId("release-error"), error.message);
    byId("release-passphrase").focus();
  } finally {
    button.disabled = false;
  }
});

// Coming in

function tokenOfTheAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash) history.replaceState(null, "", location.pathname);
  return token;
}

setInterval(refreshTimes, 30_000);
const given = tokenOfTheAddress();
if (given) signIn(given);
else byId("secret").focus();
