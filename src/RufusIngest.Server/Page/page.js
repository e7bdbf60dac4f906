"use strict";

// Everything shown comes from others: it becomes text, never markup.
const kept = 50;
const refreshMs = 5000;
const byId = id => document.getElementById(id);
const count = new Intl.NumberFormat();
const names = new Map();
const askedFor = new Set();
let passings = [];
let drawing = false;
let refreshing = false;
let answers = true;
let live;
let shown;

// UTC; the day only where it is not today.
function time(ms, end = 19) {
  if (ms === undefined || ms === null) return "–";
  const text = new Date(ms).toISOString();
  const today = new Date().toISOString().slice(0, 10);
  return text.startsWith(today) ? text.slice(11, end) : text.slice(0, 10) + " " + text.slice(11, end);
}

function cell(text, className) {
  const td = document.createElement("td");
  if (text instanceof Node) td.append(text);
  else td.textContent = text;
  if (className) td.className = className;
  return td;
}

// Leaves alone what is shown already: a link may have the focus, a text may be selected. Each row begins with its key.
function fill(id, rows) {
  const body = byId(id);
  const keys = new Set(rows.map(([key]) => key));
  for (const tr of [...body.rows]) if (!keys.has(tr.dataset.key)) tr.remove();
  const known = new Map([...body.rows].map(tr => [tr.dataset.key, tr]));
  rows.forEach(([key, ...cells], i) => {
    const tr = known.get(key) ?? document.createElement("tr");
    tr.dataset.key = key;
    if (body.rows[i] !== tr) body.insertBefore(tr, body.rows[i] ?? null);
    cells.forEach((td, j) => {
      if (j === tr.cells.length) tr.append(td);
      else if (!tr.cells[j].isEqualNode(td)) tr.cells[j].replaceWith(td);
    });
  });
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

function drawDevices(state) {
  fill("devices", state.devices.map(device => [
    device.serial_number,
    cell(device.name, "wrap"),
    cell(device.active_session ?? "none", device.active_session ? "active wrap" : "soft"),
    cell(count.format(device.passings), "number"),
    cell(time(device.last_contact)),
  ]));
  const more = state.devices_total - state.devices.length;
  setText("devices-hint", state.devices_total === 0 ? "No device is bound yet."
    : more > 0 ? `${more} more devices, with older contact, are not shown.` : "");
}

function drawSessions(state) {
  names.clear();
  for (const session of state.sessions) names.set(session.token, session.name);
  fill("sessions", state.sessions.map(session => {
    const link = document.createElement("a");
    link.href = `/page/sessions/${encodeURIComponent(session.token)}.csv`;
    link.textContent = "CSV";
    link.setAttribute("aria-label", `CSV of ${session.name}`);
    link.download = "";
    return [
      session.token,
      cell(session.name, "wrap"),
      cell(session.active ? "active" : "closed", session.active ? "active" : "soft"),
      cell(count.format(session.passings), "number"),
      cell(time(session.first)), cell(time(session.last)),
      cell(session.device, "wrap"), cell(link),
    ];
  }));
  setText("sessions-hint", state.sessions.length === 0 ? "No session was opened yet." : "");
}

function shape(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// The least of 1, 2, 5, 10, 20 … that is not below the value, and at least 5.
function axisTop(value) {
  let step = 1;
  for (;;) {
    for (const factor of [1, 2, 5]) if (factor * step >= Math.max(value, 5)) return factor * step;
    step *= 10;
  }
}

// In pixels of the screen, so that labels are as large on a phone.
function drawChart(state) {
  const [left, right, upper, lower] = [44, byId("chart").clientWidth, 12, 150];
  if (right <= left) return; // Not laid out yet; drawn when it is.
  const highest = Math.max(...state.minutes);
  const limit = axisTop(highest);
  const width = (right - left) / state.minutes.length;
  const labelled = right < 480 ? 20 : 10;
  const total = state.minutes.reduce((sum, n) => sum + n, 0);
  const svg = shape("svg", { width: right, height: 172, role: "img" });
  svg.append(shape("title", {},
    `${count.format(total)} passings arrived in the last 60 minutes, at most ${count.format(highest)} in a minute`));
  for (const part of [0, 0.5, 1]) {
    const y = lower - part * (lower - upper);
    svg.append(shape("line", { x1: left, x2: right, y1: y, y2: y }));
    if (limit * part % 1 === 0)
      svg.append(shape("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, count.format(limit * part)));
  }
  state.minutes.forEach((passed, i) => {
    const start = state.last_minute - (state.minutes.length - 1 - i) * 60000;
    const label = new Date(start).toISOString().slice(11, 16);
    const height = passed / limit * (lower - upper);
    const isNow = i === state.minutes.length - 1;
    if (passed > 0) {
      const bar = shape("rect", {
        x: left + i * width, width: width * 0.8, y: lower - height, height, class: isNow ? "now" : "",
      });
      bar.append(shape("title", {}, `${label}: ${count.format(passed)}`));
      svg.append(bar);
    }
    if (new Date(start).getUTCMinutes() % labelled === 0 && i > 2 && i < state.minutes.length - 3)
      svg.append(shape("text", { x: left + (i + 0.4) * width, y: 168, "text-anchor": "middle" }, label));
  });
  byId("chart").replaceChildren(svg);
}

async function refresh() {
  if (refreshing) return;
  refreshing = true;
  try {
    const answer = await fetch("/page/state", { cache: "no-store" });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(answer.statusText);
    const state = await answer.json();
    [shown, answers] = [state, true];
    setText("count", count.format(state.passings));
    byId("signout").hidden = !state.signed_in;
    drawDevices(state);
    drawSessions(state);
    drawChart(state);
    drawPassings();
  } catch {
    answers = false;
  } finally {
    refreshing = false;
    showLink();
  }
}

function drawPassings() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    fill("recent", passings.map(passing => [
      keyOf(passing),
      cell(time(passing.time, 23)), cell(passing.bib ?? "–", "wrap bib"), cell(passing.chip ?? "–", "wrap"),
      cell(names.get(passing.session) ?? passing.session.slice(0, 8), "wrap"), cell(passing.number, "number"),
    ]));
    setText("recent-hint", passings.length === 0 ? "No passing yet."
      : `The last ${kept} to arrive, newest first. While many arrive at once, not all of them pass by here.`);
  });
}

function keyOf(passing) {
  return `${passing.session} ${passing.number}`;
}

function add(arrived) {
  const known = new Set(passings.map(keyOf));
  const fresh = arrived.filter(passing => !known.has(keyOf(passing)) && known.add(keyOf(passing)));
  const unknown = fresh.find(passing => !names.has(passing.session) && !askedFor.has(passing.session));
  if (unknown) {
    askedFor.add(unknown.session);
    refresh();
  }
  passings = [...fresh.reverse(), ...passings].slice(0, kept);
  drawPassings();
}

function showLink() {
  const text = !answers ? "no answer from the server, trying again"
    : live === undefined ? "connecting…" : live ? "live" : "not live, trying again";
  byId("link").className = text === "live" ? "live" : answers && live === undefined ? "" : "lost";
  setText("link", text);
}

function setLive(isLive) {
  live = isLive;
  showLink();
}

function listen() {
  const source = new EventSource("/page/live");
  source.addEventListener("open", () => setLive(true));
  source.addEventListener("recent", event => {
    passings = [];
    add(JSON.parse(event.data));
  });
  source.addEventListener("message", event => add(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    setLive(false);
    if (source.readyState !== EventSource.CLOSED) return;
    refresh(); // Shows the form when the sign-in is over.
    setTimeout(listen, 2 * refreshMs);
  });
}

refresh();
listen();
setInterval(() => document.hidden || refresh(), refreshMs);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
new ResizeObserver(() => shown && drawChart(shown)).observe(byId("chart"));
