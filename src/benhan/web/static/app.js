// Keyboard first: "/" goes to the search box, Escape leaves it.
document.addEventListener("keydown", (event) => {
  const box = document.querySelector("[data-slash]");
  if (!box) return;
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing) { event.preventDefault(); box.focus(); box.select(); }
  if (event.key === "Escape" && document.activeElement === box) box.blur();
});

// A demonstration account fills the form of the door.
document.addEventListener("click", (event) => {
  const use = event.target.closest("[data-login]");
  if (!use) return;
  document.getElementById("login").value = use.dataset.login;
  document.getElementById("password").value = use.dataset.password;
  document.querySelector("form button.main").focus();
});

// What refreshes by itself does so while somebody looks, and says so when the server does not answer.
const TICK_MS = 3000;
const refreshing = () => document.getElementById("flow");
if (refreshing()) {
  setInterval(() => { if (!document.hidden) htmx.trigger(refreshing(), "tick"); }, TICK_MS);
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"])
    document.addEventListener(failure, () => refreshing().classList.add("is-offline"));
}

// In a table of rows the arrows go up and down: to the same column's link or input, and in a grid left and right.
document.addEventListener("keydown", (event) => {
  const table = event.target.closest("[data-arrows]"), step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!table || !step || event.target.getAttribute("aria-expanded") === "true" || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("select, textarea")) return;
  const cell = event.target.closest("td, th"), row = cell && cell.parentElement, input = event.target.matches("input") ? event.target : null;
  if (!row || (step[1] && (!input || (input.selectionStart !== input.selectionEnd) || (step[1] < 0 ? input.selectionStart > 0 : input.selectionEnd < input.value.length)))) return;
  const rows = [...table.tBodies[0].rows], to = rows[rows.indexOf(row) + step[0]], next = to && to.cells[cell.cellIndex + step[1]];
  const there = next && next.querySelector("input:not([type=hidden]), a, button");
  if (!there) return;
  event.preventDefault();
  there.focus();
  if (there.select) there.select();
});

// On a phone the menu is one line that scrolls: where one is stands in sight.
for (const each of document.querySelectorAll(".side .here, .side [aria-current]")) {
  const line = each.parentElement;
  if (line.scrollWidth > line.clientWidth) line.scrollLeft = each.offsetLeft - (line.clientWidth - each.offsetWidth) / 2;
}
