// Pictures of studies: thumbnails, and a viewer with window and level, frames and zoom. One request brings all frames.
const viewer = document.getElementById("viewer"), screen_ = viewer.querySelector("canvas"), told = document.getElementById("viewer-told");
const known = new Map();

const bring = (address) => {
  if (!known.has(address)) known.set(address, fetch(address, { credentials: "same-origin" }).then(async (answer) => {
    if (!answer.ok) throw new Error(String(answer.status));
    const body = await answer.arrayBuffer(), size = new DataView(body).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, size)));
    let at = 4 + size;
    const frames = head.sizes.map((each) => { const frame = body.slice(at, at + each); at += each; return frame; });
    return { head, frames };
  }));
  return known.get(address);
};

const values = ({ head, frames }, number) => {
  const Kind = head.bits === 16 ? (head.is_signed ? Int16Array : Uint16Array) : (head.is_signed ? Int8Array : Uint8Array);
  return new Kind(frames[number]);
};
// The window that the sender names, else from the least to the most that is there.
const window_ = (picture) => {
  const { head } = picture;
  if (head.kind !== "grey" || head.width > 0) return [head.centre || 0, head.width || 1];
  let least = Infinity, most = -Infinity;
  for (const each of values(picture, 0)) { if (each < least) least = each; if (each > most) most = each; }
  least = least * head.slope + head.intercept; most = most * head.slope + head.intercept;
  return [(least + most) / 2, Math.max(1, most - least)];
};
const drawn = async (picture, number, [centre, width], isInverted) => {
  const { head } = picture;
  if (head.kind === "jpeg") return createImageBitmap(new Blob([picture.frames[number]]));
  const image = new ImageData(head.columns, head.rows), out = image.data;
  if (head.kind === "colour") {
    const from = new Uint8Array(picture.frames[number]);
    for (let at = 0, to = 0; at < from.length; at += 3, to += 4) {
      out[to] = from[at]; out[to + 1] = from[at + 1]; out[to + 2] = from[at + 2]; out[to + 3] = 255;
    }
  } else {
    const from = values(picture, number), low = centre - width / 2, scale = 255 / width, turn = head.is_inverted !== isInverted;
    for (let at = 0; at < from.length; at++) {
      const grey = Math.max(0, Math.min(255, (from[at] * head.slope + head.intercept - low) * scale));
      out[4 * at] = out[4 * at + 1] = out[4 * at + 2] = turn ? 255 - grey : grey;
      out[4 * at + 3] = 255;
    }
  }
  return createImageBitmap(image);
};
const onto = (canvas, bitmap, zoom = 1) => {
  const ink = canvas.getContext("2d"), scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height) * zoom;
  const width = bitmap.width * scale, height = bitmap.height * scale;
  ink.fillStyle = "#000";
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
};

let shown = null;
const paint = async () => {
  if (!shown) return;
  const state = shown, { head } = state.picture;
  onto(screen_, await drawn(state.picture, state.frame, state.window, state.isInverted), state.zoom);
  const parts = [head.frames > 1 ? `${state.frame + 1}/${head.frames}` : "", head.kind === "grey" ? `C ${Math.round(state.window[0])} W ${Math.round(state.window[1])}` : ""];
  told.textContent = parts.filter(Boolean).join(" · ");
};
const change = (act) => { if (shown) { act(shown); paint(); } };
const step = (by) => change((one) => { one.frame = Math.max(0, Math.min(one.picture.head.frames - 1, one.frame + by)); });
const widen = (x, y) => change((one) => {
  const speed = Math.max(1, one.first[1] / 256);
  one.window = [one.window[0] + y * speed, Math.max(1, one.window[1] + x * speed)];
});
const zoom = (by) => change((one) => { one.zoom = Math.max(0.5, Math.min(8, one.zoom * by)); });
const reset = () => change((one) => { one.window = [...one.first]; one.zoom = 1; one.isInverted = false; });

for (const button of document.querySelectorAll("[data-picture]")) {
  const canvas = button.querySelector("canvas");
  bring(button.dataset.picture)
    .then(async (picture) => onto(canvas, await drawn(picture, 0, window_(picture), false)))
    .catch(() => { button.querySelector("small").textContent = viewer.dataset.broken; button.disabled = true; });
  button.addEventListener("click", async () => {
    const picture = await bring(button.dataset.picture), first = window_(picture);
    screen_.width = 1024; screen_.height = 1024;
    shown = { picture, frame: 0, first, window: [...first], zoom: 1, isInverted: false };
    document.getElementById("viewer-title").textContent = button.dataset.title;
    viewer.showModal();
    screen_.focus();
    paint();
  });
}
viewer.addEventListener("close", () => { shown = null; });
viewer.addEventListener("click", (event) => {
  const chosen = event.target.closest("button");
  if (!chosen) return;
  if ("close" in chosen.dataset) viewer.close();
  else if ("reset" in chosen.dataset) reset();
  else if ("invert" in chosen.dataset) change((one) => { one.isInverted = !one.isInverted; });
});
viewer.addEventListener("keydown", (event) => {
  const acts = {
    ArrowLeft: () => widen(-8, 0), ArrowRight: () => widen(8, 0), ArrowUp: () => widen(0, -8), ArrowDown: () => widen(0, 8),
    PageUp: () => step(-1), PageDown: () => step(1), "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8),
    i: () => change((one) => { one.isInverted = !one.isInverted; }), r: reset,
  };
  const act = acts[event.key] || acts[event.key.toLowerCase()];
  if (act) { event.preventDefault(); act(); }
});
let grip = null;
screen_.addEventListener("pointerdown", (event) => { grip = [event.clientX, event.clientY]; screen_.setPointerCapture(event.pointerId); });
screen_.addEventListener("pointermove", (event) => {
  if (!grip) return;
  widen(event.clientX - grip[0], event.clientY - grip[1]);
  grip = [event.clientX, event.clientY];
});
for (const end of ["pointerup", "pointercancel"]) screen_.addEventListener(end, () => { grip = null; });
screen_.addEventListener("wheel", (event) => { event.preventDefault(); step(Math.sign(event.deltaY)); }, { passive: false });
