// Two runs on one clock: the world's time is the cursor, and each side shows its step of that time.
import { $, details, fixed, keys, make, read, tell } from "./base.js";
import { Board } from "./plots.js";

const sides = [...document.querySelectorAll(".side")].map(element => ({ element, name: element.dataset.name, rows: [], picture: element.querySelector("img"), loading: false, at: -1 }));
const cursor = $("cursor");
let stamps = [], at = 0, board = null, playing = 0;

const stepAt = (rows, stamp) => { // the last step that began by then
  let [low, high] = [0, rows.length - 1];
  while (low < high) { const middle = Math.ceil((low + high) / 2); if (rows[middle].stamp <= stamp + 1e-9) low = middle; else high = middle - 1; }
  return rows.length && rows[low].stamp <= stamp + 1e-9 ? low : rows.length ? 0 : -1;
};

function go(to) {
  if (!stamps.length) return;
  at = Math.min(stamps.length - 1, Math.max(0, to));
  cursor.value = at;
  $("place").value = `T+${fixed(stamps[at])} s`;
  board.at(sides.map(side => {
    const step = stepAt(side.rows, stamps[at]), row = side.rows[step];
    if (step !== side.at) {
      side.at = step;
      side.element.querySelector(".details").replaceChildren(...details(row, side.spec, side.rows[step - 1]));
      load(side);
    }
    return row;
  }));
}

function load(side) {
  if (side.loading || side.at < 0) return;
  side.loading = true;
  side.shown = side.at;
  side.picture.src = `/frame/${side.at}/${side.name}`;
}

for (const side of sides) {
  const done = shown => { side.picture.hidden = !shown; side.element.querySelector(".dark").hidden = shown; side.loading = false; if (side.shown !== side.at) load(side); };
  side.picture.addEventListener("load", () => done(true));
  side.picture.addEventListener("error", () => done(false));
}

function play() {
  if (playing) { clearInterval(playing); playing = 0; } else {
    if (at >= stamps.length - 1) go(0);
    playing = setInterval(() => { if (at >= stamps.length - 1) play(); else go(at + 1); }, 100);
  }
  $("play").textContent = playing ? "⏸" : "▶";
}

try {
  await Promise.all(sides.map(async side => {
    const { spec, rows, problem } = await read(`/data/${side.name}`);
    Object.assign(side, { spec, rows });
    if (problem) tell(problem);
  }));
  const other = sides[1].spec.plots.filter(plot => !sides[0].spec.plots.some(mine => mine.name === plot.name));
  board = new Board($("plots"), { ...sides[0].spec, plots: [...sides[0].spec.plots, ...other] }, stamp => { let best = 0; stamps.forEach((value, i) => { if (Math.abs(value - stamp) < Math.abs(stamps[best] - stamp)) best = i; }); go(best); });
  board.draw(sides.map(side => side.rows));
  $("plots").before(make("p", { class: "note" }, "Plots: the first run is drawn through, the second dashed."));
  stamps = [...new Set(sides.flatMap(side => side.rows.map(row => row.stamp)))].sort((a, b) => a - b);
  cursor.max = Math.max(0, stamps.length - 1);
  go(0);
} catch (error) { tell(String(error.message ?? error)); }

$("back").onclick = () => go(at - 1);
$("next").onclick = () => go(at + 1);
$("play").onclick = play;
cursor.oninput = () => go(Number(cursor.value));
keys({ ArrowLeft: () => go(at - 1), ArrowRight: () => go(at + 1), Home: () => go(0), End: () => go(stamps.length - 1), " ": play });
