// What if: the funnel at other thresholds, summed from cells of samples that all rules treat alike.

/** The sums at places of all settings; exactly what the filters would say of every sample. */
function whatIfSums(stops) {
  const { settings, reasons, cells, clusters, alone, filters, domains } = stops;
  const KEPT = filters.length, NOWHERE = 2 ** 31 - 1;

  /** By reason and code, whether there is the fault. */
  function faulty(places) {
    return reasons.map((reason) => {
      const at = reason.settings.reduce((sum, one) => sum * settings[one].values.length + places[one], 0);
      return reason.patterns.map((pattern) => pattern.charCodeAt(at) === 49);
    });
  }

  /** By row of a table, the first filter that drops it. */
  function first(table, faults) {
    const found = Uint16Array.from(table.fixed, (one) => Math.min(one, KEPT));
    reasons.forEach((reason, number) => {
      const codes = table[`r${number}`], own = faults[number];
      for (let at = 0; at < found.length; at++) if (own[codes[at]] && reason.filter < found[at]) found[at] = reason.filter;
    });
    return found;
  }

  /** By row of clusters, whether it is behind the first that all other filters accept. */
  function late(found) {
    const { cluster, place, judged } = clusters;
    const least = new Uint32Array(cluster.reduce((most, one) => Math.max(most, one), 0) + 1).fill(NOWHERE);
    for (let at = 0; at < found.length; at++) {
      if (found[at] === KEPT && place[at] < least[cluster[at]]) least[cluster[at]] = place[at];
    }
    return cluster.map((one, at) => judged[at] > 0 && place[at] > (least[one] < NOWHERE ? least[one] : 0) ? 1 : 0);
  }

  return function sums(places) {
    const faults = faulty(places);
    const dropped = filters.map(() => 0);
    const left = domains.map(() => 0);
    const fates = [[cells, first(cells, faults)]];
    let compared = 0;
    if (clusters.height) {
      const found = first(clusters, faults);
      if (stops.compared !== null) {
        late(found).forEach((is, at) => {
          if (!is) return;
          compared += clusters.n[at] * clusters.times[at];
          found[at] = Math.min(found[at], stops.compared);
        });
      }
      fates.push([clusters, found]);
    }
    for (const [table, found] of fates) {
      for (let at = 0; at < found.length; at++) {
        const count = table.n[at] * (table.times ? table.times[at] : 1);
        if (found[at] === KEPT) left[table.domain[at]] += count; else dropped[found[at]] += count;
      }
    }
    const onOwn = alone.map((table, filter) => {
      let sum = filter === stops.compared ? compared : 0;
      if (filter === stops.compared) return sum;
      const own = reasons.map((reason, number) => number).filter((number) => reasons[number].filter === filter && `r${number}` in table);
      for (let at = 0; at < table.n.length; at++) {
        if (table.fixed[at] || own.some((number) => faults[number][table[`r${number}`][at]])) sum += table.n[at];
      }
      return sum;
    });
    return { fates, dropped, left, alone: onOwn };
  };
}

/** Samples that are kept at one setting of the sliders and not at another, by domain. */
function whatIfMoved(stops, before, after) {
  const gained = stops.domains.map(() => 0), lost = stops.domains.map(() => 0);
  const KEPT = stops.filters.length;
  after.fates.forEach(([table, now], which) => {
    const then = before.fates[which][1];
    for (let at = 0; at < now.length; at++) {
      if ((now[at] === KEPT) === (then[at] === KEPT)) continue;
      const count = table.n[at] * (table.times ? table.times[at] : 1);
      (now[at] === KEPT ? gained : lost)[table.domain[at]] += count;
    }
  });
  return { gained, lost };
}

function whatIfPart(data, goTo) {
  const body = document.getElementById("what-if-body");
  const stops = data.stops;
  if (!body || !stops) return;
  const sums = whatIfSums(stops);
  const start = stops.settings.map((setting) => setting.now);
  const places = [...start];
  const present = sums(start);
  const sliders = el("div", { class: "sliders" });
  const headline = el("p", { class: "headline", role: "status", id: "what-if-told" });
  const funnel = el("tbody"), moved = el("tbody");
  const recipe = el("pre", { tabindex: "0", id: "what-if-recipe", "aria-label": "As recipe" });
  const copied = el("button", { type: "button", text: "Copy as recipe", onclick: () => copy(recipe.textContent, copied, recipe) });
  const reset = el("button", { type: "button", text: "As it is", onclick: () => { start.forEach((at, one) => move(one, at)); show(); } });
  const head = (...names) => el("thead", {}, el("tr", {}, ...names.map((name, at) => el("th", { scope: "col", class: at ? "n" : null, text: name }))));
  const rolled = (title, id, ...parts) => el("div", { class: "roll", tabindex: "0", role: "group", "aria-label": title },
    el("table", { id }, el("caption", { text: title }), ...parts));
  body.append(headline, el("div", { class: "two even" }, el("div", {}, sliders, el("p", {}, reset)), el("div", {},
    rolled("The funnel", "what-if-funnel", head("filter", "drops now", "drops", "left", "alone"), funnel),
    rolled("Gained and lost", "what-if-moved", head("domain", "kept", "gained", "lost"), moved),
    recipe, el("p", {}, copied))));
  const held = Object.entries(stops.held);
  if (held.length) {
    body.append(el("details", {}, el("summary", { text: `Without a slider, ${held.length}` }),
      el("dl", {}, ...held.flatMap(([what, why]) => [el("dt", { text: seen(what) }), el("dd", { text: seen(why) })]))));
  }

  const value = (setting, at) => setting.values[at] === null ? "no limit" : number(setting.values[at]);
  const inputs = stops.settings.map((setting, one) => {
    const id = `slider-${one}`;
    const output = el("output", { for: id });
    const input = el("input", { type: "range", id, min: 0, max: setting.values.length - 1, step: 1, value: setting.now,
      "data-setting": setting.name, oninput: () => { move(one, Number(input.value)); show(); } });
    const between = el("button", { type: "button", class: "small", onclick: () => goTo(span(one)) });
    sliders.append(el("div", { class: "slider" }, el("label", { for: id, title: setting.label, text: setting.name }), output, input,
      el("p", { class: "note", text: setting.label }), between));
    return { input, output, between };
  });

  /** The samples whose measure lies between the present value and the chosen one. */
  function span(one) {
    const setting = stops.settings[one];
    const ends = [setting.values[start[one]] ?? Infinity, setting.values[places[one]] ?? Infinity].sort((a, b) => a - b);
    return { [`measure ${setting.measure}`]: ends.join(" to ") };
  }

  function move(one, at) {
    places[one] = at;
    const setting = stops.settings[one], { input, output, between } = inputs[one];
    const changed = at !== start[one];
    input.value = at;
    input.setAttribute("aria-valuetext", value(setting, at));
    output.textContent = changed ? `${value(setting, start[one])} → ${value(setting, at)}` : value(setting, at);
    output.classList.toggle("changed", changed);
    between.hidden = !changed || !setting.measure;
    if (changed && setting.measure) {
      const [low, high] = Object.values(span(one))[0].split(" to ").map(Number);
      const some = data.rows.filter(({ measures }) => low <= measures[setting.measure] && measures[setting.measure] < high &&
        typeof measures[setting.measure] === "number");
      between.textContent = `${counted(some.length, "sample")} of this page between`;
      between.disabled = !some.length;
    }
  }

  function show() {
    const still = places.every((at, one) => at === start[one]);
    const now = still ? present : sums(places), { gained, lost } = whatIfMoved(stops, present, now);
    const total = (list) => list.reduce((sum, one) => sum + one, 0);
    const kept = total(now.left), was = total(present.left);
    headline.textContent = still
      ? `${counted(kept, "sample")} of ${number(stops.samples)} pass all filters.`
      : `${counted(kept, "sample")} instead of ${number(was)} pass all filters: ${number(total(gained))} gained, ${number(total(lost))} lost, net ${kept < was ? "−" : "+"}${number(Math.abs(kept - was))}.`;
    let left = stops.samples;
    funnel.replaceChildren(...stops.filters.map((name, at) => {
      left -= now.dropped[at];
      return line([name, present.dropped[at], now.dropped[at], left, now.alone[at]], now.dropped[at] !== present.dropped[at]);
    }));
    moved.replaceChildren(...stops.domains.map((name, at) =>
      line([name ?? "without a domain", now.left[at], gained[at], lost[at]], gained[at] || lost[at])));
    recipe.textContent = asRecipe();
    copied.disabled = !recipe.textContent;
    recipe.hidden = !recipe.textContent;
  }

  function line(cells, changed) {
    return el("tr", { class: changed ? "changed" : null }, ...cells.map((one, at) =>
      el(at ? "td" : "th", { class: at ? "n" : null, scope: at ? null : "row", text: number(one) })));
  }

  /** The changed settings as a recipe has them. */
  function asRecipe() {
    const by = new Map();
    stops.settings.forEach((setting, one) => {
      if (places[one] === start[one]) return;
      const entry = setting.name.slice(0, setting.name.lastIndexOf("."));
      by.set(entry, [...(by.get(entry) || []), `${setting.key}: ${JSON.stringify(setting.values[places[one]])}`]);
    });
    if (!by.size) return "";
    const parts = [...by].map(([entry, lines]) => {
      const [, name, domains] = /^(.*?)(?:\[(.*)\])?$/.exec(entry);
      if (domains === undefined) return [`  ${name}:`, ...lines.map((text) => `    ${text}`)];
      const told = domains === "" ? lines : [`domains: [${domains.replaceAll(",", ", ")}]`, ...lines];
      return [`  ${name}:`, ...told.map((text, at) => `    ${at ? "  " : "- "}${text}`)];
    });
    return ["filters:", ...parts.flat()].join("\n") + "\n";
  }

  start.forEach((at, one) => move(one, at));
  show();
}
