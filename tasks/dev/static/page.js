// The page of `nox -s dev`. Its address has the view and the filters: #/logs?service=auth&level=error.

const POLL_MILLISECONDS = 1000;
// The gateway logs each request for mail.
const MAIL_MILLISECONDS = 5000;
const MOST_LINES = 2000;
const main = document.querySelector("main");
const problem = document.querySelector("#problem");

/** An element with attributes and children; functions among the attributes are listeners. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** The JSON of a path, or undefined after showing why there is none. */
async function request(path, query = {}, method = "GET") {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`, { method }).catch(() => undefined);
  if (response?.ok) return response.json();
  problem.textContent = response ? await response.text() : "dev does not answer. Start it again: nox -s dev";
  return undefined;
}

/** The view and its filters in the address. */
function address() {
  const [path, query] = location.hash.slice(2).split("?");
  const [name, id] = path.split("/");
  return { name: views[name] ? name : "logs", id, query: Object.fromEntries(new URLSearchParams(query)) };
}

function link(view, query) {
  return `#/${view}?${new URLSearchParams(query)}`;
}

/** Replace the children only where they differ, so that a focused button stays. */
function update(parent, key, children) {
  if (parent.dataset.key === key) return;
  parent.dataset.key = key;
  parent.replaceChildren(...children());
}

async function showState() {
  const state = await request("/api/state");
  if (!state) return false;
  document.title = `${state.app} · dev`;
  document.querySelector("h1").textContent = state.app;
  const { bytes, limit, lines, spans } = state.memory;
  const size = (number) => `${(number / 2 ** 20).toFixed(1)} MB`;
  document.querySelector("#memory").textContent = `${lines} lines, ${spans} spans: ${size(bytes)} of ${size(limit)}`;
  for (const process of state.processes) showProcess(process);
  return true;
}

function showProcess({ name, state, text, url }) {
  const id = `service-${name}`;
  const list = document.querySelector("#services");
  const item = document.getElementById(id) ?? list.appendChild(element("li", { id }));
  update(item, `${url}`, () => {
    if (!url) return [name, element("span")];
    const restart = () => request("/api/restart", { service: name }, "POST").then(refresh);
    const title = element("a", { href: url, target: "_blank", rel: "noreferrer" }, name);
    return [title, element("span"), element("button", { click: restart, "aria-label": `Restart ${name}` }, "Restart")];
  });
  Object.assign(item.querySelector("span"), { className: `state ${state}`, textContent: state, title: text });
}

const views = {
  logs: { show: showLogs, refresh: refreshLogs },
  traces: { refresh: refreshTraces },
  metrics: { refresh: refreshMetrics },
  mail: { refresh: refreshMail },
};

let newest = 0;
let nextMail = 0;
// Of the view and its filters: a response to an earlier one is dropped.
let generation = 0;

function showLogs({ query }) {
  const form = main.querySelector("form");
  for (const item of document.querySelectorAll("#services li")) {
    form.service.add(new Option(item.id.replace("service-", "")));
  }
  for (const field of form.elements) field.value = query[field.name] ?? field.value;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => (location.hash = "#/logs"));
  form.addEventListener("input", () => {
    const filters = [...new FormData(form)].filter(([, value]) => value);
    history.replaceState(null, "", link("logs", filters));
    start();
  });
}

async function refreshLogs({ query }) {
  const [after, started] = [newest, generation];
  const lines = await request("/api/lines", { ...query, after });
  if (!lines || after !== newest || started !== generation) return;
  const box = main.querySelector(".lines");
  const list = box.firstElementChild;
  if (!after) list.replaceChildren();
  const isAtEnd = !after || box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
  list.append(...lines.map((line) => lineItem(line)));
  while (list.childElementCount > MOST_LINES) list.firstElementChild.remove();
  newest = lines.at(-1)?.id ?? after;
  if (isAtEnd) box.scrollTop = box.scrollHeight;
}

function clock(seconds) {
  const time = new Date(seconds * 1000);
  const text = `${time.toLocaleTimeString("en-GB")}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  return element("time", { datetime: time.toISOString() }, text);
}

function lineItem({ at, service, level, text, request: requestId, trace }) {
  const item = element("li", { class: level }, clock(at));
  const [before, ...rest] = requestId ? text.split(`[${requestId}]`) : [text];
  item.append(` ${service} ${level.toUpperCase()} ${before}`);
  if (rest.length) item.append(element("a", { href: link("logs", { request: requestId }) }, requestId), ...rest);
  if (trace) item.append(" ", element("a", { href: `#/traces/${trace}` }, "trace"));
  return item;
}

const milliseconds = (number) => `${number.toFixed(number < 10 ? 1 : 0)} ms`;

async function refreshTraces({ id }) {
  if (id) return refreshTrace(id);
  const started = generation;
  const traces = await request("/api/traces");
  if (!traces || started !== generation) return;
  main.querySelector(".muted").textContent = traces.length ? "Newest first." : "No traces yet.";
  update(main.querySelector(".rows"), JSON.stringify(traces), () => traces.map(traceItem));
}

function traceItem({ trace, spans, failed, services, at, end, name }) {
  const about = `${milliseconds((end - at) * 1000)}, ${spans} spans, ${services.replaceAll(",", ", ")}`;
  const title = element("a", { href: `#/traces/${trace}`, class: failed ? "error" : "" }, name);
  return element("li", {}, clock(at), " ", title, ` ${about}${failed ? ", failed" : ""}`);
}

async function refreshTrace(id) {
  const started = generation;
  const spans = await request("/api/trace", { id });
  if (!spans || started !== generation) return;
  const lines = element("a", { href: link("logs", { trace: id }) }, "Log lines of this trace");
  main.querySelector(".muted").replaceChildren(spans.length ? lines : "No spans of this trace yet. ");
  if (!spans.length) return;
  const from = spans[0].at;
  const length = Math.max(...spans.map(({ at, milliseconds }) => (at - from) * 1000 + milliseconds), 0.001);
  main.querySelector("h2").textContent = `${spans[0].name}: ${milliseconds(length)}, ${spans.length} spans`;
  update(main.querySelector(".rows"), `${spans.length}`, () =>
    inOrder(spans).map((span) => spanItem(span, from, length)),
  );
}

/** Each span behind its parent, with its depth. */
function inOrder(spans) {
  const known = new Set(spans.map(({ span }) => span));
  const below = (parent, depth) =>
    spans
      .filter((each) => (known.has(each.parent) ? each.parent : "") === parent)
      .flatMap((each) => [{ ...each, depth }, ...below(each.span, depth + 1)]);
  return below("", 0);
}

function spanItem(span, from, length) {
  const bar = element("span", { class: `bar ${span.failed ? "failed" : ""}` });
  bar.style.marginLeft = `${((span.at - from) * 100_000) / length}%`;
  bar.style.width = `${Math.max((span.milliseconds * 100) / length, 0.3)}%`;
  const name = element("span", { class: `name ${span.failed ? "error" : ""}` }, `${span.service} ${span.name}`);
  name.style.paddingLeft = `${span.depth}em`;
  const attributes = Object.entries(span.attributes).flatMap(([key, value]) => [
    element("dt", {}, key),
    element(
      "dd",
      {},
      key === "request.id" ? element("a", { href: link("logs", { request: value }) }, value) : `${value}`,
    ),
  ]);
  const lines = element("a", { href: link("logs", { trace: span.trace, span: span.span }) }, "Log lines of this span");
  const summary = element(
    "summary",
    {},
    name,
    element("span", { class: "track" }, bar),
    milliseconds(span.milliseconds),
  );
  return element("li", {}, element("details", {}, summary, element("dl", {}, ...attributes), lines));
}

async function refreshMetrics() {
  const started = generation;
  const metrics = await request("/api/metrics");
  if (!metrics || started !== generation) return;
  const charts = Object.entries(metrics).map(([service, points]) =>
    element(
      "section",
      { "aria-label": service },
      element("h3", {}, service),
      chart("Requests per second", points, ["requests"]),
      chart("Errors per second", points, ["errors"]),
      chart("Duration in ms, p50 and p95", points, ["p50", "p95"]),
    ),
  );
  main.querySelector(".charts").replaceChildren(...charts);
}

function chart(title, points, names) {
  const most = Math.max(...points.flatMap((point) => names.map((name) => point[name] ?? 0)), 0);
  const last = names.map((name) => points.findLast((point) => point[name] !== null)?.[name] ?? 0);
  const text = `${title}: ${last.map((number) => number.toFixed(1)).join(" and ")}, max ${most.toFixed(1)}`;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 150 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (const name of names) {
    const line = document.createElementNS(svg.namespaceURI, "polyline");
    const shown = points
      .map((point, index) => [150 - points.length + index, point[name]])
      .filter(([, y]) => y !== null);
    const place = ([x, y]) => `${x},${39 - (38 * y) / (most || 1)}`;
    line.setAttribute("points", shown.map(place).join(" "));
    line.setAttribute("class", name);
    svg.append(line);
  }
  return element("figure", {}, element("figcaption", {}, text), svg);
}

async function refreshMail() {
  if (Date.now() < nextMail) return;
  nextMail = Date.now() + MAIL_MILLISECONDS;
  const started = generation;
  const mails = await request("/api/mail");
  if (mails === undefined || started !== generation) return;
  const without = mails ? "No mail yet." : "No inbox: the gateway is not ready, or SMTP_URL is set.";
  main.querySelector(".muted").textContent = mails?.length ? "Newest first." : without;
  update(main.querySelector(".rows"), JSON.stringify(mails), () => (mails ?? []).map(mailItem));
}

function mailItem({ subject, to, received_at: at, text, links }) {
  const safe = links.filter((each) => /^https?:/.test(each));
  const made = safe.map((href) => element("a", { href, target: "_blank", rel: "noreferrer" }, href));
  const about = element("p", { class: "muted" }, `To ${to.join(", ")}, ${at}`);
  return element("li", { class: "mail" }, element("h3", {}, subject), about, element("pre", {}, text), ...made);
}

function show() {
  const found = address();
  for (const each of document.querySelectorAll("nav a")) {
    if (each.hash === `#/${found.name}`) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  main.replaceChildren(document.getElementById(found.name).content.cloneNode(true));
  views[found.name].show?.(found);
  return start();
}

/** Show the view from the start, with the filters of the address. */
function start() {
  newest = nextMail = 0;
  generation += 1;
  return refresh();
}

async function refresh() {
  const found = address();
  const hasState = await showState();
  if (hasState) await views[found.name].refresh(found);
  problem.hidden = hasState;
}

addEventListener("hashchange", show);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
// The token is in the cookie now.
history.replaceState(null, "", `/${location.hash}`);
await showState();
await show();
setInterval(() => document.hidden || refresh(), POLL_MILLISECONDS);
