/* Every head of a trained model on a text: where it looks from one token, from all, on average.

data: { head: [layer, head] to begin with,
        entropy, distance: for each layer a number for each head, its means over some text,
        texts: [{ name, tokens: [string…], token: the index to begin with,
                  weights: base64 of numbers of 16 bits, low byte first, in parts of 65,535:
                  layer by layer, head by head, the rows of the lower triangle }…] }

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. The colours are the page's; widgets.css holds the styles. */

const FULL = 65_535; // what a weight of 1 is stored as
const LEVELS = 24; // shades of a map
const FAINT = 0.005; // no line stands for a smaller weight

// ---- the numbers -----------------------------------------------------------------------------

/** The weights of one text: for each head, for each token, its row up to itself. */
export function unpack({ name, tokens, weights }, heads) {
  const bytes = Uint8Array.from(atob(weights), (character) => character.charCodeAt(0));
  const pairs = (tokens.length * (tokens.length + 1)) / 2;
  if (bytes.length !== 2 * pairs * heads)
    throw new Error(`text "${name}": ${bytes.length / 2} weights, not ${heads} times ${pairs}`);
  const view = new DataView(bytes.buffer);
  let at = -2;
  const next = () => view.getUint16((at += 2), true) / FULL;
  const rows = () => tokens.map((_, t) => Array.from({ length: t + 1 }, next));
  return Array.from({ length: heads }, rows);
}

/** How spread a row of weights is, in bits. */
export const entropy = (row) => row.reduce((sum, w) => (w > 0 ? sum - w * Math.log2(w) : sum), 0);

/** How many tokens back a row of weights looks on average; its last weight is the token's own. */
export const distance = (row) => row.reduce((sum, w, j) => sum + w * (row.length - 1 - j), 0);

/** The places of a row's largest weights, the largest first. */
export const largest = (row, n) =>
  [...row.keys()].sort((a, b) => row[b] - row[a] || b - a).slice(0, n);

/** The heads as places in a list: "layer", or from the least to the most "entropy", "distance". */
export const ordered = (heads, by) =>
  [...heads.keys()].sort((a, b) => (by === "layer" ? a - b : heads[a][by] - heads[b][by] || a - b));

/** A token with its spaces and line breaks to be seen. */
export const visible = (token) => token.replaceAll(" ", "·").replaceAll("\n", "⏎");

/** A token to be heard. */
export function spoken(token) {
  const word = token.replaceAll("\n", " line break ").trim();
  if (!word) return "space";
  return /^ /.test(token) ? `space ${word}` : word;
}

/** The heads of the data with their names and means; an error where the data does not fit. */
function headsOf({ entropy: spread, distance: reach, head: [layer, place], texts }) {
  const heads = spread.flatMap((row, l) =>
    row.map((bits, h) => ({ name: `${l}.${h}`, entropy: bits, distance: reach[l]?.[h] })),
  );
  const numbers = heads.flatMap((head) => [head.entropy, head.distance]);
  const known = spread[layer]?.[place] !== undefined;
  if (!known || !numbers.every(Number.isFinite) || reach.flat().length !== heads.length)
    throw new Error("entropy, distance and head do not fit each other");
  for (const { name, tokens, token } of texts)
    if (!(token in tokens)) throw new Error(`text "${name}" has no token ${token}`);
  return heads;
}

// ---- small helpers ---------------------------------------------------------------------------

/** An element: "tag.class", attributes and listeners (on…), children. */
function make(namespace, [tagged, ...parts]) {
  const [tag, ...classes] = tagged.split(".");
  const node = document.createElementNS(`http://www.w3.org/${namespace}`, tag);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  if (parts[0]?.constructor === Object)
    for (const [name, value] of Object.entries(parts.shift()))
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value);
  node.append(...parts.flat(Infinity));
  return node;
}
const html = (...parts) => make("1999/xhtml", parts);
const svg = (...parts) => make("2000/svg", parts);

const share = (w) => (w < 0.0005 ? "0" : w.toFixed(3));
const fixed = (x, places) => x.toFixed(places).replace(/^-(?=[0.]*$)/, "");

/** A token's text, the sign for a line break a little larger. */
const written = (token) =>
  visible(token)
    .split(/(⏎)/)
    .map((part) => (part === "⏎" ? html("i.ae-break", part) : part));

/** The nearest item in the row above (way −1) or below (1), by where they stand on the screen. */
function across(items, from, way) {
  const middle = (item) => {
    const { x, y, width, height } = item.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const [x, y] = middle(items[from]);
  const far = items.map((item) => {
    const [a, b] = middle(item);
    return way * (b - y) > 4 ? way * (b - y) * 1000 + Math.abs(a - x) : Infinity;
  });
  const least = Math.min(...far);
  return least < Infinity ? far.indexOf(least) : from;
}

/** Which of the items a key leads to from one of them; undefined for other keys. */
function target(key, items, from) {
  const last = items.length - 1;
  if (key === "ArrowRight") return Math.min(from + 1, last);
  if (key === "ArrowLeft") return Math.max(from - 1, 0);
  if (key === "ArrowDown" || key === "ArrowUp")
    return across(items, from, key === "ArrowDown" ? 1 : -1);
  return { Home: 0, End: last }[key];
}

/** Keys for a group of buttons of which one is chosen; `items` gives them in their order. */
function onkeys(items, choose) {
  return (event) => {
    const all = items();
    const to = target(event.key, all, all.indexOf(event.target.closest("button")));
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    choose(all[to]);
    all[to].focus();
  };
}

/** Mark one button of a group as chosen: the only one that Tab reaches. */
function check(buttons, chosen) {
  for (const button of buttons) {
    button.setAttribute("aria-checked", button === chosen);
    button.tabIndex = button === chosen ? 0 : -1;
  }
}

/** One head's weights as a picture: a path for each shade, on the triangle of what can be seen. */
function map(rows) {
  const size = rows.length;
  const paths = Array.from({ length: LEVELS + 1 }, () => "");
  rows.forEach((row, t) =>
    row.forEach((w, j) => (paths[Math.round(LEVELS * Math.sqrt(w))] += `M${j} ${t}h1v1h-1z`)),
  );
  const ground = rows.map((_, t) => `M0 ${t}h${t + 1}v1h-${t + 1}z`).join("");
  const shades = paths.flatMap((d, level) =>
    level && d ? [svg("path", { d, "fill-opacity": (level / LEVELS).toFixed(3) })] : [],
  );
  const frame = svg("rect.ae-row", { x: 0, height: 1 });
  const box = { viewBox: `0 0 ${size} ${size}`, "aria-hidden": true };
  return { node: svg("svg.ae-map", box, svg("path.ae-seen", { d: ground }), shades, frame), frame };
}

/** A line from one token to another: an arch within a line of text, a curve to a line above. */
function curve(from, to) {
  const [x0, x1] = [from.x + from.width / 2, to.x + to.width / 2];
  if (Math.abs(from.y - to.y) < 4) {
    const top = from.y - Math.min(24, 7 + Math.abs(x1 - x0) / 9);
    return `M${x0} ${from.y}C${x0} ${top} ${x1} ${top} ${x1} ${to.y}`;
  }
  const low = to.y + to.height;
  const bend = Math.max(14, (from.y - low) / 2);
  return `M${x0} ${from.y}C${x0} ${from.y - bend} ${x1} ${low + bend} ${x1} ${low}`;
}

// ---- the widget ------------------------------------------------------------------------------

class Explorer {
  constructor(data, el) {
    this.heads = headsOf(data);
    this.texts = data.texts.map((text) => ({ ...text, rows: unpack(text, this.heads.length) }));
    this.id = Math.random(); // tells the radio buttons of two explorers apart
    this.head = this.heads.findIndex(({ name }) => name === data.head.join("."));
    this.build(el);
    this.arrange("layer");
    this.open(0);
    clearTimeout(this.timer); // what nobody has asked for is not announced
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.root);
  }

  destroy() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  // -- building

  build(el) {
    const names = this.texts.map(({ name }) => name);
    const orders = ["layer", "entropy", "distance"];
    this.readouts = html("p.w-readouts");
    this.steps = [-1, 1].map((by) => this.step(by));
    this.curves = svg("svg.ae-curves", { "aria-hidden": true });
    this.texts.forEach((text) => this.buildText(text));
    this.buildHeads();
    this.live = html("p.w-hidden", { role: "status" });
    this.root = html(
      "div.widget-body.ae",
      this.choices("Text", names, (i) => this.open(i)),
      html("div.ae-now", this.readouts, this.steps),
      html("div.ae-texts", this.curves, this.texts.map(({ node }) => node)),
      html(
        "div.w-row.ae-bar",
        this.choices("Heads by", orders, (i) => this.arrange(orders[i])),
        this.key(),
      ),
      this.grid,
      this.note(),
      this.live,
    );
    el.replaceChildren(this.root);
  }

  /** Buttons of which one is down, the first at the start. */
  choices(label, names, choose) {
    const group = { role: "radiogroup", "aria-label": label };
    const buttons = names.map((name, i) => {
      const attributes = { type: "radio", name: this.id + label, onchange: () => choose(i) };
      const input = html("input.w-hidden", attributes);
      input.checked = i === 0;
      return html("label", input, name);
    });
    return html("div.ae-choices", group, html("span.w-note", label), buttons);
  }

  /** A button for the token before or after, for a thumb that sees the heads and not the text. */
  step(by) {
    const attributes = {
      type: "button",
      "aria-label": by < 0 ? "Token before" : "Token after",
      onclick: () => this.choose(this.text.token + by),
    };
    const d = by < 0 ? "M9 2L4 7L9 12" : "M5 2L10 7L5 12";
    const picture = svg("svg", { width: 14, height: 14, "aria-hidden": true }, svg("path", { d }));
    return html("button.ae-step", attributes, picture);
  }

  /** A text in its own lines, each token a button. */
  buildText(text) {
    text.chips = text.tokens.map((token, t) => this.chip(text, token, t));
    const lines = [[]];
    text.tokens.forEach((token, t) => {
      lines.at(-1).push(text.chips[t]);
      if (token.includes("\n") && t + 1 < text.tokens.length) lines.push([]);
    });
    const choose = (button) => this.choose(text.chips.indexOf(button));
    const attributes = {
      role: "radiogroup",
      "aria-label": "The token that looks",
      onkeydown: onkeys(() => text.chips, choose),
      onpointerleave: () => this.show(text.token),
    };
    text.node = html("div.ae-text", attributes, lines.map((line) => html("div", line)));
  }

  buildHeads() {
    const choose = (button) => this.pick(this.cards.findIndex(({ node }) => node === button));
    this.cards = this.heads.map((head, h) => this.card(head, h));
    this.grid = html("div.ae-grid", {
      role: "radiogroup",
      "aria-label": "Heads",
      onkeydown: onkeys(() => [...this.grid.children], choose),
    });
    const columns = this.heads.filter(({ name }) => name.startsWith("0.")).length;
    this.grid.style.setProperty("--ae-heads", columns);
  }

  chip(text, token, t) {
    const number = html("small");
    const button = html(
      "button.ae-token",
      {
        type: "button",
        role: "radio",
        onclick: () => this.choose(t),
        onpointerenter: ({ pointerType }) => pointerType === "mouse" && this.show(t),
      },
      html("span", written(token)),
      number,
    );
    return Object.assign(button, { number });
  }

  card({ name, entropy: bits, distance: back }, h) {
    const bars = svg("svg.ae-bars", { "aria-hidden": true, preserveAspectRatio: "none" });
    const picture = html("span.ae-picture");
    const most = html("span.ae-most");
    const value = (kind, x, places, unit) =>
      html("span", { "data-kind": kind, "data-value": x }, `${fixed(x, places)} `, html("small", unit));
    const node = html(
      "button.ae-head",
      { type: "button", role: "radio", onclick: () => this.pick(h) },
      picture,
      html(
        "span.ae-label",
        html("b", html("span.w-hidden", "head "), name),
        value("entropy", bits, 2, "bits"),
        value("distance", back, 1, "back"),
      ),
      bars,
      most,
    );
    return { node, picture, bars, most };
  }

  /** What the shades mean. */
  key() {
    const swatch = (w) =>
      html(
        "span",
        svg("svg.ae-map", { width: 14, height: 14, "aria-hidden": true, viewBox: "0 0 1 1" },
          svg("path.ae-seen", { d: "M0 0h1v1h-1z" }),
          svg("path", { d: "M0 0h1v1h-1z", "fill-opacity": Math.sqrt(w) })),
        ` ${w}`,
      );
    return html("p.w-key", html("span", "Weight"), [0, 0.01, 0.1, 0.4, 1].map(swatch));
  }

  note() {
    const text =
      "A map has a row for each token that looks and a column for each that is looked at, from the " +
      "top left. Framed, and drawn again as bars: the row of the chosen token, with where most of it " +
      "goes. Bits and tokens back are the head’s means over the validation text. Weights are kept " +
      "in steps of 1/65,535 and shown with three decimals.";
    return html("p.w-note", text);
  }

  // -- choosing

  open(index) {
    this.text = this.texts[index];
    this.texts.forEach(({ node }, i) => node.classList.toggle("ae-off", i !== index));
    this.cards.forEach((card, h) => {
      const { node, frame } = map(this.text.rows[h]);
      card.picture.replaceChildren(node);
      card.frame = frame;
      card.bars.setAttribute("viewBox", `0 0 ${this.text.tokens.length} 1`);
    });
    this.choose(this.text.token);
  }

  /** Keep a token. */
  choose(t) {
    this.text.token = t;
    check(this.text.chips, this.text.chips[t]);
    this.steps[0].disabled = t === 0;
    this.steps[1].disabled = t === this.text.chips.length - 1;
    this.show(t);
  }

  /** Enlarge a head. */
  pick(h) {
    this.head = h;
    this.show(this.shown);
  }

  arrange(by) {
    this.grid.append(...ordered(this.heads, by).map((h) => this.cards[h].node));
  }

  // -- showing

  /** Show where all heads look from token t. */
  show(t) {
    this.shown = t;
    const { tokens, chips, rows } = this.text;
    this.cards.forEach((card, h) => this.fill(card, rows[h][t]));
    check(this.cards.map(({ node }) => node), this.cards[this.head].node);
    const row = rows[this.head][t];
    chips.forEach((chip, j) => this.weigh(chip, tokens[j], row[j]));
    chips.forEach((chip, j) => chip.classList.toggle("ae-looks", j === t));
    this.tell(row);
    this.draw();
  }

  fill({ frame, bars, most }, row) {
    const t = row.length - 1;
    frame.setAttribute("y", t);
    frame.setAttribute("width", t + 1);
    const bar = (w, j) => svg("rect", { x: j + 0.08, y: 1 - w, width: 0.84, height: w });
    bars.replaceChildren(...row.map(bar));
    const [first] = largest(row, 1);
    most.dataset.value = row[first];
    most.replaceChildren(html("code", written(this.text.tokens[first])), " ", fixed(row[first], 2));
  }

  /** Write a weight below its token; what comes later has none. */
  weigh(chip, token, w) {
    const later = w === undefined;
    chip.number.textContent = later ? "" : share(w);
    chip.style.setProperty("--shade", `${later ? 0 : 100 * Math.sqrt(w)}%`);
    chip.classList.toggle("ae-later", later);
    chip.classList.toggle("ae-slight", !later && w < 0.0995);
    chip.setAttribute("aria-label", `${spoken(token)}, ${later ? "later" : share(w)}`);
    if (later) delete chip.dataset.value;
    else chip.dataset.value = w;
  }

  tell(row) {
    const { tokens } = this.text;
    const name = this.heads[this.head].name;
    const [bits, back] = [entropy(row), distance(row)];
    const item = (kind, label, value, x) =>
      html("span", html("small", label), html("b", { "data-kind": kind, "data-value": x }, value));
    const token = html("code", written(tokens[row.length - 1]));
    this.readouts.replaceChildren(
      item("head", "Head", name, name),
      item("token", "from token", token, row.length - 1),
      item("entropy", "entropy of its row", `${fixed(bits, 2)} bits`, bits),
      item("distance", "mean distance", `${fixed(back, 1)} tokens`, back),
    );
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const most = largest(row, 3).map((j) => `${spoken(tokens[j])} ${share(row[j])}`);
      const from = `${spoken(tokens[row.length - 1])}, token ${row.length} of ${tokens.length}`;
      const means = `${fixed(bits, 2)} bits, ${fixed(back, 1)} tokens back`;
      this.live.textContent = `Head ${name} from ${from}: ${means}; most on ${most.join(", ")}.`;
    }, 500);
  }

  /** Draw a line from the token that looks to each that gets some weight. */
  draw() {
    const { chips, rows } = this.text;
    const { left, top } = this.curves.getBoundingClientRect();
    const places = chips.map((chip) => {
      const { x, y, width, height } = chip.getBoundingClientRect();
      return { x: x - left, y: y - top, width, height };
    });
    const t = this.shown;
    const line = (w, j) => {
      const d = curve(places[t], places[j]);
      const style = { "stroke-width": (0.8 + 5 * w).toFixed(2), "data-to": j };
      return svg("path", { d, ...style, "stroke-opacity": (0.3 + 0.6 * Math.sqrt(w)).toFixed(2) });
    };
    const lines = rows[this.head][t].map((w, j) => (j === t || w < FAINT ? [] : line(w, j)));
    this.curves.replaceChildren(...lines.flat());
  }
}

export default {
  render({ model, el }) {
    const explorer = new Explorer(model.get("data"), el);
    return () => explorer.destroy();
  },
};
