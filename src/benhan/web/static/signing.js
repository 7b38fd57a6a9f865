// The tray: one tick for all, and how many are ticked beside the button.
const tray = document.getElementById("tray");
if (tray) {
  const all = tray.querySelector("[data-all]");
  const boxes = [...tray.querySelectorAll("input[name=paper]")];
  const button = tray.querySelector("[data-sign]");
  const plain = button.textContent;
  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    button.textContent = ticked ? tray.dataset.count.replace("{n}", ticked) : plain;
  };
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; count(); });
  tray.addEventListener("change", count);
  // A PIN does not come back with the page that the browser keeps.
  tray.addEventListener("submit", () => setTimeout(() => { tray.querySelector("#pin").value = ""; }, 0));
  count();
}
