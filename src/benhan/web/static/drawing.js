// Places to draw on: over the printed outline, or a picture that is chosen. What is drawn goes with the paper's form.
const SIDE_MAX = 1200, LINE = 4;
for (const place of document.querySelectorAll("[data-draw]")) {
  const canvas = place.querySelector("canvas"), ink = canvas.getContext("2d"), kept = place.querySelector("input[type=hidden]");
  const strokes = [];
  let ground = null, pen = "#c1121f", stroke = null, isPhoto = false;

  const paint = () => {
    ink.fillStyle = "#fff";
    ink.fillRect(0, 0, canvas.width, canvas.height);
    if (ground) {
      const scale = Math.min(canvas.width / ground.width, canvas.height / ground.height);
      const width = ground.width * scale, height = ground.height * scale;
      ink.drawImage(ground, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
    }
    ink.lineWidth = LINE; ink.lineCap = ink.lineJoin = "round";
    for (const each of strokes) {
      ink.strokeStyle = each.pen;
      ink.beginPath();
      each.points.forEach(([x, y], index) => (index ? ink.lineTo(x, y) : ink.moveTo(x, y)));
      if (each.points.length === 1) ink.lineTo(each.points[0][0] + 0.1, each.points[0][1]);
      ink.stroke();
    }
  };
  const keep = () => {
    kept.value = canvas.toDataURL(isPhoto ? "image/jpeg" : "image/png", 0.8);
    kept.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const bitmap = async (blob) => { ground = await createImageBitmap(blob); };
  const outline = () => new Promise((done) => {
    ground = null;
    if (!place.dataset.outline) { done(); return; }
    const image = new Image();
    image.onload = () => { ground = image; done(); };
    image.onerror = () => done();
    image.src = place.dataset.outline;
  });
  const begin = async () => {
    if (kept.value.startsWith("data:")) {
      const [head, text] = kept.value.split(",");
      isPhoto = head.includes("jpeg");
      await bitmap(new Blob([Uint8Array.from(atob(text), (each) => each.charCodeAt(0))], { type: isPhoto ? "image/jpeg" : "image/png" }));
    } else if (place.dataset.saved && kept.value !== "none") {
      const answer = await fetch(place.dataset.saved, { credentials: "same-origin" });
      if (answer.ok) await bitmap(await answer.blob());
    } else await outline();
    paint();
  };

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * canvas.width, (event.clientY - box.top) / box.height * canvas.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    stroke = { pen, points: [at(event)] };
    strokes.push(stroke);
    paint();
  });
  canvas.addEventListener("pointermove", (event) => { if (stroke) { stroke.points.push(at(event)); paint(); } });
  const end = () => { if (stroke) { stroke = null; keep(); } };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  place.addEventListener("click", async (event) => {
    const chosen = event.target.closest("button");
    if (!chosen) return;
    if (chosen.dataset.pen) {
      pen = chosen.dataset.pen;
      for (const each of place.querySelectorAll("[data-pen]")) each.setAttribute("aria-pressed", String(each === chosen));
    } else if ("back" in chosen.dataset && strokes.pop()) { paint(); keep(); }
    else if ("clear" in chosen.dataset) {
      strokes.length = 0; isPhoto = false;
      await outline();
      paint();
      kept.value = "none";
      kept.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  place.querySelector("input[type=file]").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    await bitmap(file);
    const scale = Math.min(1, SIDE_MAX / Math.max(ground.width, ground.height));
    canvas.width = Math.round(ground.width * scale); canvas.height = Math.round(ground.height * scale);
    strokes.length = 0; isPhoto = true;
    paint();
    keep();
  });
  begin();
}
