// Plots as SVG, from what the world declares, with a cursor that is the page's step.
import { make } from "./base.js";

const NS = "http://www.w3.org/2000/svg";
const [WIDE, TALL, LEFT, RIGHT, TOP, FOOT] = [560, 260, 58, 10, 10, 24];
const POINTS = 1500; // of one curve: more are not seen

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const finite = value => typeof value === "number" && Number.isFinite(value);

function span(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) if (finite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  if (low > high) return null;
  return low === high ? [low - 1, high + 1] : [low, high];
}

function ticks([low, high], most = 5) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(n => n * power).find(n => n >= rough) ?? rough;
  const marks = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6 && marks.length < 20; at += step) marks.push(at);
  return marks;
}

// Of a logarithmic axis: 1, 2 and 5, or powers of ten alone where these are many.
function powers([low, high]) {
  const marks = [];
  for (let power = Math.floor(low); power <= high; power += 1)
    for (const digit of high - low > 3 ? [1] : [1, 2, 5]) marks.push(power + Math.log10(digit));
  return marks.filter(mark => mark >= low && mark <= high);
}

const short = value => Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(1) : String(+value.toPrecision(4));

function thin(rows) {
  const every = Math.max(1, Math.ceil(rows.length / POINTS));
  return every === 1 ? rows : rows.filter((_, at) => at % every === 0 || at === rows.length - 1);
}

// Moves a mark to a place of the plot that it lies over. It is no part of the plot: the browser
// would paint all the curves anew for each step that somebody scrubs over.
function move(mark, place) {
  mark.hidden = !place;
  if (place) mark.style.transform = `translate(${place[0] / WIDE * 100}%, ${place[1] / TALL * 100}%)`;
}

// One plot over time. curves: [{label, of: row => number}]; sides: [[rows], ...], the second dashed.
class OverTime {
  constructor(title, unit, curves, { log = false, stairs = false } = {}) {
    Object.assign(this, { title, unit, curves, log, stairs });
    this.picture = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", "aria-label": `${title} over time` });
    this.line = make("div", { class: "at", hidden: true });
    this.card = make("div", { class: "card" }, make("h3", {}, unit ? `${title}, ${unit}` : title), make("div", { class: "plot" }, this.picture, this.line));
    if (curves.length > 1) this.card.append(make("div", { class: "key" }, ...curves.flatMap(({ label }, at) => [make("span", { class: `c${at % 4}` }, "■ "), `${label}  `])));
  }

  draw(sides) {
    const all = sides.flat();
    const time = span(all.map(row => row.stamp));
    let range = span(all.flatMap(row => this.curves.map(curve => curve.of(row))));
    if (!time || !range) return false;
    const log = this.log && range[0] > 0;
    const bent = log ? Math.log10 : value => value;
    range = range.map(bent);
    if (range[0] === range[1]) range = [range[0] - 1, range[1] + 1];
    this.x = stamp => LEFT + (stamp - time[0]) / (time[1] - time[0]) * (WIDE - LEFT - RIGHT);
    const y = value => TALL - FOOT - (bent(value) - range[0]) / (range[1] - range[0]) * (TALL - FOOT - TOP);
    const parts = [];
    for (const mark of log ? powers(range) : ticks(range, 4)) {
      const at = TALL - FOOT - (mark - range[0]) / (range[1] - range[0]) * (TALL - FOOT - TOP);
      parts.push(svg("path", { class: "grid", d: `M${LEFT} ${at}H${WIDE - RIGHT}` }), svg("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, short(log ? 10 ** mark : mark)));
    }
    for (const mark of ticks(time)) parts.push(svg("text", { x: this.x(mark), y: TALL - 6, "text-anchor": "middle" }, `${short(mark)} s`));
    sides.forEach((rows, side) => this.curves.forEach((curve, at) => {
      const path = this.path(thin(rows), curve.of, y);
      if (path) parts.push(svg("path", { class: `curve c${at % 4}`, d: path, ...(side ? { "stroke-dasharray": "5 4" } : {}) }));
    }));
    this.picture.replaceChildren(...parts);
    return true;
  }

  path(rows, of, y) {
    let text = "", open = false;
    for (const row of rows) {
      const value = of(row);
      if (!finite(value)) { open = false; continue; }
      const [px, py] = [this.x(row.stamp).toFixed(1), y(value).toFixed(1)];
      text += !open ? `M${px} ${py}` : this.stairs ? `H${px}V${py}` : `L${px} ${py}`;
      open = true;
    }
    return text;
  }

  at(rows) {
    const row = rows.find(Boolean);
    if (this.x) move(this.line, row && [this.x(row.stamp), 0]);
  }

  stampAt(event) {
    if (!this.x) return null;
    const box = this.picture.getBoundingClientRect();
    const px = (event.clientX - box.left) / box.width * WIDE;
    const [zero, one] = [this.x(0), this.x(1)];
    return (px - zero) / (one - zero);
  }
}

// The way of a vector from two sides, one metre as long across as up.
class Path {
  constructor(plot) {
    this.plot = plot;
    this.picture = svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, role: "img", "aria-label": plot.title });
    const [up, along, deep] = plot.axes;
    this.over = make("div", { class: "plot" }, this.picture);
    this.card = make("div", { class: "card" }, make("h3", {}, plot.title), this.over,
      make("div", { class: "key" }, `left: ${up} over ${along}; right: ${deep} over ${along}; ${plot.unit}, the same scale both ways${plot.origin ? `; + ${plot.origin}` : ""}`));
  }

  draw(sides) {
    const of = row => { const v = row.measures?.[this.plot.measure]; return Array.isArray(v) && v.length === 3 && v.every(finite) ? v : null; };
    const ways = sides.map(rows => thin(rows).map(of).filter(Boolean));
    const all = ways.flat();
    if (!all.length) return false;
    const parts = [];
    this.views = [[1, 0, 0], [1, 2, WIDE / 2]].map(([across, upright, left]) => {
      const spans = [across, upright].map(axis => span([...all.map(v => v[axis]), ...(this.plot.origin ? [0] : [])]));
      const room = [WIDE / 2 - 24, TALL - 24];
      const scale = Math.min(room[0] / (spans[0][1] - spans[0][0]), room[1] / (spans[1][1] - spans[1][0]));
      const middle = spans.map(([low, high]) => (low + high) / 2);
      const place = v => [left + WIDE / 4 + (v[across] - middle[0]) * scale, TALL / 2 - (v[upright] - middle[1]) * scale];
      ways.forEach((way, side) => parts.push(svg("path", { class: `curve c${side}`, d: way.map((v, at) => `${at ? "L" : "M"}${place(v).map(n => n.toFixed(1)).join(" ")}`).join("") })));
      if (this.plot.origin) { const [x, y] = place([0, 0, 0]); parts.push(svg("path", { class: "curve c3", d: `M${x - 6} ${y}h12M${x} ${y - 6}v12` })); }
      const bar = 10 ** Math.floor(Math.log10(room[0] / scale / 2)) || 1;
      parts.push(svg("path", { class: "grid", d: `M${left + 12} ${TALL - 10}h${bar * scale}` }), svg("text", { x: left + 12, y: TALL - 14 }, `${short(bar)} ${this.plot.unit}`));
      return place;
    });
    this.dots = this.views.map(() => sides.map((_, side) => make("div", { class: `dot c${side}`, hidden: true })));
    this.picture.replaceChildren(...parts);
    this.over.replaceChildren(this.picture, ...this.dots.flat());
    this.of = of;
    return true;
  }

  at(rows) {
    this.views?.forEach((place, view) => rows.forEach((row, side) => {
      const vector = row && this.of(row);
      if (this.dots[view][side]) move(this.dots[view][side], vector && place(vector));
    }));
  }
}

export class Board {
  // holder: where the plots go; seek: is given a world time, s, when somebody points at one.
  constructor(holder, spec, seek) {
    this.holder = holder;
    this.shown = spec.plots.map(plot => plot.kind === "path" ? new Path(plot) : new OverTime(plot.title, plot.unit,
      plot.curves.map(curve => ({ label: curve.label || curve.measure, of: row => row.measures?.[curve.measure] })), { log: plot.log }));
    this.shown.push(new OverTime("Think time", "ms", [{ label: "think", of: row => row.think }]));
    for (const plot of this.shown) this.follow(plot, seek);
    this.commands = null;
    this.seek = seek;
  }

  follow(plot, seek) {
    if (!plot.stampAt) return;
    const point = event => { const stamp = plot.stampAt(event); if (stamp != null) seek(stamp); };
    plot.picture.addEventListener("pointerdown", event => { plot.picture.setPointerCapture(event.pointerId); point(event); });
    plot.picture.addEventListener("pointermove", event => { if (event.buttons) point(event); });
  }

  draw(sides) {
    if (!this.commands) {
      const names = [...new Set(sides.flat().flatMap(row => Object.keys(row.command ?? {})))].slice(0, 12);
      if (names.length) {
        this.commands = new OverTime("Commands applied", "", names.map(name => ({ label: name, of: row => row.command?.[name] })), { stairs: true });
        this.follow(this.commands, this.seek);
        this.shown.splice(-1, 0, this.commands);
      }
    }
    const cards = this.shown.filter(plot => plot.draw(sides)).map(plot => plot.card);
    if (cards.length !== this.holder.children.length) this.holder.replaceChildren(...cards);
  }

  at(rows) { for (const plot of this.shown) plot.at(rows); }
}
