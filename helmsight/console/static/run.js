// One run: a step cursor that film, plots, table and words share.
import { $, details, fixed, keys, make, read, stateNow, tell } from "./base.js";
import { Board } from "./plots.js";

const box = $("run"), name = box.dataset.name, fps = Number(box.dataset.fps);
const film = $("film"), picture = $("frame"), cursor = $("cursor");
const filmed = box.dataset.film === "1" && box.dataset.state !== "live";
export const run = { rows: [], spec: null, at: -1, follows: box.dataset.state === "live", name };
let board = null, playing = 0;

export async function more() {
  const { spec, rows, problem } = await read(`/data/${name}?from=${run.rows.length}`);
  tell(problem);
  if (!run.spec) {
    run.spec = spec;
    board = new Board($("plots"), spec, stamp => go(nearest(stamp)));
    head();
  }
  add(rows.filter(row => row.index >= run.rows.length));
}

export function add(rows) {
  if (!rows.length && run.rows.length) return;
  run.rows.push(...rows);
  const body = $("steps").tBodies[0];
  body.append(...rows.map(line));
  $("many").textContent = String(run.rows.length);
  cursor.max = Math.max(0, run.rows.length - 1);
  board.draw([run.rows]);
  if (run.follows || run.at < 0) go(run.rows.length - 1, true);
}

const nearest = stamp => {
  let best = 0;
  run.rows.forEach((row, at) => { if (Math.abs(row.stamp - stamp) < Math.abs(run.rows[best].stamp - stamp)) best = at; });
  return best;
};

function head() {
  const figures = ["#", "time, s", ...run.spec.live.map(measure => measure.heading)];
  const names = [...figures, "wanted", "applied", "people, repairs, clamps", "think, ms", "answer"];
  const kind = name => figures.includes(name) || name === "think, ms" ? "n" : "";
  $("steps").tHead.append(make("tr", {}, ...names.map(word => make("th", { scope: "col", class: kind(word) }, word))));
}

function line(row) {
  const cell = (text, kind = "") => make("td", { class: kind }, text ?? "");
  const marks = [...(row.people ?? []), ...(row.marks ?? [])].join(", ");
  return make("tr", { onclick: () => go(row.index) }, cell(String(row.index), "n"), cell(fixed(row.stamp), "n"),
    ...run.spec.live.map(({ name, digits }) => cell(fixed(row.measures?.[name], digits), "n")),
    cell(row.wanted), cell(row.broken ? "damaged" : row.applied), cell(marks, "marks"), cell(fixed(row.think), "n"), cell((row.raw ?? "").slice(0, 160)));
}

const RESTS_MS = 120; // that somebody who scrubs has come to rest: what is slow follows then

function mark() { // a long table takes longer to paint than a picture
  const body = $("steps").tBodies[0], scroll = body.closest(".scroll"), line = body.rows[run.at];
  for (const other of body.querySelectorAll(".now")) if (other !== line) other.classList.remove("now");
  line.classList.add("now");
  scroll.scrollTop = line.offsetTop - scroll.clientHeight / 2;
}

export function go(to, following = false, scrubs = false) {
  if (!run.rows.length) return;
  const at = Math.min(run.rows.length - 1, Math.max(0, to));
  if (!following) run.follows = box.dataset.state === "live" && at === run.rows.length - 1;
  run.at = at;
  clearTimeout(mark.waits);
  if (scrubs) mark.waits = setTimeout(mark, RESTS_MS); else mark();
  const row = run.rows[at];
  cursor.value = at;
  $("place").value = `step ${row.index} of ${run.rows.length}, T+${fixed(row.stamp)} s`;
  $("details").replaceChildren(...details(row, run.spec, run.rows[at - 1]), crops(at));
  board.at([row]);
  show(at);
}

function crops(at) {
  const holder = make("div", { class: "crops" });
  clearTimeout(crops.waits);
  crops.waits = setTimeout(() => { // not while somebody scrubs
    if (run.follows && box.dataset.state === "live") return;
    for (const region of run.spec.regions)
      holder.append(make("figure", {}, make("img", { src: `/frame/${at}/${name}?region=${encodeURIComponent(region)}`, alt: region, onerror: event => event.target.parentNode.remove() }), make("figcaption", {}, `${region}, as the model is shown it`)));
  }, RESTS_MS);
  return holder;
}

function show(at) {
  if (filmed && film.readyState > 0 && !film.error) { film.hidden = false; picture.hidden = true; $("dark").hidden = true; film.currentTime = (at + 0.5) / fps; return; }
  if (run.follows && box.dataset.state === "live") return; // the live picture is there already
  still(`/frame/${at}/${name}`);
}

// One picture at a time: the newest that is asked for follows the one that is on its way.
let wanted = "", loading = false;
export function still(address) {
  wanted = address;
  if (loading) return;
  loading = true;
  picture.src = address;
}
picture.addEventListener("load", () => { picture.hidden = false; film.hidden = true; $("dark").hidden = true; done(); });
picture.addEventListener("error", () => { picture.hidden = true; if (film.hidden) $("dark").hidden = false; done(); });
function done() {
  loading = false;
  if (wanted !== picture.getAttribute("src")) still(wanted);
}

function play() {
  if (playing) { clearInterval(playing); playing = 0; } else {
    if (run.at >= run.rows.length - 1) go(0);
    playing = setInterval(() => { if (run.at >= run.rows.length - 1) play(); else go(run.at + 1); }, 1000 / fps);
  }
  $("play").textContent = playing ? "⏸" : "▶";
}

$("first").onclick = () => go(0);
$("back").onclick = () => go(run.at - 1);
$("next").onclick = () => go(run.at + 1);
$("last").onclick = () => go(run.rows.length - 1);
$("play").onclick = play;
let scrubs = 0; // one step a picture of the screen, the newest, however fast the slider moves
cursor.oninput = () => { scrubs ||= requestAnimationFrame(() => { scrubs = 0; go(Number(cursor.value), false, true); }); };
if (!document.getElementById("desk")) keys({ ArrowLeft: () => go(run.at - 1), ArrowRight: () => go(run.at + 1), Home: () => go(0), End: () => go(run.rows.length - 1), " ": play });
// A film that is here as a whole is not asked for anew at each place that somebody jumps to.
const WHOLE_BYTES = 64e6;
async function load() {
  const answer = await fetch(`/film/${name}`);
  if (!answer.ok || Number(answer.headers.get("content-length")) > WHOLE_BYTES) {
    await answer.body?.cancel();
    film.src = `/film/${name}`;
  } else film.src = URL.createObjectURL(await answer.blob());
}
if (filmed) {
  film.addEventListener("loadedmetadata", () => { if (run.at >= 0) show(run.at); });
  film.addEventListener("error", () => { film.hidden = true; if (run.at >= 0) show(run.at); });
  load().catch(() => { film.src = `/film/${name}`; });
}
await more().catch(error => tell(String(error.message ?? error)));
const asked = /^#step-(\d+)$/.exec(location.hash);
if (asked) go(Number(asked[1])); else if (box.dataset.state !== "live") go(0);
if (box.dataset.state === "written") setInterval(() => more().catch(error => tell(error.message)), 2000);
// A run without an end may go on: its link was lost for a moment, or somebody resumes it.
if (["written", "cut off"].includes(box.dataset.state)) setInterval(async () => {
  if ((await stateNow() ?? box.dataset.state) !== box.dataset.state) location.reload();
}, 3000);
