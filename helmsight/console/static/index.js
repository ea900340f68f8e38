// The index: what is typed is looked for at once; two chosen runs are compared.
import { $ } from "./base.js";

const form = document.querySelector(".find"), body = document.querySelector("#runs tbody"), pick = $("pick");
let waits = 0;

async function find() {
  const asked = new URLSearchParams(new FormData(form));
  history.replaceState(null, "", `/?${asked}`);
  const answer = await fetch(`/?${asked}&part=1`);
  if (!answer.ok) return;
  const chosen = new Set(marked().map(box => box.value));
  body.innerHTML = await answer.text(); // rows of ours, every text in them escaped by the server
  for (const box of body.querySelectorAll("input")) box.checked = chosen.has(box.value);
  $("count").textContent = body.querySelector("tr")?.dataset.found ?? "";
  choose();
}

const marked = () => [...body.querySelectorAll("input:checked")];
function choose() { $("compare").disabled = marked().length !== 2; }

form.addEventListener("input", () => { clearTimeout(waits); waits = setTimeout(find, 120); });
form.addEventListener("submit", event => { event.preventDefault(); find(); });
body.addEventListener("change", choose);
pick.addEventListener("submit", event => {
  event.preventDefault();
  const [a, b] = marked().map(box => box.value);
  location.href = `/compare?${new URLSearchParams({ a, b })}`;
});
addEventListener("keydown", event => {
  if (event.key === "/" && !event.target.closest("input")) { event.preventDefault(); form.q.focus(); }
});
setInterval(() => { if (!document.hidden && body.querySelector(".live")) find(); }, 3000);
choose();
