"use strict";
// Marks by keyboard: a key sends a mark, and the answer says which card is next.
const { number, count, drawn } = document.body.dataset;
const at = Number(number), last = Number(count) - 1;
const root = document.currentScript.src.replace(/label\.js$/, "");
const note = document.getElementById("note");
const state = document.getElementById("state");
const WORDS = { y: "yes", n: "no", "?": "cannot say", u: "undo" };
let leaving = false, sent = Promise.resolve();

function leave(where) {
  leaving = true;
  location.assign(root + where);
}

function go(where) {
  sent = sent.then(() => leaving || leave(where));
}

/** Marks go one after the other: a key that comes while a note is on its way is not lost. Keys that
 *  come while the next card loads are: they were for a card that nobody saw. */
function send(mark) {
  sent = sent.then(() => leaving || post(mark));
}

async function post(mark) {
  const told = JSON.stringify({ number: at, mark, note: note ? note.value : "" });
  try {
    const answer = await fetch(root + "mark", { method: "POST", body: told });
    if (!answer.ok) throw new Error(await answer.text());
    const { to } = await answer.json();
    if (to) leave(to);
  } catch (error) {
    state.textContent = `This mark was not kept: ${error.message}`;
  }
}

function inNote(event) {
  if (event.key === "Escape") {
    note.value = note.defaultValue;
    note.blur();
  } else if (event.key === "Enter") {
    note.blur();
    send("note");
  }
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === note) return inNote(event);
  if (event.key === "/" && note) {
    event.preventDefault();
    note.focus();
  } else if (Object.hasOwn(WORDS, event.key) && (at <= last || event.key === "u")) {
    send(WORDS[event.key]);
  } else if (event.key === "ArrowLeft" && at > 0) {
    go(`card/${at - 1}`);
  } else if (event.key === "ArrowRight" && at <= last) {
    go(at < last ? `card/${at + 1}` : "done");
  } else if (event.key === "m" && at <= last) {
    go(`card/${at}${drawn === "yes" ? "?formulas=plain" : ""}`);
  }
}

document.addEventListener("keydown", pressed);
for (const button of document.querySelectorAll("button[data-mark]")) {
  button.addEventListener("click", () => send(button.dataset.mark));
}
