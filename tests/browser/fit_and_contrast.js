() => {
  const told = [], name = (each) => each.tagName + "." + each.className + " " + (each.innerText || each.value || "").slice(0, 40);
  if (document.documentElement.scrollWidth > innerWidth + 1) {
    const wide = [...document.querySelectorAll("main *")].filter((each) => !each.closest(".scroll, .tabs, .side")
      && each.getBoundingClientRect().right > innerWidth + 1);
    told.push("wider than the window: " + (wide.length ? name(wide[0]) : document.documentElement.scrollWidth));
  }
  const parts = (text) => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((each) => (each /= 255, each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (each) => {
    const layers = [];
    for (let at = each; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
      if (r === undefined || a === 0) continue;
      layers.push([r, g, b, a]);
      if (a === 1) break;
    }
    return layers.reverse().reduce((under, [r, g, b, a]) => [r, g, b].map((each, index) => each * a + under[index] * (1 - a)), [255, 255, 255]);
  };
  const seen = new Set();
  for (const each of document.querySelectorAll("body *")) {
    const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || each.closest("svg, canvas, [disabled], [hidden], .skip, option") || !each.checkVisibility()) continue;
    const style = getComputedStyle(each), size = parseFloat(style.fontSize), isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const [one, other] = [light(parts(style.color)), light(ground(each))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const key = "contrast " + ratio.toFixed(2) + " " + style.color + " " + each.tagName + "." + each.className;
    if (ratio < (isLarge ? 3 : 4.5) && !seen.has(key)) { seen.add(key); told.push(key + " " + name(each)); }
  }
  for (const each of document.querySelectorAll("button, input:not([type=hidden]):not([type=file]), select, textarea, nav a")) {
    const box = each.getBoundingClientRect();
    if (each.checkVisibility() && box.width && (box.height < 24 && each.type !== "checkbox" || box.width < 20 || box.height < 20)) told.push("small " + box.width.toFixed() + "x" + box.height.toFixed() + " " + name(each));
  }
  return told;
}
