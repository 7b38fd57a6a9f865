// A paper that is being written: what is typed is kept on the server as a draft, and in this browser while it is away.
const paper = document.getElementById("paper");
const kept = document.getElementById("kept");
const PAUSE_MS = 1500, AGAIN_MS = 5000;

function body() { return new URLSearchParams(new FormData(paper)).toString(); }
// One more row beneath the last of a table, empty.
function grow(table) {
  const last = table.rows[table.rows.length - 1], row = last.cloneNode(true), number = table.rows.length;
  for (const each of row.querySelectorAll("[name]")) {
    const parts = each.name.split(".");
    each.name = each.id = [parts[0], number, parts[2]].join(".");
    if (each.type === "checkbox") each.checked = false; else if (each.tagName !== "SELECT") each.value = "";
  }
  for (const each of row.querySelectorAll(".wrong")) each.remove();
  table.append(row);
  return row;
}
// The input of a name; one in a row that is not there yet brings its row.
function inputOf(name) {
  const [key, number, column] = name.split(".");
  const first = column && document.getElementById(`${key}.0.${column}`), table = first && first.closest("tbody");
  while (table && Number(number) < 100 && table.rows.length <= Number(number)) grow(table);
  return paper.elements[name];
}
function say(text, isOff) { kept.textContent = text; kept.classList.toggle("abnormal", Boolean(isOff)); }

if (paper && paper.dataset.draft) {
  const here = "draft:" + location.pathname;
  let timer = 0, sent = body(), busy = false, leaving = false;
  const abort = new AbortController();

  const keep = async () => {
    clearTimeout(timer);
    const now = body();
    if (now === sent || busy || leaving) return;
    busy = true;
    say(paper.dataset.keeping);
    try {
      const answer = await fetch(paper.dataset.draft, {
        method: "POST", credentials: "same-origin", keepalive: now.length < 60000,
        headers: { "content-type": "application/x-www-form-urlencoded" }, body: now, signal: abort.signal,
      });
      if (answer.redirected || answer.status === 401) { location.href = "/sign-in"; return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      sent = now;
      localStorage.removeItem(here);
      say(paper.dataset.kept + " " + told.at);
      paper.dispatchEvent(new CustomEvent("kept", { detail: told }));
    } catch {
      if (leaving) return;
      localStorage.setItem(here, JSON.stringify({ base: paper.elements.base.value, body: now }));
      say(paper.dataset.offline, true);
      timer = setTimeout(keep, AGAIN_MS);
    } finally { busy = false; }
    if (body() !== now) later();
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(keep, PAUSE_MS); };

  // What this browser kept while the server was away comes back, if it was written on the same version.
  const left = JSON.parse(localStorage.getItem(here) || "null");
  if (left && left.base === paper.elements.base.value) {
    for (const [name, value] of new URLSearchParams(left.body)) {
      const input = inputOf(name);
      if (name === "csrf" || name === "base" || !input) continue;
      if (input instanceof RadioNodeList) { for (const each of input) if (each.value === value) each.checked = true; }
      else if (input.type === "checkbox") input.checked = true;
      else input.value = value;
    }
    later();
  } else if (left) { localStorage.removeItem(here); }

  paper.addEventListener("input", later);
  paper.addEventListener("change", later);
  addEventListener("online", keep);
  addEventListener("pagehide", keep);
  paper.addEventListener("submit", (event) => {
    if (!navigator.onLine) { event.preventDefault(); keep(); return; }
    leaving = true;
    abort.abort();
    clearTimeout(timer);
    localStorage.removeItem(here);
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      paper.requestSubmit(paper.querySelector("[data-save]"));
    }
  });
  document.addEventListener("click", (event) => {
    const more = event.target.closest("[data-more]");
    if (!more) return;
    const row = grow(document.getElementById(more.dataset.more).querySelector("tbody"));
    row.querySelector("[name]").focus();
  });
}

// A code is found by its number or its words: arrows choose, Enter takes, Escape leaves.
const choices = document.getElementById("choices");
if (choices) {
  let box = null, wait = 0, asked = 0;
  const marked = () => choices.querySelector("[aria-selected=true]");
  const close = () => {
    choices.hidden = true;
    if (box) { box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); }
  };
  const mark = (option) => {
    if (marked()) marked().removeAttribute("aria-selected");
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  };
  const stand = () => {
    if (choices.hidden) return;
    const place = box.getBoundingClientRect(), height = choices.offsetHeight;
    choices.style.left = Math.max(4, Math.min(place.left, innerWidth - 340)) + "px";
    choices.style.top = (place.bottom + height > innerHeight ? Math.max(60, place.top - height) : place.bottom) + "px";
  };
  const take = (option) => {
    const told = option.querySelector("span").textContent, row = box.closest("tr");
    box.value = box.dataset.find ? told : option.dataset.code;
    const words = document.getElementById(box.dataset.of);
    if (words && !words.value.trim()) words.value = told;
    if (box.dataset.find && row) for (const part of row.querySelectorAll("[data-part]"))
      if (part.dataset.part === "code" || option.dataset[part.dataset.part]) part.value = option.dataset[part.dataset.part] || "";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    clearTimeout(wait);
    close();
  };
  const find = async () => {
    const number = ++asked, typed = box.value.trim();
    if (!typed) { close(); return; }
    const answer = await fetch(box.dataset.find || "/codes/" + encodeURIComponent(box.dataset.list), {
      method: "POST", credentials: "same-origin",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ csrf: box.form.elements.csrf.value, q: typed }).toString(),
    });
    if (!answer.ok || number !== asked || document.activeElement !== box) return;
    choices.innerHTML = await answer.text();
    choices.hidden = false;
    stand();
    box.setAttribute("aria-expanded", "true");
  };
  document.addEventListener("input", (event) => {
    if (!(event.target.dataset.list || event.target.dataset.find) || !event.isTrusted) return;
    box = event.target;
    const own = box.dataset.find && box.closest("tr").querySelector("[data-part=code]");
    if (own) own.value = "";
    clearTimeout(wait);
    wait = setTimeout(() => find().catch(close), 120);
  });
  document.addEventListener("focusin", (event) => { if (event.target.dataset.list) event.target.select(); });
  document.addEventListener("keydown", (event) => {
    if (choices.hidden || event.target !== box) return;
    const options = [...choices.querySelectorAll("[role=option]")], at = options.indexOf(marked());
    if (event.key === "ArrowDown") { event.preventDefault(); mark(options[Math.min(at + 1, options.length - 1)]); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(options[Math.max(at - 1, 0)]); }
    else if (event.key === "Enter" && options.length) { event.preventDefault(); take(marked() || options[0]); }
    else if (event.key === "Escape") close();
  });
  choices.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) { event.preventDefault(); take(option); }
  });
  document.addEventListener("focusout", (event) => { if (event.target === box) close(); });
  addEventListener("scroll", stand, { passive: true });
}
