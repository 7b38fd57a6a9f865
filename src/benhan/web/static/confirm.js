// A handwritten stroke: its line alone is kept, on a grid of 1000 by 1000, without pressure and speed.
const board = document.getElementById("stroke");
if (board) {
  const form = document.getElementById("confirm");
  const pen = board.getContext("2d");
  const lines = [];
  let line = null;
  const point = (event) => {
    const box = board.getBoundingClientRect();
    const on = (value, whole) => Math.max(0, Math.min(1000, Math.round((value / whole) * 1000)));
    return [on(event.clientX - box.left, box.width), on(event.clientY - box.top, box.height)];
  };
  const draw = () => {
    pen.clearRect(0, 0, board.width, board.height);
    pen.lineWidth = 3; pen.lineCap = "round"; pen.lineJoin = "round";
    pen.strokeStyle = getComputedStyle(board).color;
    for (const each of lines) {
      pen.beginPath();
      each.forEach(([x, y], n) => pen[n ? "lineTo" : "moveTo"]((x / 1000) * board.width, (y / 1000) * board.height));
      pen.stroke();
    }
  };
  board.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    board.setPointerCapture(event.pointerId);
    form.querySelector("[name=method][value=stroke]").checked = true;
    line = [point(event)];
    lines.push(line);
  });
  board.addEventListener("pointermove", (event) => {
    if (!line) return;
    const next = point(event);
    const last = line[line.length - 1];
    if (next[0] !== last[0] || next[1] !== last[1]) { line.push(next); draw(); }
  });
  for (const end of ["pointerup", "pointercancel"]) board.addEventListener(end, () => { line = null; });
  form.querySelector("[data-clear]").addEventListener("click", () => { lines.length = 0; draw(); });
  form.addEventListener("submit", () => {
    form.elements.stroke.value = JSON.stringify(lines);
    form.elements.screen.value = `${screen.width}x${screen.height}`;
  });
}
