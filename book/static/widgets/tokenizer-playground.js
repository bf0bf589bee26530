/* A tokenizer to try: any text, cut in tokens, characters and bytes, and where each token is from.

data: { pattern: a pattern of Python's package `regex` that cuts a text into words,
        merges: [[left id, right id]…], in the order they were learned: the first makes id 256,
        specials: { name: id },
        presets: [[name, text]…], the first is shown at the start }

The ids are those of the chapter's Python for every text, with one exception that no code can
remove: a character that is younger than the browser's own table of Unicode, or than that of
`regex`, is a letter to one and nothing to the other.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. Everything is drawn with the page's own colours; widgets.css holds the styles. */

const KEPT = 65_536; // words in the cache, as in Python
const DRAWN = { tokens: 1_500, parts: 400 }; // more would only make typing slow
const LONG = { characters: 2_000, pause: 200 }; // a longer text waits so many ms for the next key

// ---- the computation -------------------------------------------------------------------------

// (?i:…) of `regex` goes beyond A to Z, as Unicode folds these letters
const FOLDED = { i: "\u0130", k: "\u212a", s: "\u017f" };
const SAME = /^(?:\\[pP]\{(?:L|N)\}|\\[rnt\\^$.*+?()[\]{}|\/]|[^\\])$/u;

/** A pattern of Python's `regex` in JavaScript's words; an Error for what cannot be translated. */
export function translate(pattern) {
  const folds = [false]; // whether case counts, for each bracket that is open
  let inClass = false;
  const say = (part) => {
    const letter = /^[a-z]$/i.test(part) && part.toLowerCase();
    if (/^\(\?(?:i?:|=|!)$/.test(part) && !inClass) {
      folds.push(part === "(?i:" || folds.at(-1));
      return part.replace("i", "");
    }
    if (part === ")" && !inClass) folds.pop();
    else if (part === "[" && !inClass) inClass = true;
    else if (part === "]") inClass = false;
    else if (part === "\\s") return "\\p{White_Space}"; // JavaScript's \s is another set
    else if (part === "\\S") return "\\P{White_Space}";
    else if (part === "$" && !inClass) return "(?=\\n?$)"; // Python's: also before a last \n
    else if (part === "." && !inClass) return "[^\\n]";
    else if (letter && folds.at(-1) && !inClass)
      return `[${letter}${letter.toUpperCase()}${FOLDED[letter] ?? ""}]`;
    else if (!SAME.test(part) || part === "(" || (folds.at(-1) && inClass))
      throw Error(`The pattern holds ${part}, which this page cannot read.`);
    return part;
  };
  const parts = pattern.match(/\\[pP]\{\w+\}|\\.|\(\?i:|\(\?[:=!]|\(\?|[?*+}]\+|[^]/gu) ?? [];
  return parts.map(say).join("");
}

/** A text's UTF-8 as a string of bytes: each character is one byte. */
function toBytes(text) {
  let bytes = "";
  for (const value of new TextEncoder().encode(text)) bytes += String.fromCharCode(value);
  return bytes;
}

/** Entries in the order of their first number, the smallest on top: a binary heap. */
class Queue {
  entries = [];

  push(entry) {
    const { entries } = this;
    let i = entries.push(entry) - 1;
    for (let up; i > 0 && entries[(up = (i - 1) >> 1)][0] > entry[0]; i = up) entries[i] = entries[up];
    entries[i] = entry;
  }

  pop() {
    const { entries } = this;
    const [top] = entries;
    const last = entries.pop();
    const n = entries.length;
    let i = 0;
    for (let down; (down = 2 * i + 1) < n; i = down) {
      if (down + 1 < n && entries[down + 1][0] < entries[down][0]) down++;
      if (entries[down][0] >= last[0]) break;
      entries[i] = entries[down];
    }
    if (n) entries[i] = last;
    return top;
  }
}

/** Cut a word (a string of bytes) by rank, of equal ranks the leftmost first, in n log n steps. */
export function cutWord(word, ranks) {
  if (ranks.has(word)) return [word];
  const n = word.length;
  const end = Array.from(word, (_, i) => i + 1); // where the part that starts here ends, or 0
  const before = Array.from(word, (_, i) => i - 1); // where the part to the left of it starts
  const queue = new Queue();
  const offer = (start) => {
    if (start < 0 || end[start] >= n) return;
    const middle = end[start];
    const rank = ranks.get(word.slice(start, end[middle]));
    if (rank !== undefined) queue.push([rank * n + start, start, middle, end[middle]]);
  };
  for (let start = 0; start < n; start++) offer(start);
  while (queue.entries.length) {
    const [, start, middle, stop] = queue.pop();
    if (end[start] !== middle || end[middle] !== stop) continue; // merged with another since
    end[start] = stop;
    end[middle] = 0;
    if (stop < n) before[stop] = start;
    offer(start);
    offer(before[start]);
  }
  return end.flatMap((stop, start) => (stop ? [word.slice(start, stop)] : []));
}

export class Encoder {
  constructor({ pattern, merges, specials = {} }) {
    this.merges = merges;
    this.tokens = Array.from({ length: 256 }, (_, value) => String.fromCharCode(value));
    for (const [left, right] of merges) this.tokens.push(this.tokens[left] + this.tokens[right]);
    this.ranks = new Map(this.tokens.map((token, id) => [token, id]));
    this.regex = new RegExp(translate(pattern), "gu");
    this.specials = new Map(Object.entries(specials));
    for (const [name, id] of this.specials) this.tokens[id] = toBytes(name);
    const longestFirst = [...this.specials.keys()].sort((a, b) => b.length - a.length);
    const escaped = longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|\/]/g, "\\$&"));
    this.seam = escaped.length ? new RegExp(`(${escaped.join("|")})`, "u") : null;
    this.cache = new Map();
  }

  /** The ids of a text; special tokens are ordinary text unless `special`. Error: see `half`. */
  encode(text, special = false) {
    const half = /\p{Surrogate}/u.exec(text);
    if (half) {
      const code = half[0].charCodeAt(0).toString(16);
      throw Error(`The text holds \\u${code}, half of a surrogate pair, which is no character: remove it.`);
    }
    const parts = special && this.seam ? text.split(this.seam) : [text];
    const ids = [];
    parts.forEach((part, i) => {
      if (i % 2) ids.push(this.specials.get(part));
      else for (const word of part.match(this.regex) ?? []) for (const id of this.word(word)) ids.push(id);
    });
    return ids;
  }

  /** The ids of one word, from the cache if it has them. */
  word(word) {
    let ids = this.cache.get(word);
    if (ids) return ids;
    ids = cutWord(toBytes(word), this.ranks).map((token) => this.ranks.get(token));
    if (word.length <= 64) {
      if (this.cache.size >= KEPT) this.cache.clear();
      this.cache.set(word, ids);
    }
    return ids;
  }

  isSpecial(id) {
    return id >= 256 + this.merges.length;
  }

  /** The two ids that a merged token was made of; null for a byte and a special token. */
  parts(id) {
    return this.merges[id - 256] ?? null;
  }

  /** The ids of all merges that led to a token, itself the last. */
  history(id) {
    const found = new Set();
    const visit = (one) => {
      const parts = this.parts(one);
      if (!parts || found.has(one)) return;
      found.add(one);
      parts.forEach(visit);
    };
    visit(id);
    return [...found].sort((a, b) => a - b);
  }
}

// ---- what a token looks like -----------------------------------------------------------------

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const SIGNS = { " ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍" };
const UNSEEN = /[\p{White_Space}\p{Cc}\p{Cf}\p{Variation_Selector}\p{Default_Ignorable_Code_Point}]/u;

const hex = (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0");
const numbered = (c) => `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** A character as [text, kind]: kind is "sign" where another sign stands for it. */
function visible(c, first = true) {
  if (SIGNS[c]) return [SIGNS[c], "sign"];
  if (UNSEEN.test(c)) return [numbered(c), "sign"];
  return [first && /\p{M}/u.test(c) ? `\u25cc${c}` : c, "text"];
}

/** The whole characters of a string of bytes, and as "byte" those that are parts of one. */
export function pieces(token) {
  const found = [];
  const whole = (i, length) => {
    try {
      const bytes = Uint8Array.from(token.slice(i, i + length), (byte) => byte.charCodeAt(0));
      return length ? DECODER.decode(bytes) : null;
    } catch {
      return null;
    }
  };
  for (let i = 0; i < token.length; ) {
    const lead = token.charCodeAt(i);
    const length = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const character = whole(i, length);
    found.push(character === null ? [hex(token[i]), "byte"] : visible(character, i === 0));
    i += character === null ? 1 : length;
  }
  return found;
}

// ---- small helpers ---------------------------------------------------------------------------

function html(tag, { on = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  node.append(...children.flat());
  return node;
}

const count = (n) => n.toLocaleString("en");
const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
const drawn = (found) =>
  found.map(([text, kind]) => (kind === "text" ? text : html("i", { class: `tp-${kind}` }, text)));

/** Cells that follow each other; after a change only those that differ are drawn anew. */
class Strip {
  constructor(box, make, tinted = false) {
    Object.assign(this, { box, make, tinted, keys: [], nodes: [] });
  }

  show(keys) {
    const old = this.keys;
    const most = Math.min(old.length, keys.length);
    let head = 0;
    while (head < most && old[head] === keys[head]) head++;
    let tail = 0;
    while (tail < most - head && old.at(-1 - tail) === keys.at(-1 - tail)) tail++;
    const fresh = keys.slice(head, keys.length - tail).map(this.make);
    const gone = this.nodes.slice(head, this.nodes.length - tail);
    const after = this.nodes[this.nodes.length - tail] ?? null;
    for (const node of gone) node.remove();
    const fragment = document.createDocumentFragment();
    fragment.append(...fresh);
    this.box.insertBefore(fragment, after);
    this.nodes = [...this.nodes.slice(0, head), ...fresh, ...this.nodes.slice(this.nodes.length - tail)];
    this.keys = keys;
    if (this.tinted) this.tint(head, head + fresh.length);
  }

  /** Give three tints in turn; where new cells meet old ones, one that neither neighbour has.

  (With two, by even and odd places, a token more would be a new look for all that follow.) */
  tint(from, to) {
    const of = (i) => Number(this.nodes[i]?.dataset.tint ?? -1);
    const joined = from === to && from > 0 && of(from - 1) === of(from);
    for (let i = from; i < to + joined && i < this.nodes.length; i++) {
      const next = i + 1 < to ? -1 : of(i + 1);
      let own = (of(i - 1) + 1) % 3;
      if (own === next) own = (own + 1) % 3;
      this.nodes[i].dataset.tint = own;
    }
  }

  /** Mark the cells from one to another, and no others. */
  mark(name, from, to) {
    for (const node of this.box.querySelectorAll(`.${name}`)) node.classList.remove(name);
    for (const node of this.nodes.slice(from, to)) node.classList.add(name);
  }
}

// ---- the widget ------------------------------------------------------------------------------

class Playground {
  constructor(data, el) {
    this.encoder = new Encoder(data);
    this.presets = data.presets;
    this.id = `tp-${Math.random().toString(36).slice(2, 8)}`;
    this.build(el);
    this.choose(0);
    clearTimeout(this.timer); // what nobody has asked for is not announced
  }

  destroy() {
    clearTimeout(this.timer);
    this.wait();
    this.resized.disconnect();
  }

  // -- building

  build(el) {
    this.resized = new ResizeObserver(() => this.reach());
    const options = this.presets.map(([name], i) => html("option", { value: i }, name));
    this.preset = html(
      "select",
      { on: { change: () => this.choose(Number(this.preset.value)) } },
      options,
      html("option", { value: -1 }, "your own text"),
    );
    this.input = html("textarea", {
      rows: 4,
      dir: "auto",
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      autocorrect: "off",
      "aria-label": "Text to cut",
      on: { input: () => this.typed() },
    });
    this.readouts = html("p", { class: "w-readouts" });
    this.note = html("p", { class: "w-note tp-title" });
    this.detail = html("div", { class: "tp-detail" });
    this.live = html("p", { class: "w-hidden", role: "status" });
    const tokens = this.tokenBox();
    const panel = (name, box, title = html("p", { class: "w-note" })) => {
      this[`${name}Title`] = title;
      return html("div", { class: `tp-panel tp-${name}` }, title, box);
    };
    const cells = (name, make) => {
      const box = html("div", { class: "tp-cells", role: "group", "aria-label": name });
      this.resized.observe(box);
      this[name] = new Strip(box, make);
      return panel(name, box);
    };
    el.replaceChildren(
      html(
        "div",
        { class: "widget-body tp" },
        html(
          "div",
          { class: "w-row" },
          html("label", { class: "w-grow" }, html("span", {}, "Text"), this.preset),
          this.specialChoice(),
        ),
        this.input,
        this.readouts,
        panel("tokens", tokens, this.note),
        this.detail,
        html(
          "div",
          { class: "tp-others" },
          cells("characters", (c) => html("span", {}, drawn([visible(c)]))),
          cells("bytes", (byte) => html("span", {}, byte)),
        ),
        this.live,
      ),
    );
  }

  tokenBox() {
    this.box = html("div", {
      class: "tp-tokens-box",
      tabindex: 0,
      role: "listbox",
      "aria-label": "Tokens",
      on: {
        keydown: (event) => this.key(event),
        pointerover: (event) => event.pointerType !== "touch" && this.hover(this.at(event)),
        pointerleave: () => this.hover(null),
        click: (event) => this.select(this.at(event) ?? this.selected),
      },
    });
    const make = (id) => {
      const text = this.encoder.tokens[id];
      const mark = text.includes("\n") ? "tp-token tp-break" : "tp-token";
      return html("span", { class: mark, role: "option", "data-id": id }, this.chip(id));
    };
    this.strip = new Strip(this.box, make, true);
    return this.box;
  }

  specialChoice() {
    this.special = html("input", { type: "checkbox", on: { change: () => this.update() } });
    const names = [...this.encoder.specials.keys()].join(", ");
    return names ? html("label", { class: "w-check" }, this.special, ` read ${names} as special`) : "";
  }

  /** A token as it is drawn everywhere, its id below it. */
  chip(id) {
    return html("span", { class: "tp-chip", "data-id": id }, drawn(pieces(this.encoder.tokens[id])));
  }

  // -- the text

  choose(index) {
    if (index >= 0) this.input.value = this.presets[index][1];
    else this.input.select();
    this.preset.value = index;
    this.selected = 0;
    this.update();
    this.select(Math.max(0, this.ids.findIndex((id) => this.encoder.parts(id)))); // it has a history
  }

  /** Cut what has been typed before the next frame; a long text when no key follows for a while. */
  typed() {
    this.preset.value = -1;
    this.wait();
    this.box.setAttribute("aria-busy", "true");
    if (this.input.textLength > LONG.characters) this.pause = setTimeout(() => this.update(), LONG.pause);
    else this.frame = requestAnimationFrame(() => this.update());
  }

  /** Forget the cut that was to come. */
  wait() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.pause);
    this.box.removeAttribute("aria-busy");
  }

  /** Cut the text afresh and show it. */
  update() {
    this.wait();
    this.text = this.input.value;
    this.ids = [];
    this.failure = "";
    try {
      this.ids = this.encoder.encode(this.text, this.special.checked);
    } catch (error) {
      this.failure = error.message;
    }
    const characters = this.failure ? [] : Array.from(this.text);
    const bytes = this.failure ? "" : toBytes(this.text);
    this.hovered = null;
    this.strip.show(this.ids.slice(0, DRAWN.tokens));
    this.showCells("characters", characters);
    this.showCells("bytes", Array.from(bytes.slice(0, DRAWN.parts), hex), bytes.length);
    this.showReadouts(characters.length, bytes.length);
    this.showNote();
    this.selected = Math.max(0, Math.min(this.selected, this.strip.nodes.length - 1));
    this.mark();
    this.reach();
    this.announce(characters.length, bytes.length);
  }

  /** The keyboard stops at characters and bytes only where there is something to scroll. */
  reach() {
    for (const { box } of [this.characters, this.bytes]) {
      if (box.scrollHeight > box.clientHeight) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  showCells(name, cells, total = cells.length) {
    this[name].show(cells.slice(0, DRAWN.parts));
    const title = name === "bytes" ? "In bytes, written in base 16" : "In characters";
    const rest = total > DRAWN.parts ? `, the first ${DRAWN.parts}` : "";
    this[`${name}Title`].textContent = title + rest;
  }

  showReadouts(characters, bytes) {
    const n = this.ids.length;
    const item = (name, value) => html("span", {}, html("small", {}, name), " ", html("b", {}, value));
    this.readouts.replaceChildren(
      item("Tokens", this.failure ? "–" : count(n)),
      item("Characters", this.failure ? "–" : count(characters)),
      item("Bytes", this.failure ? "–" : count(bytes)),
      item("Characters a token", n ? (characters / n).toFixed(2) : "–"),
    );
  }

  showNote() {
    const held = [...this.encoder.specials.keys()].find((name) => this.text.includes(name));
    const rest = this.ids.length > DRAWN.tokens ? `, the first ${count(DRAWN.tokens)}` : "";
    const slow = this.text.length > LONG.characters ? "; cut when you pause" : "";
    this.note.textContent =
      this.failure ||
      (held && !this.special.checked
        ? `In tokens${rest}; ${held} is read as ordinary text${slow}`
        : `In tokens, each with its id${rest}${slow}`);
    this.note.classList.toggle("tp-failure", Boolean(this.failure));
  }

  announce(characters, bytes) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const sizes = [plural(this.ids.length, "token"), plural(characters, "character"), plural(bytes, "byte")];
      this.live.textContent = this.failure || `${sizes.join(", ")}.`;
    }, 700);
  }

  // -- choosing a token

  /** The number of the token that an event is about; null beside the tokens. */
  at(event) {
    const node = event.target.closest(".tp-token");
    return node ? this.strip.nodes.indexOf(node) : null;
  }

  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.mark();
  }

  select(i) {
    this.selected = i;
    this.hovered = null;
    this.mark();
    const chip = this.strip.nodes[i]?.firstChild;
    if (!chip) return;
    const { box } = this; // scrolled by hand: scrollIntoView would move the page as well
    const top = chip.getBoundingClientRect().top - box.getBoundingClientRect().top;
    const below = top + chip.offsetHeight + 6 - box.clientHeight;
    if (top < 4) box.scrollTop += top - 4;
    else if (below > 0) box.scrollTop += below;
  }

  key(event) {
    const last = this.strip.nodes.length - 1;
    const i = this.selected;
    const target = {
      ArrowRight: i + 1,
      ArrowDown: i + 1,
      ArrowLeft: i - 1,
      ArrowUp: i - 1,
      PageDown: i + 10,
      PageUp: i - 10,
      Home: 0,
      End: last,
    }[event.key];
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (last >= 0) this.select(Math.max(0, Math.min(last, target)));
  }

  /** Mark the token in focus, its characters and its bytes, and say what it is. */
  mark() {
    const focus = this.hovered ?? this.selected;
    const bytesBefore = (n) => this.ids.slice(0, n).reduce((sum, id) => sum + this.size(id), 0);
    const from = bytesBefore(focus);
    const to = this.ids.length ? from + this.size(this.ids[focus]) : 0;
    this.strip.mark("tp-focus", focus, focus + 1);
    this.bytes.mark("tp-here", from, to);
    this.characters.mark("tp-here", ...this.span(from, to));
    this.box.querySelector(`#${this.id}`)?.removeAttribute("id");
    for (const node of this.box.querySelectorAll("[aria-selected]")) node.removeAttribute("aria-selected");
    const chosen = this.strip.nodes[this.selected];
    chosen?.setAttribute("id", this.id);
    chosen?.setAttribute("aria-selected", "true");
    if (chosen) this.box.setAttribute("aria-activedescendant", this.id);
    else this.box.removeAttribute("aria-activedescendant");
    this.detail.replaceChildren(...(this.ids.length ? this.account(this.ids[focus]) : []));
    this.detail.dataset.id = this.ids[focus] ?? "";
    chosen?.setAttribute("aria-label", this.sentence(this.ids[this.selected]));
  }

  size(id) {
    return this.encoder.tokens[id].length;
  }

  /** The characters that bytes from…to belong to, as far as they are drawn. */
  span(from, to) {
    let [first, last, at] = [0, 0, 0];
    for (const c of this.characters.keys) {
      const code = c.codePointAt(0);
      at += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      if (at <= from) first++;
      last++;
      if (at >= to) break;
    }
    return to > from ? [first, last] : [0, 0];
  }

  // -- what is said about a token

  origin(id) {
    const parts = this.encoder.parts(id);
    if (this.encoder.isSpecial(id)) return "a special token: merges do not touch it";
    if (!parts) return "a single byte: its id is its value, and no merge made it";
    return `rank ${id}, merge ${id - 255} of ${this.encoder.merges.length}`;
  }

  sentence(id) {
    const text = (one) => pieces(this.encoder.tokens[one]).map(([piece]) => piece).join("");
    const made = this.encoder.parts(id)?.map(text).join(" and ");
    return `${text(id)}, id ${id}, ${this.origin(id)}${made ? `, of ${made}` : ""}`;
  }

  account(id) {
    const bytes = Array.from(this.encoder.tokens[id], hex).join(" ");
    const fact = (name, value) => html("span", {}, html("small", {}, name), " ", html("code", {}, value));
    const lines = [
      html(
        "p",
        { class: "tp-facts" },
        this.chip(id),
        fact("id", String(id)),
        fact(this.size(id) === 1 ? "byte" : `${this.size(id)} bytes`, bytes),
      ),
      html("p", { class: "tp-origin" }, ...this.made(id)),
    ];
    const earlier = this.encoder.history(id).slice(0, -1);
    if (earlier.length) lines.push(html("p", { class: "tp-history" }, ...this.steps(earlier)));
    return lines;
  }

  /** Where it comes from: rank and the two parts. */
  made(id) {
    const parts = this.encoder.parts(id);
    const origin = this.origin(id);
    const sentence = origin[0].toUpperCase() + origin.slice(1);
    if (!parts) return [`${sentence}.`];
    return [`${sentence}: `, this.chip(parts[0]), " + ", this.chip(parts[1])];
  }

  /** The merges before the last one, in the order they were learned. */
  steps(ids) {
    const plain = (id) => html("b", {}, drawn(pieces(this.encoder.tokens[id])));
    const step = (id) => {
      const [left, right] = this.encoder.parts(id);
      const number = html("small", {}, `${id - 255}`);
      return html("span", {}, number, " ", plain(left), " + ", plain(right));
    };
    return [html("small", {}, "Merges before it:"), ...ids.map(step)];
  }
}

export default {
  render({ model, el }) {
    const playground = new Playground(model.get("data"), el);
    return () => playground.destroy();
  },
};
