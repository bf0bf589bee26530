/* Temperature, top-k and top-p at work on the next-token distribution of a model.

data: { contexts: [{ text, tokens: [string…], logits: [number or null for minus infinity…] }…],
        unit: "character", seed: 1 }

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. Everything is drawn with the page's own colours; widgets.css holds the styles. */

const SHOWN = 100; // bars drawn; a larger vocabulary keeps its tail out of sight
const GLYPHS = { "\n": "⏎", " ": "␣", "\t": "⇥" };

const steps = (from, to, by) =>
  Array.from({ length: Math.round((to - from) / by) + 1 }, (_, i) => (from + i * by) / 100);
const TEMPERATURES = [
  0,
  ...steps(5, 20, 1),
  ...steps(22, 50, 2),
  ...steps(55, 150, 5),
  ...steps(160, 300, 10),
];

// ---- the computation -------------------------------------------------------------------------

/** Indices from the most to the least likely; equal logits keep the vocabulary's order. */
const ranking = (logits) => logits.map((_, i) => i).sort((a, b) => logits[b] - logits[a] || a - b);

/** log Σ exp(x), without overflow. */
function logSumExp(values) {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

const softmax = (values) => {
  const total = logSumExp(values);
  return values.map((value) => Math.exp(value - total));
};

/** How many of `probabilities`, in descending order, it takes to reach the sum `p`. */
function nucleus(probabilities, p) {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    sum += probabilities[i];
    if (sum >= p - 1e-12) return i + 1;
  }
  return probabilities.length;
}

/** Reshape ranked logits: temperature, then top-k, then top-p, then renormalise what is left. */
export function reshape(logits, { temperature, k, p }) {
  const possible = logits.filter((z) => z > -Infinity).length;
  const greedy = temperature === 0;
  const scaled = greedy ? logits : logits.map((z) => z / temperature);
  const afterK = greedy ? 1 : Math.min(k, possible);
  const kept = p < 1 ? nucleus(softmax(scaled.slice(0, afterK)), p) : afterK;
  const logTotal = logSumExp(scaled.slice(0, kept));
  return {
    scaled,
    possible,
    afterK,
    kept,
    logTotal,
    probabilities: scaled.map((z, i) => (i < kept ? Math.exp(z - logTotal) : 0)),
  };
}

const entropy = (probabilities) =>
  probabilities.reduce((sum, q) => (q > 0 ? sum - q * Math.log2(q) : sum), 0);

/** A small seeded generator (mulberry32): the same seed draws the same tokens in every browser. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The index at which the running sum of `probabilities` passes `u` in [0, 1). */
function pick(probabilities, kept, u) {
  let sum = 0;
  for (let i = 0; i < kept - 1; i++) if ((sum += probabilities[i]) > u) return i;
  return kept - 1;
}

// ---- small helpers ---------------------------------------------------------------------------

function make(namespace, tag, { on = {}, ...attributes }, children) {
  const node = document.createElementNS(`http://www.w3.org/${namespace}`, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  node.append(...children.flat());
  return node;
}
const html = (tag, attributes = {}, ...children) => make("1999/xhtml", tag, attributes, children);
const svg = (tag, attributes = {}, ...children) => make("2000/svg", tag, attributes, children);
const math = (tag, ...children) => make("1998/Math/MathML", tag, {}, children);

/** MathML for symbols, numbers and signs separated by spaces. */
const row = (text) =>
  math(
    "mrow",
    ...text
      .split(" ")
      .map((part) => math(/[a-z]/i.test(part) ? "mi" : /\d|∞/.test(part) ? "mn" : "mo", part)),
  );
const fraction = (above, below) => math("mfrac", above, below);

const glyph = (token) => [...token].map((c) => GLYPHS[c] ?? c).join("");
const quoted = (token) =>
  ({ "\n": "line break", " ": "space", "\t": "tab" })[token] ?? `“${token}”`;

/** exp(log) for print, however large or small. */
function expText(log) {
  const exponent = Math.floor(log / Math.LN10);
  if (log === -Infinity) return "0";
  if (Math.abs(exponent) < 5) return String(Number(Math.exp(log).toPrecision(4)));
  const power = String(exponent).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  return `${Math.exp(log - exponent * Math.LN10).toFixed(2)}·10${power}`;
}
const share = (q) => (q === 0 ? "0" : q < 0.00005 ? "< 0.0001" : q.toFixed(4));
const ceiling = (q) => [0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((limit) => q <= limit) ?? 1;

// ---- the widget ------------------------------------------------------------------------------

class Lab {
  constructor(data, el) {
    this.data = data;
    this.unit = data.unit ?? "token";
    this.id = `tl-${Math.random().toString(36).slice(2, 8)}`;
    this.build(el);
    this.reset();
    clearTimeout(this.timer); // what nobody has asked for is not announced
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.scroller);
  }

  destroy() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  // -- building

  build(el) {
    const choices = this.data.contexts.map(({ text }, i) =>
      html("option", { value: i }, glyph(text)),
    );
    const button = (label, f) => html("button", { type: "button", on: { click: f } }, label);
    this.context = html("select", { on: { change: () => this.choose() } }, choices);
    this.t = this.slider("Temperature", TEMPERATURES.length - 1);
    this.k = this.slider("Top-k", 1);
    this.p = this.slider("Top-p", 95);
    this.readouts = html("p", { class: "w-readouts" });
    this.detail = html("div", { class: "tl-detail" });
    this.drawn = html("p", { class: "tl-drawn" });
    this.live = html("p", { class: "w-hidden", role: "status" });
    const order =
      "Applied in this order: temperature, top-k, top-p; what is kept is then renormalised.";
    el.replaceChildren(
      html(
        "div",
        { class: "widget-body tl" },
        html(
          "div",
          { class: "w-row" },
          html("label", { class: "w-grow" }, html("span", {}, "After the text"), this.context),
          button("Reset", () => this.reset()),
        ),
        html("div", { class: "tl-sliders" }, this.t.label, this.k.label, this.p.label),
        html("p", { class: "w-note" }, order),
        this.readouts,
        html(
          "p",
          { class: "w-key" },
          `Probability of the next ${this.unit}:`,
          this.swatch("new", "reshaped"),
          this.swatch("ghost", "as the model gives it"),
          this.swatch("cut", "cut"),
        ),
        this.buildChart(),
        this.detail,
        html(
          "div",
          { class: "w-row" },
          button("Draw 1", () => this.sample(1)),
          button("Draw 100", () => this.sample(100)),
          html(
            "p",
            { class: "w-key" },
            this.swatch("count", "drawn"),
            this.swatch("expected", "expected"),
          ),
        ),
        this.drawn,
        this.live,
      ),
    );
  }

  slider(name, max) {
    const value = html("b");
    const input = html("input", {
      type: "range",
      min: 0,
      max,
      "aria-label": name,
      on: { input: () => this.update() },
    });
    return { input, value, label: html("label", {}, html("span", {}, name), value, input) };
  }

  buildChart() {
    this.axis = svg("svg", { class: "tl-axis", "aria-hidden": "true" });
    this.chart = svg("svg", {
      class: "tl-chart",
      role: "listbox",
      tabindex: 0,
      "aria-orientation": "horizontal",
      "aria-label": `Every ${this.unit}, from the most to the least likely`,
      on: {
        keydown: (event) => this.key(event),
        pointermove: (event) => event.pointerType === "mouse" && this.point(event, false),
        pointerleave: () => this.hover(null),
        click: (event) => this.point(event, true),
      },
    });
    const onScroll = { scroll: () => this.showMore() };
    this.scroller = html("div", { class: "tl-scroller", on: onScroll }, this.chart);
    return html("div", { class: "tl-frame" }, this.axis, this.scroller);
  }

  swatch(name, text) {
    const id = `${this.id}-${name}`;
    const box = { class: `tl-${name}`, x: 1, y: 1, width: 12, height: 12 };
    if (name === "cut") box.fill = `url(#${id})`;
    if (name === "expected") Object.assign(box, { y: 6, height: 2 });
    return html(
      "span",
      {},
      svg(
        "svg",
        { width: 14, height: 14, "aria-hidden": "true" },
        name === "cut" ? this.hatch(id) : [],
        svg("rect", box),
      ),
      ` ${text}`,
    );
  }

  hatch(id) {
    return svg(
      "pattern",
      { id, width: 4, height: 4, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("line", { class: "tl-hatch", x1: 0, y1: 0, x2: 0, y2: 4 }),
    );
  }

  // -- state

  reset() {
    this.t.input.value = TEMPERATURES.indexOf(1);
    this.context.value = 0;
    this.choose();
    this.p.input.value = 95;
    this.k.input.value = this.k.input.max;
    this.update();
  }

  /** Take up the chosen context, with its tokens ranked. */
  choose() {
    const { tokens, logits } = this.data.contexts[this.context.value];
    const values = logits.map((z) => z ?? -Infinity);
    const order = ranking(values);
    this.tokens = order.map((i) => tokens[i]);
    this.logits = order.map((i) => values[i]);
    this.original = softmax(this.logits);
    const off = this.k.input.value === this.k.input.max;
    this.k.input.max = tokens.length - 1;
    if (off) this.k.input.value = this.k.input.max;
    this.selected = 0;
    this.hovered = null;
    this.update();
  }

  settings() {
    return {
      temperature: TEMPERATURES[this.t.input.value],
      k: Number(this.k.input.value) + 1,
      p: (Number(this.p.input.value) + 5) / 100,
    };
  }

  /** What follows from the controls. Draws belong to one distribution: they start over. */
  update() {
    const { temperature, k, p } = this.settings();
    const show = (slider, text, spoken = text) => {
      slider.value.textContent = text;
      slider.input.setAttribute("aria-valuetext", spoken);
    };
    show(
      this.t,
      temperature ? temperature.toFixed(2) : "greedy",
      temperature ? temperature.toFixed(2) : `0, greedy: always the most likely ${this.unit}`,
    );
    show(this.k, k === this.tokens.length ? "off" : String(k));
    show(this.p, p === 1 ? "off" : p.toFixed(2));
    this.result = reshape(this.logits, { temperature, k, p });
    this.counts = new Array(this.tokens.length).fill(0);
    this.sequence = [];
    this.random = generator(this.data.seed ?? 1);
    this.showReadouts();
    this.draw();
    this.announce(() => this.summary());
  }

  sample(n) {
    const { probabilities, kept } = this.result;
    for (let i = 0; i < n; i++) {
      const index = pick(probabilities, kept, this.random());
      this.counts[index] += 1;
      this.sequence.push(index);
    }
    this.draw();
    const last = this.sequence.slice(-n);
    this.announce(() =>
      n === 1
        ? `Drawn: ${quoted(this.tokens[last[0]])}.`
        : `${this.sequence.length} drawn; ${quoted(this.tokens[0])} came up ${this.counts[0]} times.`,
    );
  }

  // -- text

  showReadouts() {
    const { probabilities, kept, possible } = this.result;
    const item = (name, value, rest) =>
      html("span", {}, html("small", {}, name), " ", html("b", {}, value), rest);
    this.readouts.replaceChildren(
      item(
        "Entropy",
        entropy(probabilities).toFixed(2),
        ` bits (was ${entropy(this.original).toFixed(2)})`,
      ),
      item(`Kept ${this.unit}s`, String(kept), ` of ${possible}`),
    );
    this.readouts.dataset.entropy = entropy(probabilities);
    this.readouts.dataset.kept = kept;
  }

  summary() {
    const { probabilities, kept, possible } = this.result;
    return (
      `${kept} of ${possible} ${this.unit}s kept, entropy ${entropy(probabilities).toFixed(2)} bits. ` +
      `Most likely: ${quoted(this.tokens[0])}, ${share(probabilities[0])}.`
    );
  }

  announce(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.live.textContent = text()), 400);
  }

  fate(i) {
    const { kept, afterK } = this.result;
    if (this.logits[i] === -Infinity) return "impossible";
    if (i < kept) return "kept";
    if (this.settings().temperature === 0) return "never chosen by greedy decoding";
    return i < afterK ? "cut by top-p" : "cut by top-k";
  }

  /** The token in focus: what became of it, and its probability worked out with its numbers. */
  showDetail() {
    const i = this.hovered ?? this.selected;
    const q = this.result.probabilities[i];
    const n = this.sequence.length;
    const drawn = n
      ? ` Drawn ${this.counts[i]} of ${n} times, expected ${(q * n).toFixed(1)}.`
      : "";
    this.detail.replaceChildren(
      html(
        "p",
        {},
        html("b", { class: "tl-token" }, glyph(this.tokens[i])),
        ` ${this.fate(i)}, rank ${i + 1} of ` +
          `${this.tokens.length}; from ${share(this.original[i])} to `,
        html("b", {}, share(q)),
        `.${drawn}`,
      ),
      html("p", { class: "tl-formula" }, this.formula(i)),
    );
    this.detail.dataset.token = this.tokens[i];
    this.detail.dataset.probability = q;
  }

  /** The formula in pieces between which a narrow page may break the line. */
  formula(i) {
    const { scaled, kept, logTotal, probabilities } = this.result;
    const t = this.settings().temperature;
    if (t === 0) return [`τ → 0: all probability goes to the most likely ${this.unit}.`];
    const z = this.logits[i] === -Infinity ? "−∞" : this.logits[i].toFixed(3).replace("-", "−");
    const general = () => row("exp ( z / τ )");
    const own = row(`exp ( ${z} / ${t.toFixed(2)} )`);
    const value = expText(scaled[i]);
    const total = expText(logTotal);
    const sum = math("mrow", math("msub", row("∑"), math("mtext", "kept")), general());
    const pieces =
      i < kept
        ? [
            fraction(own, row(total)),
            fraction(row(value), row(total)),
            row(share(probabilities[i])),
          ]
        : [math("mrow", row("0"), math("mtext", `, ${this.fate(i)}; `), own, row(`= ${value}`))];
    return [
      math("math", row("p ="), fraction(general(), sum)),
      ...pieces.flatMap((piece) => [" ", math("math", row("="), piece)]),
    ];
  }

  showDrawn() {
    const n = this.sequence.length;
    const room = Math.max(8, Math.floor(this.scroller.clientWidth / 9) - 8);
    const recent = this.sequence
      .slice(-room)
      .map((i) => glyph(this.tokens[i]))
      .join("");
    this.drawn.replaceChildren(
      n
        ? html(
            "span",
            {},
            html("b", {}, String(n)),
            ` drawn: ${n > room ? "…" : ""}`,
            html("code", {}, recent),
          )
        : html(
            "span",
            { class: "tl-hint" },
            `Draw ${this.unit}s from the reshaped distribution and count them.`,
          ),
    );
    this.drawn.dataset.counts = this.counts.join(" ");
  }

  // -- drawing

  draw() {
    this.showDetail();
    this.showDrawn();
    const width = this.scroller.clientWidth;
    const height = this.scroller.clientHeight;
    if (!width || !height) return;
    const shown = Math.min(this.tokens.length, SHOWN);
    const slot = Math.max(width / shown, width < 480 ? 17 : 10.5);
    const counts = 64; // height of the panel of draws
    const base = height - counts - 22;
    const max = ceiling(Math.max(this.original[0], this.result.probabilities[0]));
    this.geometry = { width, height, shown, slot, base, max, counts, top: 20 };
    this.chart.setAttribute("width", Math.max(width, slot * shown));
    this.chart.setAttribute("height", height);
    this.drawAxis();
    this.chart.replaceChildren(
      svg("defs", {}, this.hatch(this.id)),
      ...this.gridlines(slot * shown),
      ...Array.from({ length: shown }, (_, i) => this.bar(i)),
      this.boundary(),
    );
    this.mark();
    this.showMore();
  }

  /** While bars wait beyond the right edge, that edge fades. */
  showMore() {
    const { scrollLeft, clientWidth, scrollWidth } = this.scroller;
    this.scroller.classList.toggle("tl-more", scrollLeft + clientWidth < scrollWidth - 1);
  }

  y(q) {
    const { base, top, max } = this.geometry;
    return base - (base - top) * (q / max);
  }

  ticks() {
    return [0, 0.5, 1].map((part) => part * this.geometry.max);
  }

  drawAxis() {
    const { height, base } = this.geometry;
    this.axis.setAttribute("height", height);
    const label = (y, text) => svg("text", { x: 40, y, dy: "0.32em", "text-anchor": "end" }, text);
    this.axis.replaceChildren(
      ...this.ticks().map((q) => label(this.y(q), `${Math.round(1000 * q) / 10} %`)),
      label(base + 36, "draws"),
    );
  }

  gridlines(width) {
    return this.ticks().map((q) =>
      svg("line", { class: "tl-grid", x1: 0, x2: width, y1: this.y(q), y2: this.y(q) }),
    );
  }

  /** One token: ghost and reshaped bar above its label, draws and their expectation below. */
  bar(i) {
    const { slot, base, counts } = this.geometry;
    const q = this.result.probabilities[i];
    const cut = i >= this.result.kept;
    const x = i * slot;
    const rect = (name, inset, y, height, more = {}) =>
      svg("rect", {
        class: `tl-${name}`,
        x: x + inset,
        y,
        width: slot - 2 * inset,
        height,
        ...more,
      });
    const n = this.sequence.length;
    const scale = (counts - 6) / Math.max(1, ...this.counts, n * this.result.probabilities[0]);
    const ghost = this.y(this.original[i]);
    const parts = [
      rect("slot", 0, 0, this.geometry.height),
      cut
        ? rect("cut", 1, ghost, base - ghost, { fill: `url(#${this.id})` })
        : rect("ghost", 1, ghost, base - ghost),
      rect("new", slot * 0.24, this.y(q), base - this.y(q)),
      svg(
        "text",
        { class: cut ? "tl-label tl-off" : "tl-label", x: x + slot / 2, y: base + 15 },
        glyph(this.tokens[i]),
      ),
      rect("count", slot * 0.24, base + 22, this.counts[i] * scale),
    ];
    if (n && q) parts.push(rect("expected", 1, base + 22 + q * n * scale - 1, 2));
    return svg(
      "g",
      {
        role: "option",
        id: `${this.id}-${i}`,
        "aria-label": `${quoted(this.tokens[i])}: ${share(q)}, from ${share(this.original[i])}, ${this.fate(i)}`,
      },
      parts,
    );
  }

  /** The line between what is kept and what is cut, with the number cut in words. */
  boundary() {
    const { slot, shown, base, width } = this.geometry;
    const { kept, possible } = this.result;
    const x = kept * slot;
    if (kept >= possible || kept > shown) return svg("g");
    const left = x > Math.max(width, slot * shown) - 60;
    return svg(
      "g",
      { class: "tl-boundary", "aria-hidden": "true" },
      svg("line", { x1: x, x2: x, y1: 2, y2: base }),
      svg(
        "text",
        { x: left ? x - 5 : x + 5, y: 14, "text-anchor": left ? "end" : "start" },
        `${possible - kept} cut`,
      ),
    );
  }

  /** Mark the token in focus. */
  mark() {
    const focus = this.hovered ?? this.selected;
    this.chart.querySelectorAll("[role=option]").forEach((node, i) => {
      node.setAttribute("aria-selected", i === this.selected);
      node.classList.toggle("tl-focus", i === focus);
    });
    this.chart.setAttribute("aria-activedescendant", `${this.id}-${this.selected}`);
  }

  // -- choosing a token

  point(event, choose) {
    const x = event.clientX - this.chart.getBoundingClientRect().left;
    const i = Math.max(0, Math.min(this.geometry.shown - 1, Math.floor(x / this.geometry.slot)));
    if (choose) this.select(i);
    else this.hover(i);
  }

  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.showDetail();
    this.mark();
  }

  select(i) {
    this.selected = i;
    this.hovered = null;
    this.showDetail();
    this.mark();
    const { slot, width } = this.geometry;
    const left = this.scroller.scrollLeft;
    if (i * slot < left) this.scroller.scrollLeft = i * slot;
    else if ((i + 1) * slot > left + width) this.scroller.scrollLeft = (i + 1) * slot - width;
  }

  key(event) {
    const last = this.geometry.shown - 1;
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
    if (target === undefined) return;
    event.preventDefault();
    this.select(Math.max(0, Math.min(last, target)));
  }
}

export default {
  render({ model, el }) {
    const lab = new Lab(model.get("data"), el);
    return () => lab.destroy();
  },
};
