/* A GPT that runs in the page: its arithmetic, and a place to let it write.

data: { prompt: "ROMEO:\n", start: { temperature, top_k, seed, length }, hop: 1 }, all of which may
be left out. file: what scratchlm.page_model.export returns; it is loaded when the reader asks.
Without a top_k nothing is cut off; temperature 0 is greedy. The model sees the last context_length characters; with a
`hop` above 1 so many leave at once when there are more, and what stays is read anew less often.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. The colours are the page's; widgets.css holds the styles. */

const SLICE = 12; // milliseconds of arithmetic after which the page gets its turn
const SHOW = 40; // and between two pictures of what has been written
const SHOW_STILL = 1000; // for readers who ask for reduced motion
const PATIENCE = 30_000; // for the file
const BARS = 10;

const FIELDS = [
  { key: "temperature", name: "Temperature", min: 0, max: 2, by: 0.05, slides: true },
  { key: "top_k", name: "Top-k", min: 1, max: 64, by: 1, slides: true },
  { key: "length", name: "Length", min: 1, max: 2000, by: 1 },
  { key: "seed", name: "Seed", min: 0, max: 999_999, by: 1 },
];
const START = { temperature: 0.8, top_k: 0, length: 300, seed: 1 };
const STOPS = [["the length", null], ["a line break", "\n"], ["a blank line", "\n\n"]];

// ---- the model -------------------------------------------------------------------------------

/** The tensors by name, float32: { shape, values }; matrices come as int8 rows and their scales. */
function unpack({ layout, weights }) {
  const { buffer } = Uint8Array.from(atob(weights), (character) => character.charCodeAt(0));
  const tensors = {};
  for (const { name, type, shape, at } of layout) {
    const kind = { int8: Int8Array, float32: Float32Array }[type];
    tensors[name] = { shape, values: new kind(buffer, at, shape.reduce((size, n) => size * n, 1)) };
  }
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const scales = tensors[`${name}:scales`]?.values;
    if (scales) tensors[name].values = Float32Array.from(values, (x, i) => x * scales[(i / shape[1]) | 0]);
  }
  return tensors;
}

/** x Wᵀ + b: rows of x (rows, K) times the matrix (N, K), plus the bias (N), as (rows, N).

Two rows by four columns at a time: what is read once serves several sums, which keeps the
processor busy. At an edge an index stands twice, and the same number is written twice. */
function linear(x, rows, { shape: [N, K], values: w }, bias) {
  const y = new Float32Array(rows * N);
  for (let n = 0; n < N; n += 4) {
    const [n1, n2, n3] = [Math.min(n + 1, N - 1), Math.min(n + 2, N - 1), Math.min(n + 3, N - 1)];
    for (let r = 0; r < rows; r += 2) {
      const r1 = Math.min(r + 1, rows - 1);
      const [a, b, c, d, e, f] = [r * K, r1 * K, n * K, n1 * K, n2 * K, n3 * K];
      let p0 = 0, p1 = 0, p2 = 0, p3 = 0, q0 = 0, q1 = 0, q2 = 0, q3 = 0;
      for (let k = 0; k < K; k++) {
        const p = x[a + k], q = x[b + k];
        const w0 = w[c + k], w1 = w[d + k], w2 = w[e + k], w3 = w[f + k];
        p0 += p * w0;
        p1 += p * w1;
        p2 += p * w2;
        p3 += p * w3;
        q0 += q * w0;
        q1 += q * w1;
        q2 += q * w2;
        q3 += q * w3;
      }
      const [i, j] = [r * N, r1 * N];
      [y[i + n], y[i + n1], y[i + n2], y[i + n3]] = [p0, p1, p2, p3];
      [y[j + n], y[j + n1], y[j + n2], y[j + n3]] = [q0, q1, q2, q3];
    }
  }
  if (bias) for (let i = 0; i < y.length; i++) y[i] += bias.values[i % N];
  return y;
}

/** Every row of x (rows, C) with mean 0 and variance 1, then scaled and shifted. */
function normalise(x, scale, shift) {
  const C = scale.values.length;
  const y = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += C) {
    let [mean, variance] = [0, 0];
    for (let c = 0; c < C; c++) mean += x[at + c] / C;
    for (let c = 0; c < C; c++) variance += (x[at + c] - mean) ** 2 / C;
    const deviation = Math.sqrt(variance + 1e-5);
    for (let c = 0; c < C; c++)
      y[at + c] = (scale.values[c] * (x[at + c] - mean)) / deviation + shift.values[c];
  }
  return y;
}

/** GPT-2's gelu, in place; (1 + tanh u) / 2 is 1 / (1 + exp(-2u)), which is quicker. */
function gelu(x) {
  const slope = 2 * Math.sqrt(2 / Math.PI);
  for (let i = 0; i < x.length; i++)
    x[i] /= 1 + Math.exp(-slope * (x[i] + 0.044715 * x[i] * x[i] * x[i]));
  return x;
}

const add = (x, y) => x.map((value, i) => value + y[i]);

/** The GPT of scratchlm.gpt, with a cache of keys and values. */
export class GPT {
  constructor(exported, hop = 1) {
    this.config = exported.config;
    this.tensors = unpack(exported);
    this.hop = hop;
    this.ids = []; // what the cache holds
    const { n_layers, context_length, d_model } = this.config;
    const room = () => new Float32Array(context_length * d_model);
    this.cache = Array.from({ length: n_layers }, () => ({ keys: room(), values: room() }));
  }

  /** What is seen of so many tokens begins here. */
  begin(length) {
    return this.hop * Math.max(0, Math.ceil((length - this.config.context_length) / this.hop));
  }

  /** The logits of the token after `ids`, in slices: a generator that rests between blocks.

  When the ids continue those that were read, only the new ones are; else all that is seen, because
  every token's position is another when the first ones leave. */
  *read(ids) {
    const seen = ids.slice(this.begin(ids.length));
    const goesOn = this.ids.length < seen.length && this.ids.every((id, i) => id === seen[i]);
    const start = goesOn ? this.ids.length : 0;
    this.ids = []; // a reading that is broken off leaves nothing half read
    const { tensors, config } = this;
    let x = this.embed(seen, start);
    for (let layer = 0; layer < config.n_layers; layer++) {
      x = this.block(layer, x, start);
      yield;
    }
    x = normalise(x, tensors["norm.scale"], tensors["norm.shift"]);
    this.ids = seen;
    return linear(x, 1, tensors["token_embedding.weight"]);
  }

  /** The stream's beginning for the tokens from `start` on: (rows, C). */
  embed(ids, start) {
    const { d_model: C } = this.config;
    const tokens = this.tensors["token_embedding.weight"].values;
    const places = this.tensors["position_embedding.weight"].values;
    const x = new Float32Array((ids.length - start) * C);
    for (let t = start, i = 0; t < ids.length; t++)
      for (let c = 0; c < C; c++) x[i++] = tokens[ids[t] * C + c] + places[t * C + c];
    return x;
  }

  /** The stream (rows, C) after a block; after the last one only its last row, all one needs. */
  block(layer, x, start) {
    const part = (name) => this.tensors[`blocks.${layer}.${name}`];
    const norm = (x, name) => normalise(x, part(`${name}.scale`), part(`${name}.shift`));
    const apply = (x, rows, name) => linear(x, rows, part(`${name}.weight`), part(`${name}.bias`));
    const { d_model: C, n_layers } = this.config;
    let rows = x.length / C;
    let qkv = apply(norm(x, "norm_1"), rows, "attention.qkv"); // (rows, 3C)
    const { keys, values } = this.cache[layer];
    for (let r = 0; r < rows; r++) {
      keys.set(qkv.subarray((3 * r + 1) * C, (3 * r + 2) * C), (start + r) * C);
      values.set(qkv.subarray((3 * r + 2) * C, (3 * r + 3) * C), (start + r) * C);
    }
    if (layer === n_layers - 1) {
      [x, qkv] = [x.subarray((rows - 1) * C), qkv.subarray((rows - 1) * 3 * C)];
      start += rows - 1;
      rows = 1;
    }
    x = add(x, apply(this.attend(qkv, rows, start, keys, values), rows, "attention.output"));
    const within = gelu(apply(norm(x, "norm_2"), rows, "feed_forward.expand")); // (rows, d_ff)
    return add(x, apply(within, rows, "feed_forward.output"));
  }

  /** What every row's heads find among the tokens up to its own: (rows, C). */
  attend(qkv, rows, start, keys, values) {
    const { d_model: C, n_heads: H } = this.config;
    const D = C / H;
    const found = new Float32Array(rows * C);
    const weights = new Float32Array(start + rows);
    for (let r = 0; r < rows; r++)
      for (let h = 0; h < C; h += D) {
        const q = 3 * r * C + h;
        const count = start + r + 1;
        let [top, sum] = [-Infinity, 0];
        for (let s = 0; s < count; s++) {
          let score = 0;
          for (let d = 0; d < D; d++) score += qkv[q + d] * keys[s * C + h + d];
          weights[s] = score / Math.sqrt(D);
          if (weights[s] > top) top = weights[s];
        }
        for (let s = 0; s < count; s++) sum += weights[s] = Math.exp(weights[s] - top);
        for (let s = 0; s < count; s++) {
          const weight = weights[s] / sum;
          for (let d = 0; d < D; d++) found[r * C + h + d] += weight * values[s * C + h + d];
        }
      }
    return found;
  }
}

/** The logits as they are drawn from: divided by the temperature, all but the k largest cut off. */
export function settle(logits, { temperature, top_k }) {
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  const kept = new Set(order.slice(0, temperature === 0 ? 1 : top_k || logits.length));
  const scaled = Array.from(logits, (z, i) => (kept.has(i) ? z / (temperature || 1) : -Infinity));
  return { order, model: softmax(Array.from(logits)), after: softmax(scaled) };
}

function softmax(logits) {
  const top = Math.max(...logits);
  const powers = logits.map((z) => Math.exp(z - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** A small seeded generator (mulberry32): the same seed draws the same text in every browser. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The token at which the running sum of the probabilities passes `u` from [0, 1). */
function pick(probabilities, u) {
  let sum = 0;
  const i = probabilities.findIndex((p) => (sum += p) > u);
  return i < 0 ? probabilities.findLastIndex((p) => p > 0) : i; // the sum may round to below 1
}

// ---- small helpers ---------------------------------------------------------------------------

/** An element: "tag.class", attributes and listeners (on…), children. */
function html(tagged, ...parts) {
  const [tag, ...classes] = tagged.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  if (parts[0]?.constructor === Object)
    for (const [name, value] of Object.entries(parts.shift()))
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value);
  node.append(...parts.flat(Infinity));
  return node;
}

const button = (name, onclick) => html("button", { type: "button", onclick }, name);

const GLYPHS = { "\n": "⏎", " ": "␣", "\t": "⇥" };
const SPOKEN = { "\n": "line break", " ": "space", "\t": "tab" };
const glyph = (character) => GLYPHS[character] ?? character;
const quoted = (character) => SPOKEN[character] ?? `“${character}”`;
const listed = (names) => [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");
const percent = (p) => (p > 0 && p < 0.0005 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`);
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const amount = (n) => (n === 1 ? "1 character" : `${n.toLocaleString("en")} characters`);

/** Let the page have its turn; a timer would wait longer than needed. */
const breathe = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(null);
  });

/** The file of the widget, asked for by a message: from the site in a page, else from the kernel. */
function load(model) {
  return new Promise((resolve, reject) => {
    const late = () => heard({ error: "no answer came" });
    const timer = setTimeout(late, PATIENCE);
    const heard = ({ file, error }) => {
      clearTimeout(timer);
      model.off("msg:custom", heard);
      file ? resolve(file) : reject(new Error(error));
    };
    model.on("msg:custom", heard);
    model.send({ load: "file" });
  });
}

// ---- the widget ------------------------------------------------------------------------------

class Page {
  constructor(model, el) {
    const data = model.get("data");
    this.source = model;
    this.settings = { ...START, ...data.start };
    this.hop = data.hop ?? 1;
    this.most = Object.fromEntries(FIELDS.map(({ key, max }) => [key, max]));
    this.build(el, data.prompt ?? "\n");
    this.showSettings();
    this.showBars();
    this.showReadouts();
  }

  destroy() {
    this.turn = null;
    clearTimeout(this.timer);
  }

  // -- building

  build(el, prompt) {
    const size = megabytes(this.source.get("file")?.bytes ?? 0);
    this.loader = button(`Load the model (${size})`, () => this.load());
    this.status = html("p.w-note", "Nothing is loaded until you ask for it.");
    this.live = html("p.w-hidden", { role: "status" });
    this.hint = html("p.mp-hint.w-note");
    this.readouts = html("p.w-readouts");
    const spell = { spellcheck: "false", autocapitalize: "off", autocomplete: "off" };
    this.prompt = html("textarea", { rows: 3, ...spell, oninput: () => this.restart() }, prompt);
    const waits = html("p.w-note", "The text appears here.");
    this.text = html("div.mp-text", { tabindex: 0, role: "region", "aria-label": "The text" }, waits);
    const label = html("label.mp-prompt", html("span", "Prompt"), this.prompt);
    const buttons = html("div.mp-buttons", this.buildButtons(), this.hint);
    this.form = html("fieldset", { disabled: "" }, label, this.buildSettings(), buttons);
    this.root = html(
      "div.widget-body.mp",
      html("div.mp-top", this.loader, this.status),
      this.form,
      html("div.mp-view", this.text, this.buildBars()),
      this.readouts,
      this.live,
    );
    this.root.dataset.state = "empty";
    el.replaceChildren(this.root);
  }

  buildSettings() {
    Object.assign(this, { sliders: {}, fields: {} });
    const [temperature, topK, length, seed] = FIELDS.map((field) => html("div", this.control(field)));
    this.stop = html("select", STOPS.map(([name]) => html("option", name)));
    const stop = html("label.mp-stop", html("span", "Stop at"), this.stop);
    return html("div.mp-settings", temperature, topK, html("div.mp-pair", length, seed), stop);
  }

  control({ key, name, min, max, by, slides }) {
    const change = ({ target }) => this.typed(target.value.trim(), key);
    const text = { type: "text", inputmode: "decimal", autocomplete: "off", onchange: change };
    const field = (this.fields[key] = html("input", text));
    if (!slides) return html("label", html("span", name), field);
    field.setAttribute("aria-label", `${name}, number`);
    const slide = { type: "range", min, max, step: by, oninput: change };
    this.sliders[key] = html("input", slide);
    return [html("label", html("span", name), this.sliders[key]), field];
  }

  buildButtons() {
    this.write = button("Write", () => this.run(this.settings.length));
    this.write.className = "mp-write";
    const one = button("One character", () => this.run(1));
    const again = button("Start over", () => this.restart());
    return html("div.w-row", this.write, one, again);
  }

  buildBars() {
    this.caption = html("p.w-note");
    this.bars = Array.from({ length: BARS }, () => {
      const parts = ["model", "after"].map((name) => html(`i.mp-${name}`));
      const cells = [html("th", { scope: "row" }), html("td", { "aria-hidden": "true" }, parts), html("td")];
      return { row: html("tr", cells), parts, cells };
    });
    const heads = ["next", "", "probability"].map((name) => html("th", { scope: "col" }, name));
    heads[1] = html("td");
    const table = html("table", html("thead", html("tr", heads)), html("tbody", this.bars.map(({ row }) => row)));
    const sign = (name, text) => html("span", html(`i.mp-sign.mp-${name}`), ` ${text}`);
    const key = html("p.w-key", sign("model", "the model’s"), sign("after", "drawn from"));
    return html("div.mp-bars", this.caption, table, key);
  }

  // -- the model

  async load() {
    this.loader.disabled = true;
    this.root.dataset.state = "loading";
    this.status.textContent = "The model is on its way …";
    try {
      this.begin(await load(this.source));
    } catch (error) {
      this.loader.disabled = false;
      this.root.dataset.state = "empty";
      this.status.textContent = `The model did not load (${error.message}): try again; in a notebook, run this cell anew.`;
    }
    this.announce(this.status.textContent);
  }

  /** Unpack what was loaded, and open the controls. */
  begin(file) {
    this.gpt = new GPT(file, this.hop);
    this.vocabulary = [...file.vocabulary];
    this.place = new Map(this.vocabulary.map((character, id) => [character, id]));
    const { context_length, n_layers, n_heads, d_model, vocab_size } = file.config;
    this.status.textContent =
      `Loaded: ${n_layers} blocks of ${n_heads} heads, ${d_model} numbers wide. The model knows ` +
      `${vocab_size} characters and sees up to ${context_length}.`;
    this.most.top_k = vocab_size;
    this.settings.top_k = Math.min(this.settings.top_k || vocab_size, vocab_size);
    this.sliders.top_k.max = vocab_size;
    this.showSettings();
    this.form.disabled = false;
    this.loader.hidden = true;
    this.restart();
    this.write.focus({ preventScroll: true });
  }

  /** Take the prompt: what was written goes, and the draws begin again. */
  restart() {
    Object.assign(this, { turn: null, step: null, speed: 0 });
    this.random = generator(this.settings.seed);
    const text = [...this.prompt.value];
    const unknown = [...new Set(text)].filter((character) => !this.place.has(character));
    this.ids = unknown.length ? [] : text.map((character) => this.place.get(character));
    this.given = this.ids.length;
    this.say(text.length ? this.objection(unknown) : "The prompt is empty: give the model a character to go on from.");
    this.show();
  }

  objection(unknown) {
    if (!unknown.length) return "";
    const names = listed([...unknown.slice(0, 3).map(quoted), ...(unknown.length > 3 ? ["others"] : [])]);
    const [are, them] = unknown.length > 1 ? ["are", "them"] : ["is", "it"];
    return `${names} ${are} not among the model’s ${this.vocabulary.length} characters: take ${them} out.`;
  }

  /** Write so many characters, unless a pause, a stop or another prompt comes first. */
  async run(count) {
    if (this.turn) return (this.turn.pausing = true);
    if (!this.ids.length) return this.announce(this.hint.textContent);
    const turn = (this.turn = { pausing: false });
    const pace = matchMedia("(prefers-reduced-motion: reduce)").matches ? SHOW_STILL : SHOW;
    const began = performance.now();
    let [shown, written] = [began, 0];
    this.rested = began;
    this.showState();
    while (written < count && !turn.pausing && !(written && this.stops())) {
      const logits = await this.finish(this.gpt.read(this.ids), turn);
      if (turn !== this.turn) return; // another prompt came
      this.draw(logits);
      written += 1;
      const now = performance.now();
      if (count > 1) this.speed = (1000 * written) / (now - began);
      if (now - shown > pace) this.show((shown = now));
    }
    this.turn = null;
    this.show();
    this.announce(written === 1 ? this.caption.textContent : `${amount(written)} written.`);
  }

  /** Drive a reading to its end, the page having its turn now and then. */
  async finish(reading, turn) {
    for (;;) {
      const { done, value } = reading.next();
      if (done) return value;
      if (performance.now() - this.rested < SLICE) continue;
      await breathe();
      if (turn !== this.turn) return;
      this.rested = performance.now();
    }
  }

  /** Choose the next character. */
  draw(logits) {
    this.step = settle(logits, this.settings);
    this.step.chosen = pick(this.step.after, this.random());
    this.ids.push(this.step.chosen);
  }

  stops() {
    const end = STOPS[this.stop.selectedIndex][1];
    return end && this.spelled(this.ids.slice(-end.length)) === end;
  }

  spelled(ids) {
    return ids.map((id) => this.vocabulary[id]).join("");
  }

  // -- settings

  /** Take a typed number, or say why not. */
  typed(text, key) {
    const { name, min, by } = FIELDS.find((field) => field.key === key);
    const x = text ? Number(text.replace(",", ".")) : NaN;
    const fits = x >= min && x <= this.most[key] && (by < 1 || Number.isInteger(x));
    if (fits) this.settings[key] = x;
    if (fits && key === "seed") this.random = generator(x);
    this.showSettings();
    const kind = by < 1 ? "number" : "whole number";
    const stays = `${name} stays ${this.settings[key]}`;
    this.say(fits ? "" : `“${text.slice(0, 10)}” is no ${kind} from ${min} to ${this.most[key]}: ${stays}.`);
    if (!fits) this.announce(this.hint.textContent);
  }

  say(complaint, note = "") {
    this.hint.classList.toggle("mp-complaint", Boolean(complaint));
    this.hint.textContent = complaint || note;
  }

  announce(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.live.textContent = text), 400);
  }

  // -- showing

  show() {
    this.showText();
    this.showBars();
    this.showReadouts();
    this.showState();
  }

  showState() {
    this.root.dataset.state = this.turn ? "writing" : "ready";
    this.write.textContent = this.turn ? "Pause" : "Write";
  }

  showSettings() {
    for (const { key, slides } of FIELDS) {
      this.fields[key].value = this.settings[key] || (key === "top_k" ? "" : 0);
      if (slides) this.sliders[key].value = this.settings[key] || (key === "top_k" ? this.most[key] : 0);
    }
  }

  /** The text in pieces: what the model saw for its last choice stands on a ground of its own. */
  showText() {
    const { ids, given, step } = this;
    const last = step ? ids.length - 1 : ids.length;
    const begin = this.gpt.begin(last);
    const cuts = [...new Set([0, begin, given, last, ids.length])].sort((a, b) => a - b);
    const pieces = cuts.slice(1).map((end, n) => {
      const from = cuts[n];
      const names = [from < given ? "mp-given" : "", from < last && from >= begin ? "mp-seen" : ""];
      const tag = step && from >= last ? "b.mp-last" : ["span", ...names.filter(Boolean)].join(".");
      return html(tag, this.spelled(ids.slice(from, end)));
    });
    const { scrollTop, clientHeight, scrollHeight } = this.text;
    const follows = scrollTop + clientHeight > scrollHeight - 40; // unless the reader scrolled up
    this.text.replaceChildren(...pieces);
    if (follows) this.text.scrollTop = this.text.scrollHeight;
  }

  /** The likeliest characters of the last step; the chosen one takes the last place if need be. */
  showBars() {
    const { step } = this;
    const ids = step ? step.order.slice(0, BARS) : [];
    if (step && !ids.includes(step.chosen)) ids[BARS - 1] = step.chosen;
    const most = step ? Math.max(...ids.map((id) => Math.max(step.model[id], step.after[id]))) : 1;
    this.bars.forEach(({ row, parts, cells }, n) => {
      const id = ids[n];
      const blank = id === undefined;
      const [p, q] = blank ? [0, 0] : [step.model[id], step.after[id]];
      parts[0].style.width = `${(100 * p) / most}%`;
      parts[1].style.width = `${(100 * q) / most}%`;
      const chosen = !blank && id === step.chosen;
      row.className = blank ? "mp-blank" : chosen ? "mp-chosen" : "";
      cells[0].textContent = blank ? "·" : glyph(this.vocabulary[id]);
      cells[0].title = blank ? "" : (SPOKEN[this.vocabulary[id]] ?? "");
      cells[2].textContent = blank ? "" : q ? percent(q) : "cut off";
      Object.assign(row.dataset, blank ? { id: "" } : { id, p, q, chosen });
    });
    const drawn = step && `Drawn: ${quoted(this.vocabulary[step.chosen])}, at ${percent(step.after[step.chosen])}`;
    this.caption.textContent = drawn ?? "What comes next, and how likely it is";
  }

  showReadouts() {
    const item = (name, value, rest, ...sign) =>
      html("span", html("small", sign, name), html("b", value), html("span", ` ${rest}`));
    const [total, given] = [this.ids?.length ?? 0, this.given ?? 0];
    const before = this.step ? total - 1 : total; // what the last choice was made from
    const seen = this.gpt ? before - this.gpt.begin(before) : 0;
    this.readouts.replaceChildren(
      item("Written", (total - given).toLocaleString("en"), "characters"),
      item("Seen", seen, `of ${before.toLocaleString("en")}`, html("i.mp-sign.mp-seen"), " "),
      item("Speed", this.speed ? Math.round(this.speed).toLocaleString("en") : "–", "a second"),
    );
    Object.assign(this.root.dataset, { written: total - given, speed: this.speed ?? 0 });
  }
}

export default {
  render({ model, el }) {
    const page = new Page(model, el);
    return () => page.destroy();
  },
};
