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
