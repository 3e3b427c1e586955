// What all parts use. No text of the data ever becomes markup: elements are made one by one.

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";
const narrow = matchMedia("(max-width: 899px)");

/** An element with attributes ("on…" are listeners, "text" its text) and children. */
function el(name, said = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(said)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "text") made.textContent = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A sentence, with what stands between backticks as code. */
const coded = (text) => text.split("`").map((part, at) => at % 2 ? el("code", { text: part }) : part);

/** A word of a command, for a shell. */
const quoted = (text) => /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;

/** A formula: [element, attributes, ...children], of MathML elements and attributes alone. */
function formula(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [name, said, ...children] = tree;
  const made = document.createElementNS(MATHML, name);
  for (const [key, value] of Object.entries(said)) made.setAttribute(key, value);
  made.append(...children.map(formula));
  return made;
}

const WHOLE = new Intl.NumberFormat("en-US");
const TENTHS = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A number as the charts write it. */
function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return WHOLE.format(value);
  const size = Math.abs(value);
  if (size >= 1000) return TENTHS.format(value);
  return size >= 1e-4 ? String(Number(value.toPrecision(4))) : value.toExponential(1);
}

/** "1 sample", "2 samples". */
const counted = (count, what) => `${number(count)} ${what}${count === 1 ? "" : "s"}`;

/** A file that the reader keeps. */
function save(name, kind, text) {
  const address = URL.createObjectURL(new Blob([text], { type: kind }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** Copies a text; where the browser refuses, selects it for the reader to copy. */
async function copy(text, button, shown) {
  const was = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(shown);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = was; }, 1500);
}

/** A name in which nothing is hidden: control and direction characters are written as escapes. */
const seen = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
  (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** What was gzipped and written in base64. */
function opened(packed) {
  const letters = atob(packed), bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

/** The data of the page, and the stops of its sliders, null where it has none. */
async function unpacked() {
  const told = (id) => JSON.parse(document.getElementById(id).textContent);
  const [data, stops] = await Promise.all([opened(told("data")).json(), stopsOf(told("stops"))]);
  return { ...data, stops };
}

/** What sliders need: columns of little-endian numbers stand one after another in one stretch. */
async function stopsOf(packed) {
  if (packed === null) return null;
  const [stops, bytes] = await Promise.all([opened(packed.told).json(), opened(packed.tables).arrayBuffer()]);
  const kinds = { UInt8: Uint8Array, UInt16: Uint16Array, UInt32: Uint32Array };
  let at = 0;
  const tables = {};
  for (const [table, { rows, columns }] of Object.entries(stops.tables)) {
    tables[table] = { height: rows };
    for (const [name, kind] of Object.entries(columns)) {
      const size = rows * kinds[kind].BYTES_PER_ELEMENT;
      tables[table][name] = new kinds[kind](bytes.slice(at, at + size));
      at += size;
    }
  }
  const alone = stops.filters.map((_, number) => tables[`alone${number}`]);
  const settings = stops.settings.map((one) => ({ ...one, name: seen(one.name), key: seen(one.key), label: seen(one.label) }));
  const domains = stops.domains.map((name) => name && seen(name));
  return { ...stops, settings, domains, filters: stops.filters.map(seen), cells: tables.cells, clusters: tables.clusters, alone };
}
