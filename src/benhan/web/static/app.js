// Keyboard first: "/" goes to the search box, Escape leaves it.
document.addEventListener("keydown", (event) => {
  const box = document.querySelector("[data-slash]");
  if (!box) return;
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing) { event.preventDefault(); box.focus(); box.select(); }
  if (event.key === "Escape" && document.activeElement === box) box.blur();
});
