// Samples: a list with facets and full-text search, and one sample to read.

function samplesPart(data, place) {
  const body = document.getElementById("samples-body");
  const STEP = 100;
  const all = data.rows;
  let wanted = {};       // facet -> value; "measure NAME" -> "1 to 2"; q -> words
  let found = all;
  let shown = STEP;
  let current = null;
  let passage = -1;

  if (!body) return { filter() {}, open: () => false };

  const plain = (pieces) => (pieces || []).map((one) => typeof one === "string" ? one : one.s || "").join("");
  const haystack = all.map((row) => null);
  const text = (at) => haystack[at] ??= [all[at].id, plain(all[at].question), plain(all[at].text), all[at].answer, all[at].reference]
    .join("\n").toLowerCase();

  function has(row, name, value) {
    if (name === "id") return row.id === value;
    if (name.startsWith("measure ")) {
      const measured = row.measures[name.slice(8)];
      const [low, high] = value.split(" to ").map(Number);
      return typeof measured === "number" && low <= measured && measured < high;
    }
    const own = row.facets[name];
    if (own === undefined) return String(row.measures[name]) === value;
    return Array.isArray(own) ? own.includes(value) : own === value;
  }

  const known = (name) => name === "id" || name === "q" || name.startsWith("measure ") ||
    all.some((row) => name in row.facets || name in row.measures);

  function matching(except) {
    const words = [...(wanted.q || "").toLowerCase().matchAll(/"([^"]+)"|\S+/g)].map((one) => one[1] || one[0]);
    const tests = Object.entries(wanted).filter(([name]) => name !== "q" && name !== except && known(name));
    return all.filter((row, at) => tests.every(([name, value]) => has(row, name, value)) &&
      words.every((word) => text(at).includes(word)));
  }

  // The list --------------------------------------------------------------------------------------
  const status = el("p", { class: "status", role: "status" });
  const list = el("ol", { class: "list", "aria-label": "Samples" });
  const more = el("button", { type: "button", class: "more", onclick: () => { shown += STEP; draw(); } });
  const search = el("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false",
    placeholder: "words, \"a phrase\"", oninput: later(() => set("q", search.value)) });
  const chosen = el("div", { class: "chosen" });
  const facets = el("div", { class: "facets" });
  const reader = el("article", { class: "reader", tabindex: "-1", "aria-label": "The sample" });
  const finder = el("details", { class: "finder" }, el("summary", { text: "Facets" }), facets);
  finder.open = !narrow.matches;
  body.append(
    el("div", { class: "search" }, el("label", { for: "search", text: "Search" }), search),
    chosen, finder, status,
    el("div", { class: "two" }, el("div", { class: "left" }, list, more), reader),
    el("p", { class: "note keys", text: "Keys: ↓ and ↑ or j and k next and previous sample, n and p next and previous passage, / search." }));

  function later(act) {
    let timer = 0;
    return () => { clearTimeout(timer); timer = setTimeout(act, 120); };
  }

  function set(name, value) {
    if (value) wanted[name] = value; else delete wanted[name];
    refresh();
    write();
  }

  /** The address of what is looked at, which can be sent to somebody. */
  function write() {
    const said = Object.entries(wanted).map(([name, value]) => `${encodeURIComponent(name)}:${encodeURIComponent(value)}`);
    history.replaceState(null, "", said.length ? `#filter=${said.join(",")}` : "#samples");
  }

  /** An id in few signs: the start of a digest, the end of a name. */
  const short = (id) => id.length <= 14 ? id : /^[0-9a-f]{16,}$/.test(id) ? id.slice(0, 12) : `…${id.slice(-12)}`;

  function verdictOf(row) {
    const { fate, dropped_by: by, verdict } = row.facets;
    const what = fate === "dropped" ? `dropped by ${by}` : fate;
    return verdict === "not known" ? what : `${verdict}, ${what}`;
  }

  function whyOf(one) {
    if (one.filter === null) return one.side;
    const rule = one.setting ? `${one.filter}.${one.setting}` : `${one.filter}${one.reason ? ` (${one.reason})` : ""}`;
    const limit = one.setting && one.limit !== null ? ` ${number(one.limit)}` : "";
    const value = one.measure === null || one.side.startsWith("random") ? "" : `: ${label(one.measure)} ${number(one.value)}`;
    return `${rule}${limit}, ${one.side}${value}`;
  }

  function draw() {
    list.replaceChildren(...found.slice(0, shown).map((row) => el("li", {},
      el("a", { href: `#sample=${encodeURIComponent(row.id)}`, "data-id": row.id, class: `fate-${row.facets.fate}`,
        "aria-current": current === row ? "true" : null },
      el("span", { class: "id", text: short(row.id) }),
      el("span", { class: "told", text: verdictOf(row) }),
      el("span", { class: "because", text: row.why.slice(0, 2).map(whyOf).join("; ") })))));
    more.hidden = found.length <= shown;
    more.textContent = `Show ${Math.min(STEP, found.length - shown)} more`;
  }

  function refresh() {
    found = matching();
    shown = STEP;
    const strange = Object.keys(wanted).filter((name) => !known(name));
    status.replaceChildren(...coded(`${number(found.length)} of the ${number(all.length)} samples in this page, drawn from ${number(data.of)}.` +
      (strange.length ? ` They are not told apart by ${strange.join(", ")}.` : "") +
      (found.length ? "" : ` \`factory browse ${place}\` has all.`)));
    chosen.replaceChildren(...Object.entries(wanted).filter(([name]) => name !== "q").map(([name, value]) =>
      el("button", { type: "button", class: "chip", text: `${label(name)}: ${value} ×`, "aria-label": `Remove ${label(name)} ${value}`,
        onclick: () => set(name, null) })));
    drawFacets();
    draw();
  }

  const label = (name) => name.replaceAll("_", " ");

  function drawFacets() {
    const names = [...new Set(all.flatMap((row) => Object.keys(row.facets)))];
    facets.replaceChildren(...names.flatMap((name) => {
      const counts = new Map();
      for (const row of matching(name)) for (const value of [row.facets[name]].flat()) counts.set(value, (counts.get(value) || 0) + 1);
      if (counts.size < 2 && !(name in wanted)) return [];
      const options = [...counts].sort((one, other) => other[1] - one[1]).map(([value, count]) =>
        el("option", { value, text: `${value} (${count})`, selected: wanted[name] === value }));
      const id = `facet-${name.replaceAll(" ", "-")}`;
      return [el("div", {}, el("label", { for: id, text: label(name) }),
        el("select", { id, onchange: (event) => set(name, event.target.value) },
          el("option", { value: "", text: "any" }), ...options))];
    }));
  }

  // One sample ------------------------------------------------------------------------------------
  function piece(one, row, math) {
    if (typeof one === "string") return document.createTextNode(one);
    if (one.g) return el("span", { class: "gap", text: `[… ${number(one.g)} characters left out …]` });
    const inside = one.m && math ? formula(one.m) : document.createTextNode(one.s);
    if (!one.p) return inside;
    const told = one.p.map((at) => row.passages[at].join(": ")).join("; ");
    return el("mark", { title: told, "data-passages": one.p.join(" ") }, inside);
  }

  function texts(row, math) {
    const part = (title, pieces) => pieces === null ? [el("h4", { text: title }), el("p", { class: "absent", text: data.shown_missing || "Nobody has its text." })] :
      [el("h4", { text: title }), el("div", { class: "text", dir: "auto", lang: "", tabindex: "0", role: "group", "aria-label": title },
        ...pieces.map((one) => piece(one, row, math)))];
    return [...part("Question", row.question), ...part("Reply", row.text)];
  }

  function facts(row) {
    const told = Object.entries(row.facets).filter(([name, value]) => name !== "shown for" && value !== "not known" && value.length);
    const line = ([name, value]) => [el("dt", { text: label(name) }), el("dd", { text: [value].flat().join(", ") })];
    const known = [["key", row.reference], ["found", row.answer]].filter(([, value]) => value !== null);
    return el("dl", { class: "facts" }, ...[...told, ...known].flatMap(line));
  }

  function measures(row) {
    const lines = Object.entries(row.measures).map(([name, value]) =>
      el("tr", {}, el("th", { scope: "row", text: label(name) }), el("td", { class: "n", text: value === null ? "not measured" : number(value) })));
    return el("details", {}, el("summary", { text: `Measures, ${lines.length}` }), el("table", {}, el("tbody", {}, ...lines)));
  }

  function read(row, focus) {
    current = row;
    passage = -1;
    let math = true;
    const written = el("div", {});
    const shownMath = () => written.replaceChildren(...texts(row, math));
    const toggle = el("button", { type: "button", text: "Show LaTeX", onclick: () => {
      math = !math;
      toggle.textContent = math ? "Show LaTeX" : "Show formulas";
      shownMath();
    } });
    const has = [row.question, row.text].flat().some((one) => one && one.m);
    const command = el("code", { text: row.more });
    const copied = el("button", { type: "button", class: "small", text: "Copy", "aria-label": "Copy the command", onclick: () => copy(row.more, copied, command) });
    shownMath();
    reader.replaceChildren(...[
      el("h3", {}, el("a", { href: `#sample=${encodeURIComponent(row.id)}`, text: row.id })),
      el("p", { class: "verdict", text: verdictOf(row) }),
      el("ul", { class: "why" }, ...row.why.map((one) => el("li", { text: `Shown for ${whyOf(one)}` }))),
      facts(row), measures(row),
      row.passages.length ? el("ol", { class: "passages", "aria-label": "Passages to look at" }, ...row.passages.map(([reason, words], at) =>
        el("li", {}, el("button", { type: "button", class: "small", text: `${reason}: ${words}`, onclick: () => look(at) })))) : null,
      has ? toggle : null,
      row.plain ? el("p", { class: "note", text: `${counted(row.plain, "formula")} stay LaTeX: too long, unreadable, or one too many.` }) : null,
      row.cut ? el("p", { class: "cut" }, ...coded(row.cut)) : null,
      written,
      el("p", { class: "rest" }, "Its whole story: ", command, " ", copied),
    ].filter(Boolean));
    for (const link of list.querySelectorAll("a")) {
      if (link.dataset.id === row.id) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
    const link = list.querySelector("[aria-current]");
    if (link && focus && !narrow.matches) link.parentElement.scrollIntoView({ block: "nearest" });
    if (focus) { reader.focus({ preventScroll: true }); reader.scrollIntoView({ block: narrow.matches ? "start" : "nearest" }); }
  }

  function look(at) {
    passage = at;
    const marks = [...reader.querySelectorAll("mark")].filter((one) => one.dataset.passages.split(" ").includes(String(at)));
    for (const one of reader.querySelectorAll("mark.now")) one.classList.remove("now");
    for (const one of marks) one.classList.add("now");
    if (marks[0]) marks[0].scrollIntoView({ block: "center" });
  }

  function step(by) {
    const at = found.indexOf(current);
    const next = found[Math.min(found.length - 1, Math.max(0, at + by))];
    if (!next) return;
    while (found.indexOf(next) >= shown) { shown += STEP; draw(); }
    read(next, true);
    history.replaceState(null, "", `#sample=${encodeURIComponent(next.id)}`);
  }

  const keys = { ArrowDown: () => step(1), j: () => step(1), ArrowUp: () => step(-1), k: () => step(-1) };
  body.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    const inText = event.target.matches(".text") && event.key.startsWith("Arrow");
    if (keys[event.key] && !inText) { keys[event.key](); event.preventDefault(); }
    if (current && current.passages.length && "np".includes(event.key)) {
      const size = current.passages.length;
      look(event.key === "n" ? (passage + 1) % size : (Math.max(passage, 0) - 1 + size) % size);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input, select, textarea")) { search.focus(); event.preventDefault(); }
  });

  refresh();
  if (all.length) read(all[0], false);
  return {
    /** Shows the samples of facets only. */
    filter(which) {
      wanted = { ...which };
      search.value = wanted.q || "";
      refresh();
      write();
      if (found[0]) read(found[0], false);
      document.getElementById("samples").scrollIntoView();
      list.querySelector("a")?.focus({ preventScroll: true });
    },
    /** Shows a sample by its id; false where the page has none of this id. */
    open(id) {
      const row = all.find((one) => one.id === id);
      if (!row) {
        const named = seen(id).replaceAll("`", "\\x60");
        status.replaceChildren(...coded(`This page has no sample ${named}: \`factory why ${quoted(named)} ${place}\` tells of it.`));
        return false;
      }
      if (!found.includes(row)) { wanted = {}; search.value = ""; refresh(); }
      while (found.indexOf(row) >= shown) { shown += STEP; draw(); }
      read(row, true);
      return true;
    },
  };
}
