// Begins a flight and goes to its page.
import { $, act } from "./base.js";

$("begin").addEventListener("submit", async event => {
  event.preventDefault();
  const form = event.target, asked = Object.fromEntries(new FormData(form));
  const button = form.querySelector("button");
  button.disabled = true;
  $("said").textContent = "it begins: a model may take a while to load";
  const order = { scenario: asked.scenario, pilot: asked.pilot, time: asked.time, seed: Number(asked.seed || 0), approve: form.approve.checked };
  if (asked.steps) order.steps = Number(asked.steps);
  const answer = await act("/start", order);
  button.disabled = false;
  $("said").textContent = answer.said;
  if (answer.ok) location.href = answer.address;
});
