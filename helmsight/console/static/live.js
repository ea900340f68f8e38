// A run under way: what it tells as it comes, and what people order.
import { $, act, fixed, keys, make, stateNow, tell } from "./base.js";
import { add, go, more, run, still } from "./run.js";

const where = `/act/${run.name}`;
let hello = null, state = {}, news = null, since = performance.now(), spent = { tokens: 0, cost: 0 }, busy = false;
const held = new Set();
$("who").value = localStorage.getItem("helmsight who") || "operator";
$("who").addEventListener("change", () => localStorage.setItem("helmsight who", $("who").value));

async function order(what, more = {}) {
  const answer = await act(where, { by: $("who").value.trim() || "operator", do: what, ...more });
  $("said").textContent = `${what}: ${answer.said}`;
  $("said").className = answer.ok ? "said" : "said problem";
  return answer.ok;
}

// what the run tells

const stream = new EventSource(`/live/${run.name}`);
stream.addEventListener("message", event => {
  const said = JSON.parse(event.data);
  if (said.hello) { hello = said.hello; forms(); return; }
  if (said.lost) { ended(said.lost, true); return; }
  if (!news) tell("");
  news = said;
  if (said.row) stepped(said.row, said.picture);
  show(said.state ?? {});
});
stream.addEventListener("error", () => { if (stream.readyState !== EventSource.CLOSED) tell("The console does not answer. The run goes on without it; this page tries again."); else location.reload(); news = null; });

function stepped(row, picture) {
  const known = run.rows.length;
  if (row.index >= known) since = performance.now();
  if (row.index === known) add([row]);
  else if (row.index > known) more().catch(error => tell(error.message));
  if (run.follows && picture) still(`/now/${run.name}?n=${picture}`);
  spent = run.rows.reduce((sum, each) => ({ tokens: sum.tokens + (each.tokens || 0), cost: sum.cost + (each.cost || 0) }), { tokens: 0, cost: 0 });
  $("spent").textContent = [`${run.rows.length} decisions`, spent.tokens && `${spent.tokens.toLocaleString()} tokens`, spent.cost && `$${spent.cost.toFixed(4)}`, ...(row.marks ?? []).slice(0, 3)].filter(Boolean).join(" · ");
  $("think").max = Math.max(1000, ...run.rows.slice(-50).map(each => each.think || 0));
  fly();
}

function show(now) {
  const asks = state.waiting?.index;
  state = now;
  $("end").textContent = now.ended ? `ended: ${now.ended}` : now.stopping ? `${now.stopping} stops it` : now.paused ? `paused by ${now.paused}` : now.helm ? `${now.helm} flies` : now.waiting ? "waits for a person" : "live";
  press("pause", now.paused, now.paused ? "Resume" : "Pause", "p");
  press("take", now.helm, now.helm ? "Hand back" : "Take over", "t");
  press("asks", now.asks, now.asks ? "Ask me no more" : "Ask me first");
  $("controls").hidden = now.helm !== ($("who").value.trim() || "operator");
  $("waits").hidden = !now.waiting;
  if (now.waiting && now.waiting.index !== asks) {
    const { index, command, clamped } = now.waiting;
    $("request").textContent = `step ${index}: ${words(command)}${clamped.length ? ` (${clamped.join("; ")})` : ""}`;
    fill($("fields"), command);
    $("waits").focus(); // not a button: nothing that is pressed just now may answer
  }
  if (now.ended) ended(`The run has ended: ${now.ended}. Its page is being written.`);
}

function press(id, on, text, key) {
  $(id).setAttribute("aria-pressed", String(Boolean(on)));
  $(id).replaceChildren(text, ...(key ? [" ", make("kbd", {}, key)] : []));
}

function ended(words, lost = false) {
  stream.close();
  if (lost) setTimeout(() => location.reload(), 4000); // it may have been this link alone
  tell(words);
  for (const button of $("desk").querySelectorAll("button, input")) button.disabled = true;
  $("waits").hidden = $("controls").hidden = true;
  const look = setInterval(async () => {
    if (["ended", "cut off"].includes(await stateNow())) { clearInterval(look); location.reload(); }
  }, 1500);
}

setInterval(() => {
  const ms = state.paused || state.waiting ? 0 : performance.now() - since;
  $("think").value = ms;
  $("thought").value = ms > 300 ? `${fixed(ms / 1000)} s` : `${fixed(run.rows.at(-1)?.think, 0)} ms`;
}, 200);

// what people order

const words = command => Object.entries(command).filter(([, value]) => value !== null && value !== "" && value !== 0).map(([name, value]) => `${name} ${typeof value === "number" ? +value.toFixed(3) : JSON.stringify(value)}`).join(", ") || "nothing";

// A field for each part of a command, as its schema says: numbers with their range, choices, texts.
function fill(holder, command) {
  holder.replaceChildren(...Object.entries(command).map(([name, value]) => {
    const part = hello.schema.properties?.[name] ?? {}, choices = part.enum ?? (typeof value === "boolean" ? [true, false] : null);
    const field = choices ? make("select", {}, ...choices.map(choice => make("option", { value: JSON.stringify(choice), selected: choice === value }, String(choice))))
      : make("input", typeof value === "number" ? { type: "number", step: "any", min: part.minimum ?? part.exclusiveMinimum, max: part.maximum, value } : { value: typeof value === "string" ? value : JSON.stringify(value) });
    field.dataset.part = name;
    field.dataset.kind = choices ? "choice" : typeof value;
    return make("label", {}, name, field);
  }));
}

function filled(holder) {
  return Object.fromEntries([...holder.querySelectorAll("[data-part]")].map(field => {
    const { part, kind } = field.dataset;
    if (kind === "number") return [part, Number(field.value)];
    if (kind === "string") return [part, field.value];
    try { return [part, JSON.parse(field.value)]; } catch { return [part, field.value]; }
  }));
}

// Keys of the axes of a burn; other commands are filled in.
const AXES = { w: ["forward", 1], s: ["forward", -1], d: ["right", 1], a: ["right", -1], f: ["down", 1], r: ["down", -1] };
function forms() {
  fill($("hands"), hello.null);
  const burns = "forward" in hello.null;
  $("help").textContent = burns ? "Hold w s (forward, back), a d (left, right), r f (up, down): one command after the other while a key is held, body axes. x: one step of nothing. Or fill one in." : "Fill in a command and send it.";
}

const mine = () => !$("controls").hidden;
async function send(command) {
  if (busy || !mine()) return;
  busy = true;
  await order("fly", { command });
  busy = false;
}

function fly() { // the next command while keys are held
  if (!held.size || !mine()) return;
  const command = { ...hello.null };
  for (const key of held) command[AXES[key][0]] = AXES[key][1];
  send(command);
}

addEventListener("keyup", event => held.delete(event.key));
addEventListener("blur", () => held.clear());
const steer = Object.fromEntries(Object.keys(AXES).map(key => [key, event => { if (!event.repeat && mine() && "forward" in hello.null) { held.add(key); fly(); } }]));
const toggle = { pause: () => order(state.paused ? "resume" : "pause"), take: () => order(state.helm ? "hand back" : "take over"), asks: () => order("ask", { on: !state.asks }) };
const judge = (what, more = {}) => { if (state.waiting) order(what, { index: state.waiting.index, ...more }); };
async function stop() {
  $("sure").showModal();
  $("sure").onclose = () => { if ($("sure").returnValue === "yes") order("stop"); };
}
$("stop").onclick = stop;
for (const id of Object.keys(toggle)) $(id).onclick = toggle[id];
$("approve").onclick = () => judge("approve");
$("refuse").onclick = () => judge("refuse");
$("change").onclick = () => judge("change", { command: filled($("fields")) });
$("send").onclick = () => send(filled($("hands")));
$("nothing").onclick = () => send({ ...hello.null });
keys({ ...steer, p: toggle.pause, t: toggle.take, y: () => judge("approve"), n: () => judge("refuse"), x: () => send({ ...hello.null }), Escape: stop,
  Enter: event => { if (mine() && !event.target.closest("button")) send(filled($("hands"))); },
  ArrowLeft: () => go(run.at - 1), ArrowRight: () => go(run.at + 1), Home: () => go(0), End: () => go(run.rows.length - 1) });
