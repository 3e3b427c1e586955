// Figures: their tables, the pictures of each grouping, and what is saved of them.

function figuresPart(data, goTo) {
  const groupings = { source: 1, domain: 1, language: 1, teacher: 1, strategy: 1 };
  const columnsOf = {
    filter: "dropped_by", step: "dropped_by", dropped_by: "dropped_by", reason: "reason",
    verdict: "verdict", verdict_reason: "verdict_reason", source: "source", domain: "domain",
    language: "language", teacher: "teacher", strategy: "strategy",
  };
  let by = "overall";

  /** Which samples a row of a figure is about: facet -> value; null where nothing tells. */
  function about(figure, row) {
    const given = figure.keys && figure.keys[row];
    if (figure.keys) return given || null;
    const found = {};
    const of = (name) => figure.rows[row][figure.columns.findIndex((column) => column[0] === name)];
    for (const [name] of figure.columns) {
      const value = of(name);
      if (columnsOf[name] && typeof value === "string") found[columnsOf[name]] = value;
    }
    if (groupings[of("by")] && of("group") !== "others") found[of("by")] = of("group");
    if (figure.measure && typeof of("from") === "number") {
      found[`measure ${figure.measure}`] = `${of("from")} to ${of("to")}`;
    }
    if (of("sample_id")) found.id = of("sample_id");
    return Object.keys(found).length ? found : null;
  }

  const inGroup = (figure, row) => figure.by === null || row[figure.by] === by ||
    !figure.rows.some((other) => other[figure.by] === by);

  function table(figure, title) {
    const kinds = figure.columns.map((_, at) => figure.rows.every((row) => row[at] === null || typeof row[at] === "number"));
    const shown = figure.rows.map((row, place) => [row, place]).filter(([row]) => inGroup(figure, row));
    const hasRows = shown.some(([, place]) => about(figure, place));
    const head = el("tr", {}, ...figure.columns.map(([name, meaning], at) =>
      el("th", { scope: "col", title: meaning, class: kinds[at] && "n", text: name.replaceAll("_", " ") })));
    if (hasRows) head.append(el("th", { scope: "col" }, el("span", { class: "unseen", text: "samples" })));
    const lines = shown.slice(0, 500).map(([row, place]) => {
      const line = el("tr", { "data-row": place }, ...row.map((value, at) =>
        el("td", { class: kinds[at] && "n", text: number(value) })));
      if (hasRows) {
        const which = about(figure, place);
        line.append(el("td", {}, which && el("button", {
          type: "button", class: "small", text: "Samples", "aria-label": `Samples of row ${place + 1} of ${title}`,
          onclick: () => goTo(which),
        })));
      }
      return line;
    });
    const words = el("dl", { class: "words" }, ...figure.columns.flatMap(([name, meaning]) =>
      meaning ? [el("dt", { text: name.replaceAll("_", " ") }), el("dd", { text: meaning })] : []));
    const made = [el("table", {}, el("caption", { class: "unseen", text: title }), el("thead", {}, head), el("tbody", {}, ...lines)), words];
    if (shown.length > 500) made.unshift(el("p", { class: "note", text: `500 of ${number(shown.length)} rows; Save CSV has all.` }));
    return made;
  }

  /** A cell of CSV; a text that a spreadsheet would take for a formula gets an apostrophe. */
  function cell(value) {
    if (value === null) return "";
    if (typeof value !== "string") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function csv(figure) {
    const rows = [figure.columns.map(([name]) => name), ...figure.rows];
    return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  /** The picture with its colours written into it, for use anywhere else. */
  function alone(picture) {
    const copied = picture.cloneNode(true);
    const patterns = document.querySelector(".patterns defs").cloneNode(true);
    const shown = [...picture.querySelectorAll("*")];
    [...copied.querySelectorAll("*")].forEach((node, at) => colour(node, getComputedStyle(shown[at])));
    [...document.querySelectorAll(".patterns defs *")].forEach((node, at) =>
      colour(patterns.querySelectorAll("*")[at], getComputedStyle(node)));
    copied.prepend(patterns);
    copied.setAttribute("font-family", "sans-serif");
    copied.removeAttribute("class");
    return new XMLSerializer().serializeToString(copied);
  }

  function colour(node, style) {
    if (!(node instanceof SVGGraphicsElement) || node.tagName === "g") return;
    node.setAttribute("fill", style.fill.replace(/url\("(#\w+)"\)/, "url($1)"));
    node.setAttribute("stroke", style.stroke);
    if (style.paintOrder !== "normal") {
      node.setAttribute("paint-order", style.paintOrder);
      node.setAttribute("stroke-width", style.strokeWidth);
    }
    if (style.fillOpacity !== "1") node.setAttribute("fill-opacity", style.fillOpacity);
    node.removeAttribute("class");
  }

  for (const place of document.querySelectorAll("figure[data-key]")) {
    const key = place.dataset.key;
    const figure = data.figures[key];
    const title = place.querySelector("h3").textContent;
    const details = place.querySelector("details");
    if (!figure) continue;
    const fill = () => place.querySelector(".table").replaceChildren(...table(figure, title));
    details.addEventListener("toggle", () => details.open && fill());
    place.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-save]");
      const mark = event.target.closest(".mark");
      if (button && button.dataset.save === "csv") save(`${key}.csv`, "text/csv", csv(figure));
      else if (button) save(`${key}.svg`, "image/svg+xml", alone(place.querySelector(".drawn svg")));
      else if (mark && about(figure, mark.dataset.row)) goTo(about(figure, mark.dataset.row));
    });
    place.addEventListener("pointerover", (event) => {
      const mark = event.target.closest(".mark");
      if (mark && about(figure, mark.dataset.row)) mark.classList.add("leads");
    });
  }

  /** Shows the figures of another grouping. */
  function group(chosen) {
    by = chosen;
    let told = 0;
    for (const place of document.querySelectorAll("figure[data-key]")) {
      const figure = data.figures[place.dataset.key];
      if (!figure || figure.by === null) continue;
      const drawn = place.querySelector(".drawn");
      const drawnBy = [by, "overall", ...Object.keys(figure.charts)].find((one) => one in figure.charts);
      const picture = figure.charts[drawnBy];
      const has = figure.rows.some((row) => row[figure.by] === by);
      told += has;
      place.querySelector(".undrawn")?.remove();
      if (drawn && has && by !== (drawnBy ?? "overall")) {
        const still = (drawnBy ?? "overall") === "overall" ? "all samples" : `each ${drawnBy}`;
        drawn.after(el("p", { class: "note undrawn", text: `The picture is of ${still}: this page has no room for more pictures of groups. The table tells each ${by}.` }));
      }
      if (drawn && picture) {
        const parsed = new DOMParser().parseFromString(picture, "image/svg+xml").documentElement;
        drawn.replaceChildren(document.importNode(parsed, true));
      }
      const details = place.querySelector("details");
      if (details && details.open) place.querySelector(".table").replaceChildren(...table(figure, place.querySelector("h3").textContent));
    }
    document.getElementById("by-told").textContent = by === "overall" ? "" :
      `Told for each ${by}: ${counted(told, "figure")}; the others stay as they are.`;
  }

  const select = document.getElementById("by");
  if (select) select.addEventListener("change", () => group(select.value));
  addEventListener("beforeprint", () => document.querySelectorAll("figure details[open]").forEach((one) => one.dispatchEvent(new Event("toggle"))));
}
