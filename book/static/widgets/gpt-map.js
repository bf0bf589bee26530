/* A GPT from ids to logits: the shape of every tensor and the parameters of every layer, for any
configuration.

data: { configs: [{ name, vocab_size, context_length, d_model, n_heads, n_layers, d_ff, bias,
        parameters: PyTorch's count }…], batch_size }
It starts with the first. A configuration of which we count another number stops it.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. The colours are the page's; widgets.css holds the styles. */

const MOST = {
  ...{ vocab_size: 300_000, context_length: 131_072, d_model: 20_000, n_heads: 256 },
  ...{ n_layers: 200, d_ff: 100_000, batch_size: 1_024, tokens: 131_072 },
};
const NAMES = Object.keys(MOST);
const [V, C, H, F, B, T] = "VCHFBT"; // context_length and n_layers have no letter
const LETTERS = { vocab_size: V, d_model: C, n_heads: H, d_ff: F, batch_size: B, tokens: T };
const PARTS = new Map([
  ["embedding", "embeddings"],
  ["attention", "attention"],
  ["feed_forward", "feed-forward"],
  ["norm", "norms"],
]);

// ---- numbers ---------------------------------------------------------------------------------

const count = (x) => x.toLocaleString("en");
const percent = (x) => `${(100 * x).toFixed(1)} %`;
const sum = (list) => list.reduce((a, b) => a + b, 0);
const range = (n, from = 0) => Array.from({ length: n }, (_, i) => from + i);
const sorted = (list) => [...new Set(list)].sort((a, b) => a - b);
const divisors = (n) => range(Math.min(n, MOST.n_heads), 1).filter((i) => n % i === 0);
const either = (list) => list.filter(Boolean).map(count).join(" or ");

function bytes(x) {
  const step = Math.min(4, Math.floor(Math.log10(x) / 3));
  const value = x / 1000 ** step;
  const text = value < 1000 ? Number(value.toPrecision(3)) : count(Math.round(value));
  return `${text} ${["B", "kB", "MB", "GB", "TB"][step]}`;
}

// ---- the computation -------------------------------------------------------------------------

/** The layers in order: name, part, shape of the output, shapes of the parameters. */
function layersOf({ bias, n_layers }) {
  const norm = { scale: ["C"], shift: ["C"] };
  const table = (rows) => ({ weight: [rows, "C"] });
  const linear = (to, from) => ({ weight: [to, from], ...(bias && { bias: [to] }) });
  const block = [
    ["norm_1", "norm", "B T C", norm],
    ["attention", "attention", "B T C", {}],
    ["attention.qkv", "attention", "B T 3C", linear("3C", "C")],
    ["attention.output", "attention", "B T C", linear("C", "C")],
    ["norm_2", "norm", "B T C", norm],
    ["feed_forward", "feed_forward", "B T C", {}],
    ["feed_forward.expand", "feed_forward", "B T F", linear("F", "C")],
    ["feed_forward.output", "feed_forward", "B T C", linear("C", "F")],
  ];
  const named = (i) => block.map(([name, ...rest]) => [`blocks.${i}.${name}`, ...rest]);
  return [
    ["token_embedding", "embedding", "B T C", table("V")],
    ["position_embedding", "embedding", "T C", table("context_length")],
    ...range(n_layers).flatMap(named),
    ["norm", "norm", "B T C", norm],
    ["head", "embedding", "B T V", {}], // tied: its weight is the token embedding's
  ];
}

/** The number that "C", "3C" or "context_length" stands for. */
function size(letters, sizes) {
  const [, times, letter] = letters.match(/^(\d*)(.+)$/);
  return Number(times || 1) * sizes[letter];
}
const product = (dims, sizes) => dims.reduce((n, letters) => n * size(letters, sizes), 1);
const shapeOf = (letters, sizes) => letters.split(" ").map((letter) => size(letter, sizes));

/** A configuration with what it leaves open. */
const complete = (config) => ({
  bias: true,
  batch_size: 1,
  tokens: config.context_length,
  ...config,
  d_ff: config.d_ff || 4 * config.d_model,
});

/** What is wrong with a configuration: the fields at fault and a sentence; null if it is sound. */
function problem(config) {
  for (const [name, most] of Object.entries(MOST)) {
    const x = config[name];
    const said = typeof x === "number" ? count(x) : `“${String(x).slice(0, 12)}”`;
    if (!Number.isInteger(x) || x < 1 || x > most)
      return [[name], `${name} is ${said}: give a whole number from 1 to ${count(most)}`];
  }
  const { context_length: N, tokens: T, d_model: C, n_heads: H } = config;
  const long = `${count(T)} tokens do not fit into context_length = ${count(N)}`;
  if (T > N) return [["tokens"], `${long}: give at most ${count(N)}, or a longer context`];
  if (C % H === 0) return null;
  const [fewer, more] = [divisors(C).findLast((n) => n < H), divisors(C).find((n) => n > H)];
  const least = C - (C % H);
  const widths = [least, least + H > MOST.d_model ? 0 : least + H];
  const advice = `give n_heads a divisor such as ${either([fewer, more])}, or d_model a multiple`;
  const text = `${count(H)} heads cannot share d_model = ${count(C)}: ${advice}`;
  return [["n_heads", "d_model"], `${text} such as ${either(widths)}`];
}

/** Shapes, parameters and totals of a configuration; RangeError for one that cannot be built. */
export function describe(given) {
  const config = complete(given);
  const wrong = problem(config);
  if (wrong) throw new RangeError(`${wrong[1]}.`);
  const { vocab_size: V, context_length, d_model: C, n_heads: H, d_ff: F } = config;
  const { batch_size: B, tokens: T, n_layers } = config;
  const sizes = { V, context_length, C, H, D: C / H, F, B, T };
  const [shapes, tensors, parameters] = [{}, {}, {}];
  const parts = Object.fromEntries([...PARTS.keys()].map((part) => [part, 0]));
  for (const [layer, part, shape, held] of layersOf(config)) {
    shapes[layer] = shapeOf(shape, sizes);
    tensors[layer] = Object.values(held);
    for (const [name, dims] of Object.entries(held)) {
      parameters[`${layer}.${name}`] = product(dims, sizes);
      parts[part] += product(dims, sizes);
    }
  }
  const total = sum(Object.values(parts));
  const block = (total - parts.embedding - 2 * C) / n_layers;
  const derived = { total, block, bytes: 4 * total, weights: B * H * T * T };
  return { config, sizes, shapes, tensors, parameters, parts, ...derived };
}

/** Where a field's slider stops: at numbers that fit the other fields. */
function stopsOf(name, { d_model: C, n_heads: H, context_length: N }, configs) {
  const steps = range(18).flatMap((i) => [2 ** i, 3 * 2 ** i]);
  const given = [...steps, ...configs.map((config) => config[name])];
  const upTo = (most, list = given) => sorted(list.filter((x) => x <= most));
  const most = MOST[name];
  if (name === "n_heads" && C > 0) return divisors(C);
  if (name === "d_ff" && C > 0) return upTo(most, range(8, 1).map((n) => n * C));
  if (name === "tokens" && N > 0) return upTo(N, [...given, N]);
  if (name !== "d_model" || !(H > 0)) return upTo(most);
  return upTo(most, given.map((x) => H * Math.max(1, Math.round(x / H))));
}

// ---- the diagram's rows ----------------------------------------------------------------------

const row = (rail, name, shape, say, more) => ({ rail, name, shape, say, ...more });
const within = (part, rows) => rows.map((spec) => ({ part, lane: part, inner: true, ...spec }));

const ATTENTION = within("attention", [
  row("lane", "blocks.0.attention.qkv", "B T 3C", "queries, keys, values at once"),
  row("split", "q, k, v", "B H T D", ({ H }) => `three times, for ${H} ${H > 1 ? "heads" : "head"}`),
  row("heads", "weights", "B H T T", ({ D }) => `softmax of q kᵀ ÷ √${count(D)}, causal`),
  row("merge", "weights · v", "B H T D", "what every head found"),
  row("lane", "blocks.0.attention.output", "B T C", "side by side, then mixed"),
]);
const FEED_FORWARD = within("feed_forward", [
  row("lane", "blocks.0.feed_forward.expand", "B T F", "room to work in"),
  row("lane", "gelu", "B T F", "every number by itself"),
  row("lane", "blocks.0.feed_forward.output", "B T C", "back to the stream’s width"),
]);
const alike = ({ n_layers: n }) => (n > 1 ? `${n} alike, stacked` : "one alone");
const READ = "reads a normalised copy";
const WRITE = "writes into the stream";
const BLOCK = [
  row("stream", "blocks.0", "B T C", "below, the bars are shares of it"),
  ...within("attention", [
    row("fork", "blocks.0.norm_1", "B T C", READ, { part: "norm" }),
    row("lane", "blocks.0.attention", "B T C", "tokens look back", { children: ATTENTION }),
    row("add", "x + attention", "B T C", WRITE),
  ]),
  ...within("feed_forward", [
    row("fork", "blocks.0.norm_2", "B T C", READ, { part: "norm" }),
    row("lane", "blocks.0.feed_forward", "B T C", "each token alone", { children: FEED_FORWARD }),
    row("add", "x + feed_forward", "B T C", WRITE),
  ]),
  row("rest", "blocks.1", "B T C", "the same again", { part: "blocks" }),
];
const FLOW = [
  row("ids", "ids", "B T", ({ V }) => `whole numbers from 0 to ${count(V - 1)}`),
  row("token", "token_embedding", "B T C", "each id looks up its row", { part: "embedding" }),
  row("position", "position_embedding", "T C", "each place adds its row", { part: "embedding" }),
  row("deck", "blocks", "B T C", alike, { part: "blocks", children: BLOCK }),
  row("through", "norm", "B T C", "normalised one last time", { part: "norm" }),
  row("head", "head", "B T V", "compares with each token’s row", { part: "embedding" }),
  row("logits", "logits", "B T V", "a score for every next token"),
];

/** How a row's parameters come about, in letters and in numbers; and their number. */
function account({ rail, name, children }, { tensors, sizes, block, config: { n_layers } }) {
  const [n, letters] = rail === "rest" ? [n_layers - 1, "(n_layers − 1)"] : [n_layers, "n_layers"];
  const blocks = [`${letters} · block`, `${n} · ${count(block)}`, n * block];
  if (rail === "deck" || rail === "rest") return blocks;
  if (rail === "stream") return ["one block", "", block];
  if (rail === "head") return ["tied: the table", "of token_embedding", 0];
  const held = (layer) => sum(tensors[layer].map((dims) => product(dims, sizes)));
  const layers = (children ?? []).map((child) => child.name).filter((layer) => tensors[layer]);
  if (layers.length) {
    const [names, numbers] = [layers.map((layer) => layer.split(".").at(-1)), layers.map(held)];
    return [names.join(" + "), numbers.map(count).join(" + "), sum(numbers)];
  }
  if (!tensors[name]) return ["no parameters", rail === "heads" ? "held unless fused" : "", 0];
  const write = (each) => tensors[name].map((dims) => dims.map(each).join(" · ")).join(" + ");
  return [write((dim) => dim), write((dim) => count(size(dim, sizes))), held(name)];
}

// ---- drawing ---------------------------------------------------------------------------------

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

const path = (kind, d) => svg(`path.gm-${kind}`, { d });
const dot = (cx, r = 5) => svg("circle.gm-dot", { cx, cy: 20, r });
const plus = (y) => [
  svg("circle.gm-plus", { cx: 16, cy: y, r: 8.5 }),
  path("cross", `M11.5 ${y}h9M16 ${y - 4.5}v9`),
];

/** Two loops a layer, attention's and the feed-forward network's; of many layers, the outer ones. */
function deck(n) {
  const shown = n > 8 ? [0, 1, 2, 5, 6, 7] : range(n);
  const pitch = Math.min(24, 104 / (n > 8 ? 8 : n));
  const loops = (shift) => {
    const ys = shown.map((i) => 14 + (i + shift) * pitch);
    return ys.map((y) => `M16 ${y}c34 0 34 ${pitch * 0.44} 0 ${pitch * 0.44}`).join("");
  };
  const dots = n > 8 ? [58, 66, 74].map((cy) => svg("circle.gm-more", { cx: 34, cy, r: 1.5 })) : [];
  return [path("loop.gm-first", loops(0)), path("loop.gm-second", loops(0.5)), dots];
}

/** What stands left of a row: the stream at x = 16; what reads it and writes to it, at x = 44.
Lines go on beyond the row, which cuts them off, to meet those of its neighbours. */
function drawing(rail, { H }, n_layers) {
  const shown = Math.min(H, 7); // lines for heads
  const fan = range(shown).map((i) => 44 + (i - (shown - 1) / 2) * Math.min(7, 24 / shown));
  const fine = (each) => path("fine", fan.map(each).join(""));
  const stream = path("stream", "M16-9V2000");
  const onward = path("lane", "M44-9V2000");
  const drawings = {
    ids: () => [path("thin", "M16 20V2000"), dot(16)],
    token: () => [path("thin", "M16-9V20"), path("stream", "M16 20V2000"), dot(16)],
    position: () => [stream, path("lane", "M44 20C44 38 38 44 25 44"), plus(44), dot(44)],
    stream: () => [stream],
    deck: () => [deck(n_layers), stream],
    rest: () => [deck(Math.max(1, n_layers - 1)), stream],
    fork: () => [path("lane", "M16 0C16 13 44 3 44 20V2000"), stream, dot(44)],
    lane: () => [stream, onward, dot(44)],
    split: () => [stream, path("lane", "M44-9V7"), fine((x) => `M44 6C44 20 ${x} 16 ${x} 34V2000`)],
    heads: () => [stream, fine((x) => `M${x}-9V2000`), fan.map((x) => dot(x, 2.5))],
    merge: () => [stream, fine((x) => `M${x}-9V22C${x} 40 44 36 44 50`), path("lane", "M44 49V2000")],
    add: () => [stream, path("lane", "M44-9V0C44 16 38 20 25 20"), plus(20)],
    through: () => [stream, dot(16)],
    head: () => [path("stream", "M16-9V20"), path("thin", "M16 20V2000"), dot(16)],
    logits: () => [path("thin", "M16-9V18"), path("tip", "M16 28l-6-10h12z")],
  };
  return drawings[rail]().flat(2);
}

// ---- the widget ------------------------------------------------------------------------------

class Diagram {
  constructor({ configs, batch_size = 1 }, el) {
    this.configs = configs.map((config) => complete({ ...config, batch_size }));
    for (const config of this.configs) {
      const { total } = describe(config);
      if (total !== (config.parameters ?? total))
        throw new Error(`${config.name}: ${total} parameters here, ${config.parameters} in the data`);
    }
    this.id = `gm-${Math.random().toString(36).slice(2, 8)}`; // tells two diagrams apart
    [this.rows, this.fields] = [[], {}];
    this.build(el);
    this.choose(this.configs[0]);
    clearTimeout(this.timer); // what nobody has asked for is not announced
  }

  destroy() {
    clearTimeout(this.timer);
  }

  build(el) {
    this.hint = html("p.gm-hint.w-note", { id: `${this.id}-hint` });
    this.readouts = html("div.w-readouts");
    this.bands = [...PARTS.keys()].map((part) => html("i", { "data-part": part }));
    this.legend = html("ul.gm-legend");
    const onclick = () => {
      const { all, open } = this.folds();
      for (const fold of all) fold.open = !open;
    };
    this.fold = html("button", { type: "button", onclick }, "Unfold all");
    const titles = html(
      "div.gm-titles.w-note",
      { "aria-hidden": "true" },
      ["module", "shape", "parameters", "Σ so far"].map((text) => html("span", text)),
    );
    const ontoggle = () => (this.fold.textContent = this.folds().open ? "Fold all" : "Unfold all");
    this.flow = html("ol.gm-flow", FLOW.map((spec) => this.row(spec)));
    this.flow.addEventListener("toggle", ontoggle, true); // it does not bubble
    this.live = html("p.w-hidden", { role: "status" });
    this.root = html(
      "div.widget-body.gm",
      this.choices(),
      html("div.gm-fields", NAMES.map((name) => this.field(name))),
      this.hint,
      html("div.gm-totals", this.readouts, html("div.gm-share", this.bands), this.legend),
      html("div.gm-top", titles, this.fold),
      this.flow,
      this.live,
    );
    el.replaceChildren(this.root);
  }

  choices() {
    const onchange = ({ target }) => this.choose(this.configs[target.value]);
    this.radios = this.configs.map((_, value) =>
      html("input.w-hidden", { type: "radio", name: this.id, value, onchange }),
    );
    const labels = this.configs.map(({ name }, i) => html("label", this.radios[i], name));
    const onbias = ({ target }) => this.set("bias", target.checked);
    this.bias = html("input", { type: "checkbox", onchange: onbias });
    const group = { role: "radiogroup", "aria-label": "Configuration" };
    const bias = html("label.w-check", this.bias, html("code", "bias"));
    return html("div.gm-choices", html("div", group, labels), bias);
  }

  /** A number to type, to step with the arrow keys, or to drag. */
  field(name) {
    const input = html("input", {
      ...{ type: "text", role: "spinbutton", inputmode: "numeric", autocomplete: "off" },
      ...{ "aria-label": name, "aria-valuemin": 1, "aria-valuemax": MOST[name] },
      onchange: () => this.typed(name, input.value),
      onkeydown: (event) => {
        const [{ stops }, x] = [this.fields[name], this.draft[name]];
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        const up = event.key === "ArrowUp";
        this.set(name, (up ? stops.find((n) => n > x) : stops.findLast((n) => n < x)) ?? x);
      },
    });
    const oninput = () => this.set(name, this.fields[name].stops[slider.value]);
    const slider = html("input", { type: "range", min: 0, "aria-label": `${name}, slider`, oninput });
    this.fields[name] = { input, slider };
    const label = html("span", html("code", name), html("i", LETTERS[name] ?? ""));
    return html("div.gm-field", label, input, slider);
  }

  row(spec) {
    const cells = {};
    for (const kind of "name say letters dims terms numbers count sum bar layers".split(" "))
      cells[kind] = html(`span.gm-${kind}`);
    const rail = svg("svg.gm-rail", { "aria-hidden": "true" });
    const { part = "", lane = "", children } = spec;
    const onkeydown = ({ key, currentTarget }) => {
      if (key === "ArrowRight") currentTarget.parentNode.open = true;
      if (key === "ArrowLeft") currentTarget.parentNode.open = false;
    };
    const attributes = { "data-part": part, "data-lane": lane, "data-rail": spec.rail, onkeydown };
    const tag = children ? "summary.gm-row" : "li.gm-row";
    const node = html(tag, attributes, rail, Object.values(cells));
    this.rows.push({ spec, cells, rail, node });
    if (!children) return node;
    return html("li", html("details", node, html("ol", children.map((child) => this.row(child)))));
  }

  folds() {
    const all = [...this.flow.querySelectorAll("details")];
    return { all, open: all.every(({ open }) => open) };
  }

  // -- state

  choose(config) {
    const { batch_size } = this.now?.config ?? config;
    this.draft = { ...config, batch_size };
    this.update();
  }

  typed(name, text) {
    const digits = text.replace(/[\s,_]/g, "");
    this.set(name, /^\d+$/.test(digits) ? Number(digits) : text.trim());
  }

  /** Take a value; d_ff and the number of tokens follow what they hang on. */
  set(name, value) {
    const { d_model, d_ff, context_length, tokens } = this.draft;
    const sound = Number.isInteger(value) && value > 0;
    if (name === "d_model" && sound && d_ff === 4 * d_model) this.draft.d_ff = 4 * value;
    if (name === "context_length" && sound && (tokens === context_length || tokens > value))
      this.draft.tokens = value;
    this.draft[name] = value;
    this.update();
  }

  /** Show the draft in the fields; while it is sound, the diagram is of it. */
  update() {
    const [faults, sentence] = problem(this.draft) ?? [[]];
    for (const name of NAMES) this.showField(name, faults.includes(name));
    this.bias.checked = this.draft.bias;
    const own = ["bias", ...NAMES.slice(0, 6)]; // what B and T are is no matter of the model
    const same = (config) => own.every((name) => config[name] === this.draft[name]);
    this.chosen = this.configs.find(same);
    this.configs.forEach((config, i) => (this.radios[i].checked = config === this.chosen));
    const hint =
      "Type, press ↑ ↓, or drag. T is at most context_length. F follows C while it is 4 · C.";
    const complaint = sentence && `${sentence}; the diagram keeps the last model that fits.`;
    this.hint.textContent = complaint ?? hint;
    this.hint.classList.toggle("gm-wrong", Boolean(complaint));
    if (!complaint) this.draw(describe(this.draft));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.live.textContent = complaint ?? this.summary()), 500);
  }

  // -- what it shows

  showField(name, wrong) {
    const { input, slider } = this.fields[name];
    const x = this.draft[name];
    const stops = (this.fields[name].stops = stopsOf(name, this.draft, this.configs));
    input.value = typeof x === "number" ? count(x) : x;
    input.setAttribute("aria-invalid", wrong);
    if (wrong) input.setAttribute("aria-describedby", this.hint.id);
    else input.removeAttribute("aria-describedby");
    if (typeof x !== "number") return input.removeAttribute("aria-valuenow");
    input.setAttribute("aria-valuenow", x);
    slider.max = stops.length - 1;
    slider.value = stops.findLastIndex((stop) => stop <= x);
    slider.setAttribute("aria-valuetext", count(x));
  }

  draw(now) {
    this.now = now;
    const { parts, total, weights, sizes } = now;
    const style = (name, value) => this.root.style.setProperty(name, value);
    style("--gm-stream", `${Math.max(3, Math.min(14, Math.sqrt(sizes.C) / 4))}px`);
    style("--gm-cut", `${(100 * parts.attention) / (total - parts.embedding)}%`);
    const counted = this.chosen?.parameters ? "parameters, as PyTorch counts" : "parameters";
    const readout = (label, value, more = "") =>
      html("span", html("small", label), html("b", value), html("span.w-note", more));
    this.readouts.replaceChildren(
      readout(counted, count(total)),
      readout("in float32", bytes(now.bytes)),
      readout("attention weights a layer: B · H · T²", count(weights), ` ${bytes(4 * weights)}`),
    );
    this.bands.forEach((band) => (band.style.flexGrow = parts[band.dataset.part] / total));
    const items = [...PARTS].map(([part, name]) => {
      const cells = [html("b", percent(parts[part] / total)), html("small", count(parts[part]))];
      return html("li", { "data-part": part }, html("span", name), cells);
    });
    this.legend.replaceChildren(...items);
    this.rows.reduce((before, shown) => this.write(shown, before), 0);
  }

  /** Write a row; returns the number of parameters up to its end. */
  write({ spec, cells, rail, node }, before) {
    const { sizes, config, total, block, parts } = this.now;
    const n = config.n_layers;
    const [terms, numbers, held] = account(spec, this.now);
    const name = spec.rail === "rest" && n > 2 ? `blocks.1 … ${n - 1}` : spec.name;
    const dims = shapeOf(spec.shape, sizes);
    const after = held && spec.rail !== "stream" ? before + held : "";
    const texts = { terms, numbers, dims: `(${dims.map(count).join(", ")})` };
    texts.letters = `(${spec.shape.replaceAll(" ", ", ")})`;
    texts.say = typeof spec.say === "function" ? spec.say({ ...sizes, n_layers: n }) : spec.say;
    texts.count = held || spec.rail === "head" ? count(held) : "";
    texts.sum = after && `Σ ${count(after)}`;
    for (const [kind, text] of Object.entries(texts)) cells[kind].textContent = text;
    const [, prefix = "", own] = name.match(/^(blocks\.0\.)?(.*)$/);
    cells.name.replaceChildren(html("small", prefix), html("wbr"), own);
    const [whole, start] = spec.inner ? [block, parts.embedding] : [total, 0];
    cells.bar.style.setProperty("--from", (before - start) / whole);
    cells.bar.style.setProperty("--share", held / whole);
    const layers = { deck: n, rest: n - 1 }[spec.rail] ?? 0;
    cells.layers.replaceChildren(...range(layers).map(() => html("i")));
    rail.replaceChildren(...drawing(spec.rail, sizes, n));
    Object.assign(node.dataset, { name, shape: dims, parameters: held, sum: after });
    node.hidden = spec.rail === "rest" && n === 1;
    return spec.children ? before : after || before;
  }

  summary() {
    const { total, bytes: size, parts, weights } = this.now;
    const shares = [...PARTS].map(([part, name]) => `${name} ${percent(parts[part] / total)}`);
    const name = this.chosen ? `${this.chosen.name}: ` : "";
    const totals = `${count(total)} parameters, ${bytes(size)} in float32; ${shares.join(", ")}`;
    return `${name}${totals}. Attention weights in a layer: ${count(weights)}.`;
  }
}

export default {
  render({ model, el }) {
    const diagram = new Diagram(model.get("data"), el);
    return () => diagram.destroy();
  },
};
