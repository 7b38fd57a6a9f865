// Draws the trend of one analyte with its reference band. The table below holds the same values.
(() => {
  const holder = document.getElementById("trend");
  const data = JSON.parse(document.getElementById("trend-data").textContent);
  if (!holder || data.times.length === 0) { if (holder) holder.remove(); return; }
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const vi = document.documentElement.lang === "vi";
  const zone = "Asia/Ho_Chi_Minh";
  const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "2-digit", month: "2-digit" });
  const hour = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const write = (value) => value == null ? "" : (vi ? String(value).replace(".", ",") : String(value));
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
  const reach = () => {
    const all = data.values.concat([data.low, data.high].filter((each) => each != null));
    const low = Math.min(...all), high = Math.max(...all), room = (high - low || Math.abs(high) || 1) * 0.12;
    return [low - room, high + room];
  };
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
  const options = () => ({
    width: holder.clientWidth, height: 300,
    legend: { show: false },
    cursor: { points: { size: 9 } },
    scales: { x: { time: true, range: (chart, low, high) => [low - Math.max(span * 0.03, 3600), high + Math.max(span * 0.03, 3600)] }, y: { range: reach } },
    axes: [
      { ...axis, values: (chart, ticks) => ticks.map((each) => (span > 2 * 86400 ? day : hour).format(each * 1000)) },
      { ...axis, size: 60, values: (chart, ticks) => ticks.map((each) => write(Math.round(each * 1000) / 1000)) },
    ],
    series: [{}, { stroke: colour("--accent"), width: 2, points: { show: true, size: 7, fill: colour("--card") } }],
    hooks: { drawClear: [band] },
  });
  let chart = new uPlot(options(), [data.times, data.values], holder);
  addEventListener("resize", () => chart.setSize({ width: holder.clientWidth, height: 300 }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { chart.destroy(); chart = new uPlot(options(), [data.times, data.values], holder); });
})();
