// What every page uses. Text of others becomes text nodes only.

export const $ = id => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(child => child != null));
  return element;
}

export async function read(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error((await answer.text()).replace(/<[^>]*>/g, " ").trim().slice(0, 300));
  return answer.json();
}

// The state in which this page would show its run now; none where the console does not answer.
export async function stateNow() {
  const page = await fetch(location.pathname).then(answer => answer.text()).catch(() => "");
  return page.match(/ data-state="([^"]*)"/)?.[1];
}

export function tell(words, where = $("problem")) {
  where.textContent = words;
  where.hidden = !words;
}

export const fixed = (value, digits = 1) =>
  typeof value === "number" ? value.toFixed(digits) : typeof value === "boolean" ? (value ? "yes" : "no") : "-";

// Words of one step, for the panel beside its picture.
export function details(row, spec, before) {
  if (!row) return [];
  if (row.broken) return [make("p", { class: "problem" }, `This step cannot be shown: ${row.broken}`)];
  const list = make("dl");
  const say = (name, value, kind = "") => {
    if (value == null || value === "" || value.length === 0) return;
    list.append(make("dt", {}, name), make("dd", { class: kind }, Array.isArray(value) ? value.join("\n") : String(value)));
  };
  say("step", `${row.index} at T+${fixed(row.stamp)} s`);
  for (const { name, heading, digits } of spec.live) say(heading, fixed(row.measures?.[name], digits));
  say("wanted", row.wanted);
  say("applied", row.applied);
  say("people", row.people, "warn");
  say("held back, mended", row.marks, "warn");
  say("relations shown", row.relations);
  say("told before", before?.marks);
  say("grounding", row.grounding && Object.entries(row.grounding).map(pair => pair.join(" ")).join(", "));
  say("thought", `${fixed(row.think, 0)} ms${row.lag ? `, ${fixed(row.lag, 2)} s of world time` : ""}${row.late ? ", too late" : ""}`);
  say("asked", row.asked);
  const answer = row.raw ? [make("h2", {}, "Answer"), make("pre", {}, row.raw)] : [];
  return [list, ...answer];
}

let key = document.querySelector("meta[name=key]").content;

// Sends an action; an answer that does not come is asked for again under the same number, so that
// nothing is done twice.
export async function act(address, order) {
  const body = JSON.stringify({ id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, ...order });
  for (let left = 3; ; left -= 1) {
    try {
      const answer = await fetch(address, {
        method: "POST", body, headers: { "content-type": "application/json", "x-helmsight-key": key },
      });
      if (answer.status === 403 && left > 0 && (await renew())) continue;
      const text = await answer.text();
      if (!answer.ok && answer.headers.get("content-type") !== "application/json")
        return { ok: false, said: text.trim() };
      return JSON.parse(text);
    } catch (error) {
      if (left <= 0) return { ok: false, said: "the console does not answer; nothing is known of this action" };
      await new Promise(done => setTimeout(done, 300));
    }
  }
}

// A console that was started anew has another key: this page, read again, holds it.
async function renew() {
  const answer = await fetch("/");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector("meta[name=key]")?.content;
  const changed = Boolean(found) && found !== key;
  key = found ?? key;
  return changed;
}

// Keys that are not meant for a field of a form.
export function keys(table) {
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=range]), select, textarea, dialog")) return;
    const work = table[event.key];
    if (!work || (event.key === " " && event.target.closest("button, a"))) return;
    event.preventDefault();
    work(event);
  });
}
