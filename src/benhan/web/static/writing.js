// What helps who writes on a paper: phrases by a short name, values that are known, abbreviations told, voice, undo.
const sheet = document.getElementById("paper");
if (sheet && sheet.dataset.draft) {
  const words = sheet.dataset;
  const changed = (input) => input.dispatchEvent(new Event("input", { bubbles: true }));
  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button"; made.className = "quiet"; made.textContent = text;
    made.addEventListener("click", act);
    return made;
  };

  // Undo of what was not typed: a value taken, a word replaced. What is typed has the browser's own.
  const undone = [], undo = document.getElementById("undo");
  const remember = (back) => { undone.push(back); undo.hidden = false; };
  undo.addEventListener("click", () => { undone.pop()?.(); undo.hidden = !undone.length; });

  // The box that was written in last is where a phrase or a voice goes.
  const isText = (box) => box && box.matches && box.matches("textarea, input[data-kind=text]");
  let last = null;
  document.addEventListener("focusin", (event) => { if (isText(event.target)) last = event.target; });
  const insert = (box, start, end, text) => {
    box.focus();
    box.setSelectionRange(start, end);
    const line = box.tagName === "INPUT" ? text.replace(/\n/g, " ") : text;
    if (!document.execCommand("insertText", false, line)) { box.setRangeText(line, start, end, "end"); changed(box); }
  };

  // Phrases: /short and a space, Tab or Enter. Letters may come with accents: keyboards for Vietnamese put them there.
  const phrases = new Map(JSON.parse(document.getElementById("phrases").textContent));
  const folded = (text) => text.toLowerCase().replace(/đ/g, "d").normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (event.isComposing || ![" ", "Tab", "Enter"].includes(event.key) || !isText(box)) return;
    const found = /(^|\s)\/([\p{L}\p{M}0-9-]{2,24})$/u.exec(box.value.slice(0, box.selectionStart));
    const text = found && phrases.get(folded(found[2]));
    if (!text) return;
    event.preventDefault();
    insert(box, box.selectionStart - found[2].length - 1, box.selectionStart, text);
  });
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-phrase]");
    if (!chosen) return;
    const box = last || sheet.querySelector("textarea");
    if (box) insert(box, box.selectionStart, box.selectionEnd, phrases.get(chosen.dataset.phrase));
    chosen.closest("details").open = false;
  });

  // Values that are known: taken with their source, or refused.
  const field = (name) => { const found = sheet.elements[name]; return found instanceof RadioNodeList ? null : found; };
  const hidden = (name, value) => {
    const made = document.createElement("input");
    made.type = "hidden"; made.name = name; made.value = value;
    return made;
  };
  const release = (name) => {
    sheet.elements["source:" + name]?.remove();
    sheet.querySelector(`[data-taken="${CSS.escape(name)}"]`)?.remove();
  };
  const put = (input, value) => { if (input.type === "checkbox") input.checked = value === "1"; else input.value = value; };
  const now = (input) => (input.type === "checkbox" ? (input.checked ? "1" : "") : input.value);
  const refused = new Set([...sheet.querySelectorAll("[name=refused]")].map((each) => each.value));
  const offer = (told) => {
    const input = field(told.field), key = told.field + " " + told.reference, from = told.by || words.record;
    if (!input || refused.has(key)) return;
    const row = document.createElement("p"), value = document.createElement("b"), by = document.createElement("small");
    row.className = "offer"; value.textContent = told.text; by.textContent = " " + from + " ";
    const take = () => {
      const before = now(input), taken = document.createElement("p");
      release(told.field);
      put(input, told.value);
      taken.className = "taken"; taken.dataset.taken = told.field; taken.textContent = words.from + " " + from;
      row.after(hidden("source:" + told.field, told.reference), taken);
      row.hidden = true;
      changed(input);
      remember(() => { release(told.field); put(input, before); row.hidden = false; changed(input); });
      input.focus();
    };
    const refuse = () => {
      const mark = hidden("refused", key);
      row.hidden = true;
      sheet.append(mark);
      changed(input);
      remember(() => { mark.remove(); row.hidden = false; changed(input); });
    };
    row.append(value, by, button(words.take, take), button(words.refuse, refuse));
    (input.closest(".field, .wide-field, td") || input).append(row);
  };
  fetch(words.offers, { credentials: "same-origin" })
    .then((answer) => (answer.ok ? answer.json() : []))
    .then((told) => told.forEach(offer))
    .catch(() => {});  // without a network nothing is offered; what is typed is kept as ever
  sheet.addEventListener("input", (event) => { if (event.isTrusted && event.target.name) release(event.target.name); });

  // Abbreviations that may not stand there, after each draft that was kept.
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const told = (place, shorts) => {
    const input = field(place.id.slice("shorts-".length));
    place.replaceChildren(...shorts.map((each) => {
      const one = document.createElement("span"), short = document.createElement("b");
      short.textContent = each.short;
      one.append(words.short + " ", short);
      if (each.meaning) one.append(" → " + each.meaning + " ", button(words.replace, () => {
        const before = input.value;
        input.value = before.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped(each.short)}(?![\\p{L}\\p{N}])`, "gu"), each.meaning);
        changed(input);
        one.remove();
        remember(() => { input.value = before; changed(input); });
      }));
      return one;
    }));
    place.hidden = !shorts.length;
  };
  sheet.addEventListener("kept", (event) => {
    for (const place of sheet.querySelectorAll(".shorts")) told(place, event.detail.shorts[place.id.slice("shorts-".length)] || []);
  });

  // Voice, where the hospital lets the browser listen and the browser can.
  const voice = document.getElementById("voice"), Listener = window.SpeechRecognition || window.webkitSpeechRecognition;
  if (voice && Listener) {
    let listener = null;
    voice.hidden = false;
    const stop = () => { listener?.stop(); listener = null; voice.setAttribute("aria-pressed", "false"); };
    voice.addEventListener("click", () => {
      if (listener) { stop(); return; }
      listener = new Listener();
      listener.lang = "vi-VN"; listener.continuous = true;
      listener.onresult = (event) => {
        const box = last || sheet.querySelector("textarea"), said = event.results[event.results.length - 1][0].transcript.trim();
        insert(box, box.selectionEnd, box.selectionEnd, (box.value && !/\s$/.test(box.value) ? " " : "") + said);
      };
      listener.onend = listener.onerror = stop;
      listener.start();
      voice.setAttribute("aria-pressed", "true");
      document.getElementById("kept").textContent = words.listening;
    });
  }
}
