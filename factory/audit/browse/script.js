"use strict";
// Keys between rows and pages, and the questions of a list, which come after it. Texts of models are
// only ever put in as text.

const typing = (target) => target.closest && target.closest("input, select, textarea, summary");

function step(rows, by) {
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by;
  if (rows[next]) rows[next].focus();
  return Boolean(rows[next]);
}

const KEYS = {
  ArrowLeft: 'a[rel="prev"]',
  ArrowRight: 'a[rel="next"]',
  u: "#up",
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || typing(event.target)) return;
  const rows = [...document.querySelectorAll("a.row")];
  const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (by && rows.length && step(rows, by)) {
    event.preventDefault();
  } else if (KEYS[event.key]) {
    const link = document.querySelector(KEYS[event.key]);
    if (link) link.click();
  } else if (event.key === "/") {
    const search = document.querySelector('input[type="search"]');
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});

async function excerpts(table) {
  const answer = await fetch(table.dataset.excerpts);
  if (!answer.ok) return;
  const found = await answer.json();
  table.querySelectorAll(".excerpt").forEach((place, at) => {
    place.textContent = found[at] ?? "";
  });
}

const table = document.querySelector("table[data-excerpts]");
if (table) excerpts(table);

const facets = document.querySelector("#facets");
if (facets && window.matchMedia("(max-width: 800px)").matches) facets.open = false;
