/* The settings of sampling at work, step by step, on a model's logits for the next token.

data: { vocabulary: [string…], prompts: [{ context, ids, logits }…], start: { temperature, top_k,
        top_p, min_p, repetition_penalty }, unit: "token", seed: 1 }
A prompt's ids are the tokens of its context, which the repetition penalty needs; of its logits,
null is minus infinity. start, unit and seed may be left out. Neutral are 1 for temperature, top_p
and repetition_penalty, 0 for top_k and min_p; temperature 0 is greedy.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. The colours are the page's; widgets.css holds the styles. */

const DRAWS = 200;
const SHOWN = 90; // characters of the context, its last ones
const NEUTRAL = { repetition_penalty: 1, temperature: 1, top_k: 0, top_p: 1, min_p: 0 };

/** The steps in their order; `by` is the slider's step, finer numbers can be typed. */
const STEPS = [
  { key: "repetition_penalty", name: "Repetition penalty", change: penalise, min: 1, max: 3, by: 0.05 },
  { key: "temperature", name: "Temperature", change: temper, min: 0, max: 3, by: 0.05 },
  { key: "top_k", name: "Top-k", change: topK, min: 0, max: Infinity, by: 1 },
  { key: "top_p", name: "Top-p", change: topP, min: 0.01, max: 1, by: 0.01 },
  { key: "min_p", name: "Min-p", change: minP, min: 0, max: 1, by: 0.01 },
];

const PRESETS = [
  ["Greedy: temperature 0", { temperature: 0 }],
  ["Temperature 0.7", { temperature: 0.7 }],
  ["Top-k 5", { top_k: 5 }],
  ["Nucleus: top-p 0.9", { top_p: 0.9 }],
  ["Min-p 0.1", { min_p: 0.1 }],
  ["Repetition penalty 1.2", { repetition_penalty: 1.2 }],
];

// ---- the computation -------------------------------------------------------------------------

const total = (values) => values.reduce((sum, x) => sum + x, 0);

function softmax(logits) {
  const top = Math.max(...logits);
  const powers = logits.map((z) => Math.exp(z - top));
  const sum = total(powers);
  return powers.map((power) => power / sum);
}

/** In bits. */
const entropy = (probabilities) =>
  total(probabilities.map((p) => (p > 0 ? p * Math.log2(1 / p) : 0)));

/** Indices from the largest to the smallest; equals keep the vocabulary's order. */
const ranking = (values) =>
  values.map((_, i) => i).sort((a, b) => (values[a] === values[b] ? a - b : values[b] - values[a]));

const keep = (logits, stays) => logits.map((z, i) => (stays(i) ? z : -Infinity));

function topK(logits, k) {
  const best = new Set(ranking(logits).slice(0, k));
  return keep(logits, (i) => best.has(i));
}

/** The fewest tokens whose probabilities reach p: those before which less than p is held. */
function topP(logits, p) {
  const probabilities = softmax(logits);
  let sum = 0;
  const reached = (i) => (sum += probabilities[i]) - probabilities[i] < p;
  const nucleus = new Set(ranking(logits).filter(reached));
  return keep(logits, (i) => nucleus.has(i));
}

function minP(logits, share) {
  const probabilities = softmax(logits);
  const least = share * Math.max(...probabilities);
  return keep(logits, (i) => probabilities[i] >= least);
}

/** Keskar et al. (2019): a token of the context has its logit divided if positive, else multiplied. */
function penalise(logits, penalty, ids) {
  const seen = new Set(ids);
  return logits.map((z, i) => (!seen.has(i) ? z : z < 0 ? z * penalty : z / penalty));
}

function temper(logits, temperature) {
  return temperature ? logits.map((z) => z / temperature) : topK(logits, 1);
}

/** What the settings make of `logits` after a context of tokens `ids`.

Returns the probabilities of the model and after the settings; for each token the step that cut it,
"model" if the model rules it out, or null; tokens left and bits after each step; and the model's
probability that the tokens left hold. */
export function settle(logits, ids, settings) {
  let now = logits.map((z) => z ?? -Infinity);
  const original = softmax(now);
  const cut = now.map(() => null);
  const stages = [{ key: "model" }, ...STEPS].map(({ key, change }) => {
    if (settings[key] !== NEUTRAL[key]) now = change(now, settings[key], ids);
    now.forEach((z, i) => z === -Infinity && (cut[i] ??= key));
    return { key, left: cut.filter((by) => !by).length, bits: entropy(softmax(now)) };
  });
  const mass = total(original.filter((_, i) => !cut[i]));
  return { original, probabilities: softmax(now), cut, stages, mass };
}

/** A small seeded generator (mulberry32): the same seed draws the same tokens in every browser. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The token at which the running sum of the probabilities passes `u` from [0, 1). */
export function pick(probabilities, u) {
  let sum = 0;
  const i = probabilities.findIndex((p) => (sum += p) > u);
  return i < 0 ? probabilities.findLastIndex((p) => p > 0) : i; // the sum may round to below 1
}

/** Pearson's χ² of counts against probabilities; the rarest share cells of 5 expected or more. */
export function chiSquare(counts, probabilities) {
  const n = total(counts);
  const cells = [];
  let cell = [0, 0];
  for (const i of ranking(probabilities).reverse()) {
    cell = [cell[0] + counts[i], cell[1] + n * probabilities[i]];
    if (cell[1] < 5) continue;
    cells.push(cell);
    cell = [0, 0];
  }
  if (cells.length) cells.push(cells.pop().map((x, i) => x + cell[i]));
  const statistic = total(cells.map(([count, expected]) => (count - expected) ** 2 / expected));
  return { statistic, freedom: cells.length - 1 };
}

/** Stop at data from which nothing could be shown. */
function validate({ vocabulary, prompts, start }) {
  for (const [n, { ids, logits }] of prompts.entries()) {
    const known = ids.every((id) => vocabulary[id] !== undefined);
    if (!known || logits.length !== vocabulary.length || !logits.some(Number.isFinite))
      throw new Error(`prompt ${n + 1}: its ids and logits do not fit the vocabulary`);
  }
  for (const step of STEPS)
    if (!allows(step, start[step.key], vocabulary.length))
      throw new Error(`start: ${step.key} is ${start[step.key]}`);
}

const limit = ({ max }, size) => Math.min(max, size);
const allows = (step, x, size) =>
  x >= step.min && x <= limit(step, size) && (step.by < 1 || Number.isInteger(x));

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
const group = (label, parts) => {
  const name = html("span.w-note", label);
  return html("div.sl-group", { role: "group", "aria-label": label }, name, html("div", parts));
};

const GLYPHS = { "\n": "⏎", " ": "␣", "\t": "⇥" };
const SPOKEN = { "\n": "line break", " ": "space", "\t": "tab" };
const glyph = (token) => [...token].map((c) => GLYPHS[c] ?? c).join("");
const quoted = (token) => SPOKEN[token] ?? `“${token}”`;
const percent = (p) => (p > 0 && p < 0.0005 ? "< 0.1 %" : `${(100 * p).toFixed(1)} %`);
const ceiling = (p) => [0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((most) => p <= most) ?? 1;
const filter = (key) => ({ temperature: "greedy", model: "model" })[key] ?? key.replace("_", "-");

// ---- the widget ------------------------------------------------------------------------------

class Lab {
  constructor(data, el) {
    this.data = { unit: "token", seed: 1, ...data, start: { ...NEUTRAL, ...data.start } };
    validate(this.data);
    this.size = data.vocabulary.length;
    this.settings = { ...this.data.start };
    this.build(el);
    this.choose(0);
    clearTimeout(this.timer); // what nobody has asked for is not announced
    this.observer = new ResizeObserver(() => this.showMore());
    this.observer.observe(this.scroller);
  }

  destroy() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  // -- building

  build(el) {
    this.presets = PRESETS.map(([name, one]) => button(name, () => this.set({ ...NEUTRAL, ...one })));
    this.hint = html("p.sl-hint.w-note");
    this.readouts = html("p.w-readouts");
    this.told = html("p.sl-told");
    this.live = html("p.w-hidden", { role: "status" });
    const reset = button("Reset", () => this.set(this.data.start));
    this.root = html(
      "div.widget-body.sl",
      this.buildPrompts(),
      group("Preset", this.presets),
      this.buildSteps(),
      html("div.sl-foot", this.hint, reset),
      this.readouts,
      this.buildKey(),
      this.buildCandidates(),
      html("div.sl-draw", button(`Draw ${DRAWS}`, () => this.draw()), this.told),
      this.live,
    );
    el.replaceChildren(this.root);
  }

  buildPrompts() {
    const { prompts } = this.data;
    this.prompts = prompts.map((_, n) => button(`${n + 1}`, () => this.choose(n)));
    this.contexts = prompts.map(({ context }, n) => {
      this.prompts[n].setAttribute("aria-label", `Prompt ${n + 1}: ${glyph(context).slice(-30)}`);
      const text = context.length > SHOWN ? `…${context.slice(-SHOWN)}` : context;
      return html("p", text.replaceAll("\n", "⏎"), html("b", { "aria-hidden": "true" }, "?"));
    });
    const contexts = html("div.sl-contexts", this.contexts);
    return html("div.sl-top", group("Prompt", this.prompts), contexts);
  }

  /** The settings, each in its row of the table of steps, with what is left after it. */
  buildSteps() {
    const row = (name, ...parts) => html(name, { role: "row" }, parts);
    const part = (role, name, ...parts) => html(`span.sl-${name}`, { role }, parts);
    const cells = (key) => [(this.left[key] = part("cell", "left")), (this.bits[key] = part("cell", "bits"))];
    const bits = [html("span.sl-long", "entropy, "), "bits"];
    const heads = ["step", "setting", `${this.data.unit}s left`, bits];
    Object.assign(this, { left: {}, bits: {}, notes: {}, sliders: {}, fields: {} });
    const names = ["name", "setting", "left", "bits"];
    const label = "The steps in their order, and what is left after each";
    return html(
      "div.sl-steps",
      { role: "table", "aria-label": label },
      row("div.sl-heads", heads.map((head, n) => part("columnheader", names[n], head))),
      row("div", part("rowheader", "name", "The model"), part("cell", "setting"), cells("model")),
      STEPS.map((step) => {
        const note = (this.notes[step.key] = html("small"));
        const name = part("rowheader", "name", step.name, " ", note);
        return row("div", name, part("cell", "setting", this.control(step)), cells(step.key));
      }),
    );
  }

  /** A slider and a field for numbers. The slider of top-k has "off" at its far end, as top-p. */
  control(step) {
    const { key, name, min, by } = step;
    const max = limit(step, this.size);
    const oninput = ({ target }) => {
      const x = Number(target.value);
      this.set({ [key]: key === "top_k" && x === max ? 0 : x });
    };
    const range = { type: "range", min: key === "top_k" ? 1 : min, max, step: by };
    const onchange = ({ target }) => this.typed(target.value.trim(), step);
    const heard = { onchange, oninput: () => this.say("") };
    const text = { type: "text", inputmode: "decimal", autocomplete: "off", ...heard };
    this.sliders[key] = html("input", { ...range, "aria-label": name, oninput });
    this.fields[key] = html("input", { ...text, "aria-label": `${name}, number` });
    return [this.sliders[key], this.fields[key]];
  }

  buildKey() {
    const signs = { model: "the model’s probability", after: "after the settings", lost: "cut" };
    Object.assign(signs, { tick: "share of the draws", seen: "in the context" });
    const sign = ([name, text]) => html("span", html(`i.sl-sign.sl-${name}`), ` ${text}`);
    return html("p.w-key", Object.entries(signs).map(sign));
  }

  buildCandidates() {
    this.scale = [0, 1, 2].map((n) => html("span", { style: `left: ${50 * n}%` }));
    const drawn = ["drawn", html("span.sl-long", " / expected")];
    const heads = ["next", "model", html("div", this.scale), "after", drawn];
    const names = ["token", "own", "bar", "new", "count"];
    const head = heads.map((text, n) =>
      html(`th.sl-${names[n]}`, n === 2 ? { "aria-hidden": "true" } : { scope: "col" }, text),
    );
    this.body = html("tbody");
    const label = `Every ${this.data.unit}, from the likeliest on`;
    this.scroller = html(
      "div.sl-scroller",
      { tabindex: 0, role: "region", "aria-label": label, onscroll: () => this.showMore() },
      html("table", html("thead", html("tr", head)), this.body),
    );
    return this.scroller;
  }

  /** The row of a candidate; `update` fills it. */
  candidate(id) {
    const { vocabulary } = this.data;
    const parts = ["model", "after", "tick"].map((name) => html(`i.sl-${name}`));
    const cells = ["own", "new", "count"].map((name) => html(`td.sl-${name}`));
    const hint = { role: "img", "aria-label": "in the context", title: "in the context" };
    const seen = this.prompt.ids.includes(id) ? html("i.sl-seen", hint) : "";
    const name = html("span", { title: SPOKEN[vocabulary[id]] ?? "" }, glyph(vocabulary[id]));
    const bar = html("td.sl-bar", { "aria-hidden": "true" }, html("div", parts));
    const token = html("th.sl-token", { scope: "row" }, name, seen);
    const row = html("tr", { "data-id": id }, token, cells[0], bar, cells[1], cells[2]);
    return { id, row, parts, cells };
  }

  // -- state

  choose(n) {
    this.prompt = this.data.prompts[n];
    this.prompts.forEach((button, m) => button.setAttribute("aria-pressed", m === n));
    this.contexts.forEach((text, m) => text.classList.toggle("sl-away", m !== n));
    this.rows = ranking(this.prompt.logits.map((z) => z ?? -Infinity)).map((id) => this.candidate(id));
    this.body.replaceChildren(...this.rows.map(({ row }) => row));
    this.scroller.scrollTop = 0;
    this.update();
  }

  set(changed) {
    Object.assign(this.settings, changed);
    this.update();
  }

  /** Take a typed number, or say why not. */
  typed(text, step) {
    const { key, name, min, by } = step;
    const x = text ? Number(text.replace(",", ".")) : NaN;
    if (allows(step, x, this.size)) return this.set({ [key]: x });
    const kind = by < 1 ? "number" : "whole number";
    const range = `${min} to ${limit(step, this.size)}`;
    const stays = `${name} stays ${this.settings[key]}.`;
    this.fields[key].value = this.settings[key];
    this.say(`“${text.slice(0, 10)}” is no ${kind} from ${range}: ${stays}`);
    this.announce(this.hint.textContent);
  }

  say(complaint) {
    this.hint.classList.toggle("sl-complaint", Boolean(complaint));
    this.hint.textContent = complaint || "The steps apply from the top down.";
  }

  /** Show what follows from the settings. Draws belong to one distribution: they start over. */
  update() {
    const { ids, logits } = this.prompt;
    this.result = settle(logits, ids, this.settings);
    this.counts = new Array(this.size).fill(0);
    this.random = generator(this.data.seed);
    this.say("");
    this.showSteps();
    this.showReadouts();
    this.showCandidates();
    this.announce(this.summary());
  }

  draw() {
    const { probabilities } = this.result;
    for (let n = 0; n < DRAWS; n++) this.counts[pick(probabilities, this.random())] += 1;
    this.showCandidates();
    this.announce(this.told.textContent);
  }

  announce(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.live.textContent = text), 400);
  }

  // -- showing

  showSteps() {
    const { stages } = this.result;
    stages.forEach(({ key, left, bits }, n) => {
      const lost = n ? stages[n - 1].left - left : 0;
      this.left[key].replaceChildren(lost ? html("small", `−${lost}`) : "", ` ${left}`);
      this.bits[key].textContent = bits.toFixed(2);
    });
    for (const { key } of STEPS) {
      const x = this.settings[key];
      const off = x === NEUTRAL[key];
      const said = off ? "off" : key === "temperature" && x === 0 ? "greedy" : "";
      const end = key === "top_k" && !x;
      this.notes[key].textContent = said;
      this.notes[key].closest("[role=row]").classList.toggle("sl-off", off);
      this.sliders[key].value = end ? this.size : x;
      this.sliders[key].setAttribute("aria-valuetext", said ? `${x}, ${said}` : x);
      this.fields[key].value = x;
    }
    this.presets.forEach((button, n) => {
      const wanted = { ...NEUTRAL, ...PRESETS[n][1] };
      const on = STEPS.every(({ key }) => this.settings[key] === wanted[key]);
      button.setAttribute("aria-pressed", on);
    });
  }

  showReadouts() {
    const { stages, mass } = this.result;
    const [first, last] = [stages[0], stages.at(-1)];
    const item = (name, value, ...rest) => html("span", html("small", name), html("b", value), " ", rest);
    this.readouts.replaceChildren(
      item("Survivors", `${last.left}`, `of ${first.left}`),
      item("Entropy", last.bits.toFixed(2), `bits, was ${first.bits.toFixed(2)}`),
      item("Mass kept", percent(mass), html("span.sl-long", "of the model’s probability")),
    );
    Object.assign(this.readouts.dataset, { left: last.left, bits: last.bits, mass });
  }

  summary() {
    const { stages, mass, probabilities } = this.result;
    const best = ranking(probabilities)[0];
    return (
      `${stages.at(-1).left} of ${stages[0].left} ${this.data.unit}s survive, ` +
      `entropy ${stages.at(-1).bits.toFixed(2)} bits, ${percent(mass)} of the mass kept. ` +
      `Likeliest: ${quoted(this.data.vocabulary[best])}, ${percent(probabilities[best])}.`
    );
  }

  /** Fill the rows: bars, numbers, what cut whom, draws. */
  showCandidates() {
    const { original, probabilities, cut } = this.result;
    const n = total(this.counts);
    const shares = this.counts.map((count) => (n ? count / n : 0));
    const most = ceiling(Math.max(...original, ...probabilities, ...shares));
    const width = (p) => `${(100 * p) / most}%`;
    this.scale.forEach((mark, i) => (mark.textContent = `${Math.round(500 * i * most) / 10} %`));
    for (const { id, row, parts, cells } of this.rows) {
      const [model, after, tick] = parts.map(({ style }) => style);
      [model.width, after.width, tick.left] = [original[id], probabilities[id], shares[id]].map(width);
      tick.display = n && !cut[id] ? "" : "none";
      row.classList.toggle("sl-cut", Boolean(cut[id]));
      const fate = cut[id] ? [html("span.sl-long", "cut: "), filter(cut[id])] : [percent(probabilities[id])];
      cells[0].textContent = percent(original[id]);
      cells[1].replaceChildren(...fate);
      const expected = html("small.sl-long", `/ ${(n * probabilities[id]).toFixed(1)}`);
      cells[2].replaceChildren(...(n && !cut[id] ? [`${this.counts[id]} `, expected] : []));
      const [p, q] = [original[id], probabilities[id]];
      Object.assign(row.dataset, { p, q, cut: cut[id] ?? "", count: this.counts[id] });
    }
    this.showTold(n);
  }

  showTold(n) {
    const { statistic, freedom } = chiSquare(this.counts, this.result.probabilities);
    const { unit } = this.data;
    const chance = `${freedom} ± ${Math.sqrt(2 * freedom).toFixed(1)}`;
    const alone = this.result.stages.at(-1).left === 1;
    const why = alone ? `all the same: one ${unit} is left` : "the others are too rare for a χ²";
    const told = freedom ? `: χ² = ${statistic.toFixed(2)}; chance alone gives about ${chance}` : `, ${why}`;
    this.told.textContent = n ? `${n} drawn${told}.` : `Draw ${unit}s from what is left, and count them.`;
    Object.assign(this.told.dataset, { statistic, freedom });
  }

  /** While rows wait below, the lower edge fades. */
  showMore() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    this.scroller.classList.toggle("sl-more", scrollTop + clientHeight < scrollHeight - 1);
  }
}

export default {
  render({ model, el }) {
    const lab = new Lab(model.get("data"), el);
    return () => lab.destroy();
  },
};
