// The tags of one run: typed and added, taken off by their button.
import { $, act, make } from "./base.js";

const form = $("tags"), field = form.tag;

async function change(order) {
  const answer = await act(`/tag/${form.dataset.name}`, order);
  form.querySelector("output").textContent = answer.ok ? "" : answer.said;
  if (!answer.ok) return;
  for (const old of form.querySelectorAll(".tag")) old.remove();
  field.before(...answer.tags.map(tag => make("span", { class: "tag" }, tag, make("button", { type: "button", value: tag, "aria-label": `take ${tag} off` }, "×"))));
  if (order.add) field.value = "";
}

form.addEventListener("submit", event => { event.preventDefault(); if (field.value.trim()) change({ add: field.value.trim() }); });
form.addEventListener("click", event => { const button = event.target.closest("button"); if (button) change({ remove: button.value }); });
