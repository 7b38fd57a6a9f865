// Draws the trend of one analyte with its reference band. The table below holds the same values.
(() => {
  const holder = document.getElementById("trend");
  if (!holder) return;
  const data = JSON.parse(document.getElementById("trend-data").textContent);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const vi = document.documentElement.lang === "vi";
  const zone = "Asia/Ho_Chi_Minh";
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "2-digit", month: "2-digit" });
  const hour = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const lower = data.lower || [];
  const write = (value) => (vi ? String(value).replace(".", ",") : String(value));
  const span = data.times[data.times.length - 1] - data.times[0];
  const band = (chart) => {
    const { ctx, bbox } = chart;
    if (data.low == null && data.high == null) return;
    const top = data.high == null ? bbox.top : Math.max(bbox.top, chart.valToPos(data.high, "y", true));
    const bottom = data.low == null ? bbox.top + bbox.height : Math.min(bbox.top + bbox.height, chart.valToPos(data.low, "y", true));
    ctx.save();
    ctx.fillStyle = colour("--band");
    ctx.fillRect(bbox.left, top, bbox.width, Math.max(0, bottom - top));
    ctx.restore();
  };
  // Values outside their range carry their number, so that nobody needs a pointer to read what matters.
  const labels = (chart) => {
    const { ctx } = chart, scale = devicePixelRatio || 1;
    ctx.save();
    ctx.font = `600 ${12 * scale}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    data.values.forEach((value, index) => {
      if (!data.flags[index]) return;
      ctx.fillStyle = colour(data.flags[index] === 2 ? "--danger" : "--warn");
      const x = chart.valToPos(data.times[index], "x", true), y = chart.valToPos(value, "y", true);
      ctx.beginPath();
      ctx.arc(x, y, 5 * scale, 0, 2 * Math.PI);
      ctx.fill();
      ctx.fillText(write(value), x, y - 10 * scale);
    });
    ctx.restore();
  };
  const reach = () => {
    const all = data.values.concat(lower, [data.low, data.high]).filter((each) => each != null);
    const low = Math.min(...all), high = Math.max(...all), room = (high - low || Math.abs(high) || 1) * 0.15;
    return [low - room, high + room];
  };
  // Drugs lie beneath as bars on the same axis; a drug whose end is not told runs to the edge.
  const shelf = document.getElementById("trend-drugs");
  const drugs = () => {
    if (!shelf || !data.drugs.length) return;
    const left = chart.bbox.left / devicePixelRatio, width = chart.bbox.width / devicePixelRatio;
    const { min, max } = chart.scales.x;
    const rows = data.drugs.filter((each) => each[1] <= max && (each[2] ?? max) >= min).map(([name, from, until]) => {
      const row = document.createElement("li"), bar = document.createElement("i"), words = document.createElement("b");
      const x = Math.max(0, chart.valToPos(Math.max(from, min), "x")), end = chart.valToPos(Math.min(until ?? max, max), "x");
      bar.style.left = left + x + "px";
      bar.style.width = Math.max(3, Math.min(end, width) - x) + "px";
      words.style.left = left + Math.min(x, width - 120) + 4 + "px";
      words.textContent = name;
      row.append(bar, words);
      return row;
    });
    shelf.replaceChildren(...rows.slice(0, 12));
    shelf.hidden = !rows.length;
  };
  const axis = () => ({ stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } });
  const line = (name) => ({ stroke: colour(name), width: 2, points: { show: true, size: 7, fill: colour("--card") } });
  const options = () => ({
    width: holder.clientWidth, height: 300,
    legend: { show: false },
    cursor: { points: { size: 9 } },
    scales: { x: { time: true, range: (chart, low, high) => [low - Math.max(span * 0.03, 3600), high + Math.max(span * 0.03, 3600)] }, y: { range: reach } },
    axes: [
      { ...axis(), ...(span > 2 * 86400 ? { incrs: [1, 2, 5, 7, 14, 30, 60, 180, 365].map((days) => days * 86400) } : {}), values: (chart, ticks) => ticks.map((each) => (span > 2 * 86400 ? day : hour).format(each * 1000)) },
      { ...axis(), size: 60, values: (chart, ticks) => ticks.map((each) => write(Math.round(each * 1000) / 1000)) },
    ],
    series: [{}, line("--accent"), ...(lower.length ? [line("--soft")] : [])],
    hooks: { drawClear: [band], draw: [labels] },
  });
  const drawn = () => new uPlot(options(), [data.times, data.values, ...(lower.length ? [lower] : [])], holder);
  let chart = drawn();
  drugs();
  addEventListener("resize", () => { chart.setSize({ width: holder.clientWidth, height: 300 }); drugs(); });
  // A point opens its row below.
  holder.addEventListener("click", () => {
    const id = data.ids && data.ids[chart.cursor.idx];
    if (id && document.getElementById("v-" + id)) location.hash = "v-" + id;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { chart.destroy(); chart = drawn(); });
})();
