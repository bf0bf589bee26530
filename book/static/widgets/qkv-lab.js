/* Attention on a few tokens, to change and to follow: from X to queries, keys, values, scores,
weights and the output.

data: { tokens, features, edit: names of the matrices that can be changed, follow: a token,
        presets: [{ name, say, X, W_Q, W_K, W_V, scale, mask, residual }…] }
A matrix is a list of rows; null is the identity. With no matrix but X in any preset, and none to
change, the lab has the short form, for which the page says `:form: raw` to keep its height free.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. Everything is drawn with the page's own colours; widgets.css holds the styles. */

const LIMIT = 20; // entries go from −20 to 20
const PIXELS = 4; // to drag for one step of a cell
const PAD = [38, 24]; // kept free around a picture, for labels
const HINT = "Framed numbers are yours: type, press ↑ ↓, or drag them sideways.";
const WEIGHTS = ["W_Q", "W_K", "W_V"];

// ---- the computation -------------------------------------------------------------------------

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const add = (a, b) => a.map((x, i) => x + b[i]);
const times = (a, row) => row.map((x) => a * x);
const columns = (m) => m[0].map((_, j) => m.map((row) => row[j]));
const product = (a, b) => a.map((row) => columns(b).map((column) => dot(row, column)));
const identity = (n) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => +(i === j)));

function softmax(row) {
  const top = Math.max(...row);
  const powers = row.map((x) => Math.exp(x - top));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / total);
}

/** Everything that follows from X, the matrices (null: the identity) and the switches. */
export function attend({ X, W_Q, W_K, W_V, scale, mask, residual }) {
  const [Q, K, V] = [W_Q, W_K, W_V].map((W) => (W ? product(X, W) : X));
  const hide = (x, i, j) => (mask && j > i ? -Infinity : x);
  const scores = Q.map((q, i) => K.map((k, j) => hide(dot(q, k), i, j)));
  const root = scale ? Math.sqrt(Q[0].length) : 1;
  const scaled = scores.map((row) => row.map((x) => x / root));
  const weights = scaled.map(softmax);
  const sums = product(weights, V);
  const output = residual ? sums.map((row, i) => add(X[i], row)) : sums;
  return { X, Q, K, V, scores, scaled, weights, sums, output };
}

/** One sentence on what is wrong with the data, or nothing. */
function mistake({ tokens, features, presets }) {
  const shaped = (m, rows) =>
    m.length === rows && m.every((row) => row.length === m[0].length && row.every(Number.isFinite));
  for (const preset of presets) {
    const { name, X, W_Q, W_K } = preset;
    if (!shaped(X, tokens.length) || X[0].length !== features.length)
      return `preset "${name}": X needs a row for each token and a number for each feature`;
    for (const W of WEIGHTS)
      if (preset[W] && !shaped(preset[W], features.length))
        return `preset "${name}": ${W} needs a row for each feature, all of one length`;
    if ((W_Q ?? X)[0].length !== (W_K ?? X)[0].length)
      return `preset "${name}": queries and keys need the same number of columns`;
  }
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
const box = (name, ...children) => html("div", { class: name }, ...children);

const clamp = (x) => Math.max(-LIMIT, Math.min(LIMIT, x));
const rounded = (x, places = 2) => Number(x.toFixed(places));

/** A number in at most five characters and a sign; a true minus. */
function digits(x, places) {
  if (x === -Infinity) return "−∞";
  const size = Math.abs(x);
  if (size >= 1e4) return x.toExponential(0).replace("e+", "e").replace("-", "−");
  const text = x.toFixed(Math.min(places, size < 10 ? places : size < 100 ? 1 : 0));
  return text.replace(/^-(?=[0.]*$)/, "").replace("-", "−");
}
const short = (x) => digits(x, 2).replace(/\.?0+$/, (zeros) => (zeros[0] === "." ? "" : zeros));
const vector = (row) => `(${row.map(short).join(", ")})`;
const share = (x) => x.toFixed(3);

/** A matrix's name with its subscript; "=" and more may follow. */
const named = (text) =>
  text.split(/(_[QKV])/).map((part) => (part[0] === "_" ? html("sub", {}, part[1]) : part));

// ---- the widget ------------------------------------------------------------------------------

class Lab {
  constructor(data, el) {
    const wrong = mistake(data);
    if (wrong) throw new Error(wrong);
    this.data = data;
    this.tokens = data.tokens;
    this.edit = data.edit ?? [];
    this.id = `qk-${Math.random().toString(36).slice(2, 8)}`;
    this.raw = !WEIGHTS.some((W) => this.edit.includes(W) || data.presets.some((p) => p[W]));
    this.axes = [0, Math.min(1, data.features.length - 1)];
    this.build(el);
    const follow = this.tokens.indexOf(data.follow);
    this.token = follow < 0 ? Math.min(2, this.tokens.length - 1) : follow;
    this.tokenChoice.inputs[this.token].checked = true;
    this.presetChoice.inputs[0].checked = true;
    this.choose(0);
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
    const { presets } = this.data;
    this.presetChoice = this.choices("Preset", presets.map(({ name }) => name), (i) => this.choose(i));
    this.tokenChoice = this.choices("Follow", this.tokens, (i) => this.follow(i));
    this.says = presets.map(({ say }) => html("p", {}, say));
    this.switches = { scale: "", mask: "causal mask", residual: "residual: x + …" };
    for (const [name, text] of Object.entries(this.switches)) this.switches[name] = this.toggle(name, text);
    this.hint = html("p", { class: "qk-hint w-note" }, this.edit.length ? HINT : "");
    this.slots = {};
    const slot = (name) => (this.slots[name] = html("div", { class: `qk-slot qk-${name}` }));
    this.pictures = this.raw ? [this.space()] : [this.match(), this.space()];
    const second = box("qk-chain qk-second", ...["scores", "weights", "output"].map(slot));
    const first = this.raw
      ? box("qk-chain qk-only", this.hint, slot("X"), this.pictures[0].figure)
      : box("qk-chain qk-first", this.hint, ...["W_Q", "W_K", "W_V", "X", "Q", "K", "V"].map(slot));
    this.summary = html("p", { class: "qk-summary" });
    this.trace = box("qk-trace");
    this.live = html("p", { class: "w-hidden", role: "status" });
    const reset = html("button", { type: "button", on: { click: () => this.choose(this.preset) } }, "Reset");
    this.root = box(
      `widget-body qk${this.raw ? " qk-raw" : ""}`,
      this.presetChoice.node,
      box("qk-says", this.says),
      box("w-row qk-switches", Object.values(this.switches).map(({ node }) => node), reset),
      first,
      second,
      box("qk-follow", this.tokenChoice.node, this.summary),
      this.trace,
      this.raw ? [] : box("qk-pictures", this.pictures.map(({ figure }) => figure)),
      this.live,
    );
    el.replaceChildren(this.root);
  }

  /** Buttons of which one is down. */
  choices(label, names, choose) {
    const inputs = names.map((_, i) =>
      html("input", { type: "radio", class: "w-hidden", name: `${this.id}-${label}`, on: { change: () => choose(i) } }),
    );
    const buttons = names.map((name, i) => html("label", {}, inputs[i], name));
    const title = html("span", { class: "w-note", "aria-hidden": "true" }, label);
    const node = html("div", { class: "qk-choices", role: "radiogroup", "aria-label": label }, title, buttons);
    return { node, inputs };
  }

  toggle(name, text) {
    const input = html("input", { type: "checkbox", on: { change: () => this.update() } });
    const label = html("span", {}, text);
    return { input, label, node: html("label", { class: "w-check", "data-switch": name }, input, label) };
  }

  figure(kind, head) {
    const scene = svg("g");
    const handles = svg("g");
    const picture = svg("svg", { class: "qk-picture", role: "img", "data-picture": kind }, scene, handles);
    const plane = { kind, scene, handles, picture, grips: [] };
    plane.figure = box(`qk-figure qk-figure-${kind}`, head, picture);
    const move = (event) => this.drag?.plane === plane && this.pull(event);
    const end = () => ((this.drag = null), this.draw());
    for (const [name, f] of Object.entries({ pointermove: move, pointerup: end, pointercancel: end }))
      picture.addEventListener(name, f);
    return plane;
  }

  match() {
    this.matchTitle = html("p", { class: "qk-title" });
    return this.figure("match", this.matchTitle);
  }

  /** The picture of the features, two of which are its axes. */
  space() {
    const choice = (axis, label) => {
      const options = this.data.features.map((name, i) => html("option", { value: i }, name));
      const select = html("select", { "aria-label": label }, options);
      select.value = this.axes[axis];
      select.addEventListener("change", () => {
        this.axes[axis] = Number(select.value);
        this.bounds = {};
        this.draw();
      });
      return select;
    };
    return this.figure(
      "space",
      box("qk-title", choice(0, "Feature to the right"), " → ", choice(1, "Feature upwards"), " ↑"),
    );
  }

  // -- matrices as tables

  /** The parts of the chain: their captions, and the names of their rows and columns. */
  parts() {
    const { tokens, features } = this.data;
    const slots = (W) => this.matrices[W]?.[0].map((_, j) => String(j + 1));
    const given = (W) => this.preset_[W] || this.edit.includes(W);
    const isV = this.matrices.W_V?.[0].length === features.length;
    const [q, k] = ["W_Q", "W_K"].map((W) => (this.preset_[W] ? slots(W) : features));
    const v = this.preset_.W_V && !isV ? slots("W_V") : features;
    const result = (name) => (given(`W_${name}`) ? `${name} = X W_${name}` : `${name} = X`);
    return {
      X: ["X", tokens, features],
      W_Q: ["W_Q", features, q],
      W_K: ["W_K", features, k],
      W_V: ["W_V", features, v],
      Q: [result("Q"), tokens, q],
      K: [result("K"), tokens, k],
      V: [result("V"), tokens, v],
      scores: [this.raw ? "scores X Xᵀ" : "scores Q Kᵀ", tokens, tokens],
      weights: ["weights", tokens, tokens],
      output: ["output", tokens, v],
    };
  }

  tables() {
    this.cells = {};
    const parts = this.parts();
    for (const [name, slot] of Object.entries(this.slots)) {
      if (WEIGHTS.includes(name) && !this.matrices[name])
        slot.replaceChildren(html("p", { class: "w-note" }, ...named(`no ${name}: ${name[2]} = X`)));
      else slot.replaceChildren(this.table(name, ...parts[name]));
    }
  }

  table(name, title, rows, cols) {
    const caption = html("caption", {}, html("b", {}, ...named(title)), html("small", {}, ` (${rows.length}, ${cols.length})`));
    const head = cols.map((text) => html("th", { scope: "col" }, text));
    const editable = this.edit.includes(name);
    const body = rows.map((row, i) =>
      html(
        "tr",
        {},
        html("th", { scope: "row" }, row),
        cols.map((col, j) => html("td", {}, editable ? this.field(name, i, j, `${row}, ${col}`) : [])),
      ),
    );
    const table = html("table", { "data-matrix": name }, caption, html("thead", {}, html("tr", {}, html("td"), head)), html("tbody", {}, body));
    this.cells[name] = body.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.firstChild ?? cell));
    if (rows === this.tokens) {
      body.forEach((row, i) => row.addEventListener("click", ({ target }) => target.matches("input") || this.follow(i)));
    }
    return table;
  }

  /** A cell to type into, to step with the arrow keys, and to drag sideways. */
  field(name, i, j, place) {
    let start = null;
    const value = () => this.matrices[name][i][j];
    const set = (x) => this.set([[name, i, j, rounded(clamp(x), 4)]]);
    const field = html("input", {
      type: "text",
      role: "spinbutton",
      autocomplete: "off",
      spellcheck: "false",
      enterkeyhint: "done",
      "aria-valuemin": -LIMIT,
      "aria-valuemax": LIMIT,
      "aria-label": `${name}, ${place}`,
    });
    const on = {
      change: () => this.typed(field, name, i, j, place),
      keydown: (event) => {
        const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (way) set(value() + way * (event.shiftKey ? 0.1 : 0.5));
        if (event.key === "Escape") this.update();
        if (way) event.preventDefault();
      },
      mousedown: (event) => event.preventDefault(), // a drag selects no text; pointerup gives focus
      pointerdown: (event) => (start = event.button ? null : { x: event.clientX, value: value() }),
      pointermove: (event) => {
        const way = start ? event.clientX - start.x : 0;
        if (!start?.moved && Math.abs(way) < PIXELS) return;
        if (!start.moved) field.setPointerCapture(event.pointerId);
        start.moved = true;
        set(start.value + Math.round(way / PIXELS) * (event.shiftKey ? 0.01 : 0.1));
      },
      pointerup: (event) => {
        if (start && !start.moved && event.pointerType === "mouse") field.select();
        start = null;
      },
      pointercancel: () => (start = null),
    };
    for (const [event, listener] of Object.entries(on)) field.addEventListener(event, listener);
    return field;
  }

  typed(field, name, i, j, place) {
    const text = field.value.trim();
    const number = text ? Number(text.replace("−", "-").replace(",", ".")) : NaN;
    const stays = `${name} at ${place} stays ${short(this.matrices[name][i][j])}.`;
    if (Math.abs(number) <= LIMIT) return this.set([[name, i, j, number]]);
    const why = text ? (Number.isNaN(number) ? `“${text.slice(0, 8)}” is no number` : `The lab goes from −${LIMIT} to ${LIMIT}`) : "The cell was empty";
    this.update(`${why}: ${stays}`);
  }

  // -- state

  choose(index) {
    this.preset = index;
    const preset = (this.preset_ = this.data.presets[index]);
    this.says.forEach((say, i) => say.classList.toggle("qk-off", i !== index));
    const n = this.data.features.length;
    const copy = (name) => preset[name]?.map((row) => [...row]) ?? (this.edit.includes(name) ? identity(n) : null);
    this.matrices = Object.fromEntries(["X", ...WEIGHTS].map((name) => [name, copy(name)]));
    const adds = (preset.W_V ?? preset.X)[0].length === n; // else there is nothing to add x to
    for (const [name, { input }] of Object.entries(this.switches)) input.checked = Boolean(preset[name]);
    this.switches.residual.input.disabled = !adds;
    if (!adds) this.switches.residual.input.checked = false;
    this.bounds = {};
    this.tables();
    this.grip();
    this.update();
  }

  follow(index) {
    this.token = index;
    this.tokenChoice.inputs[index].checked = true;
    this.grip();
    this.update();
  }

  /** Change entries, each given as [matrix, row, column, number]. */
  set(changes) {
    for (const [name, i, j, number] of changes) this.matrices[name][i][j] = number;
    this.update();
  }

  /** What follows from the numbers, the switches and the token. */
  update(complaint = "") {
    const on = (name) => this.switches[name].input.checked;
    this.on = { scale: on("scale"), mask: on("mask"), residual: on("residual") };
    this.result = attend({ ...this.matrices, ...this.on });
    this.root_ = `√${this.result.Q[0].length}`;
    this.switches.scale.label.textContent = `scale: ÷ ${this.root_}`;
    this.fill();
    this.tell();
    this.hint.textContent = complaint || (this.edit.length ? HINT : "");
    this.hint.classList.toggle("qk-complaint", Boolean(complaint));
    this.draw();
    for (const part of this.root.querySelectorAll(".qk-chain, .qk-scroll")) {
      const wide = part.scrollWidth > part.clientWidth + 1;
      wide ? part.setAttribute("tabindex", 0) : part.removeAttribute("tabindex");
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.live.textContent = complaint || this.summary.textContent), 500);
  }

  /** Write the numbers into the tables. */
  fill() {
    const all = { ...this.matrices, ...this.result };
    for (const [name, rows] of Object.entries(this.cells)) {
      const whole = all[name].flat().every((x) => !Number.isFinite(x) || Number.isInteger(x));
      const ours = ["X", "Q", "scores", "weights", "output"].includes(name);
      rows.forEach((row, i) => {
        row[0].closest("tr").classList.toggle("qk-on", ours && i === this.token);
        row.forEach((cell, j) => {
          const x = all[name][i][j];
          cell.dataset.value = x;
          if (cell.matches("input")) {
            cell.value = String(rounded(x, 3)).replace("-", "−");
            cell.setAttribute("aria-valuenow", x);
            cell.setAttribute("aria-valuetext", cell.value);
          } else cell.textContent = name === "weights" ? share(x) : digits(x, whole ? 0 : 2);
          if (name === "weights") cell.style.setProperty("--share", `${100 * x}%`);
          cell.classList.toggle("qk-masked", x === -Infinity || (name === "weights" && this.on.mask && j > i));
        });
      });
    }
    this.caption("weights", `weights softmax(scores${this.on.scale ? ` ÷ ${this.root_}` : ""})`);
    this.caption("output", `output ${this.on.residual ? "X + " : ""}weights ${this.raw ? "X" : "V"}`);
  }

  caption(name, text) {
    const [first, ...rest] = text.split(" ");
    const parts = [html("b", {}, first), ` ${rest.join(" ")} `, html("small", {}, `(${this.result[name].length}, ${this.result[name][0].length})`)];
    this.slots[name].querySelector("caption").replaceChildren(...parts);
  }

  // -- one token, by hand

  tell() {
    const i = this.token;
    const { X, Q, K, V, scores, scaled, weights, sums, output } = this.result;
    const name = this.tokens[i];
    const [hasQ, hasV] = ["W_Q", "W_V"].map((W) => Boolean(this.matrices[W]));
    const looks = this.tokens.map((token, j) => [
      token,
      vector(K[j]),
      short(scores[i][j]),
      ...(this.on.scale ? [scaled[i][j] === -Infinity ? "−∞" : digits(scaled[i][j], 2)] : []),
      share(weights[i][j]),
    ]);
    const takes = this.tokens.map((token, j) => [
      token,
      `${share(weights[i][j])} · ${vector(V[j])}`,
      vector(times(weights[i][j], V[j])),
    ]);
    const heads = ["", this.matrices.W_K ? "k" : "k = x", "q · k", ...(this.on.scale ? [`÷ ${this.root_}`] : []), "softmax"];
    const question = html("p", {}, html("b", {}, `${name} asks `), `q = x${hasQ ? " " : " = "}`, ...(hasQ ? named("W_Q = ") : []), html("b", { class: "qk-blue" }, vector(Q[i])));
    const answer = html("p", {}, html("b", {}, `${name} receives `), `weight · ${hasV ? "v" : "x"}, and in all `, html("b", { class: "qk-green" }, vector(sums[i])));
    const end = this.on.residual
      ? `output = x + that = ${vector(X[i])} + ${vector(sums[i])} = `
      : "output = that sum = ";
    this.trace.replaceChildren(
      box("qk-scroll qk-looks", question, this.steps("How much it takes of each token", heads, looks)),
      box("qk-scroll qk-takes", answer, this.steps("What it takes of each token", ["", `weight · ${hasV ? "v" : "x"}`, "="], takes)),
      html("p", { class: "qk-end" }, end, html("b", {}, vector(output[i]))),
    );
    const order = [...weights[i].keys()].sort((a, b) => weights[i][b] - weights[i][a]);
    const most = order.slice(0, 2).map((j) => `${this.tokens[j]} ${share(weights[i][j])}`);
    this.summary.replaceChildren(html("b", {}, name), ` looks at ${most.join(", ")}; output `, html("b", {}, vector(output[i])));
  }

  steps(label, heads, rows) {
    const cells = ([first, ...rest]) => [html("th", { scope: "row" }, first), ...rest.map((text) => html("td", {}, text))];
    return html(
      "table",
      { "aria-label": label },
      html("thead", {}, html("tr", {}, html("td"), heads.slice(1).map((text) => html("th", { scope: "col" }, text)))),
      html("tbody", {}, rows.map((row) => html("tr", {}, cells(row)))),
    );
  }

  // -- pictures: what is drawn, and what can be pulled

  /** The two coordinates of a row that a picture shows. */
  flat(row, kind) {
    const own = kind === "match" && this.result.Q[0].length !== this.data.features.length;
    return (own ? [0, 1] : this.axes).map((axis) => row[axis] ?? 0);
  }

  /** The tips that can be pulled: rows of X, or the query and the keys through W_Q and W_K. */
  grip() {
    for (const plane of this.pictures) {
      const grips = [];
      const grab = (at, set) => grips.push({ at, set });
      const axes = () => (plane.kind === "match" && this.result.Q[0].length !== this.data.features.length ? [0, 1] : this.axes);
      if (plane.kind === "space" && this.edit.includes("X"))
        this.tokens.forEach((_, i) => grab(() => this.result.X[i], (to) => axes().map((axis, n) => ["X", i, axis, to[n]])));
      const bend = (W, result, i) => {
        if (!this.edit.includes(W)) return;
        grab(
          () => this.result[result][i],
          (to, from) => this.bent(W, i, axes().map((axis, n) => [axis, to[n] - (from.row[axis] ?? 0)]), from),
        );
      };
      if (plane.kind === "match") {
        this.tokens.forEach((_, j) => bend("W_K", "K", j));
        bend("W_Q", "Q", this.token);
      }
      plane.grips = grips;
      plane.handles.replaceChildren(
        ...grips.map((grip) => (grip.node = svg("circle", { class: "qk-handle", r: 15, on: { pointerdown: (event) => this.grasp(event, plane, grip) } }))),
      );
    }
  }

  /** The smallest change of a matrix that moves row `i` of its product with X by `steps`. */
  bent(W, i, steps, { matrix }) {
    const x = this.result.X[i];
    const size = dot(x, x);
    if (!size) return [];
    const entries = steps.filter(([axis]) => axis < matrix[0].length);
    return entries.flatMap(([axis, step]) =>
      x.map((feature, f) => [W, f, axis, rounded(clamp(matrix[f][axis] + (feature * step) / size))]),
    );
  }

  grasp(event, plane, grip) {
    if (event.button) return;
    event.preventDefault();
    const changed = grip.set([0, 0], { row: grip.at(), matrix: this.matrices.W_Q ?? this.matrices.X })[0];
    if (!changed) return;
    const matrix = this.matrices[changed[0]].map((row) => [...row]);
    this.drag = { plane, grip, from: { row: [...grip.at()], matrix } };
    plane.picture.setPointerCapture(event.pointerId);
  }

  pull(event) {
    const { plane, grip, from } = this.drag;
    const frame = plane.picture.getBoundingClientRect();
    const to = plane.place.back([event.clientX - frame.left, event.clientY - frame.top]);
    this.set(grip.set(to.map((x) => rounded(clamp(x), 1)), from));
  }

  draw() {
    for (const plane of this.pictures) {
      const { width, height } = plane.picture.getBoundingClientRect();
      if (!width) continue;
      const items = plane.kind === "match" ? this.drawMatch() : this.drawSpace();
      plane.place = this.scale(plane.kind, items, width, height);
      const at = plane.place.at;
      plane.scene.replaceChildren(this.grid(plane, width, height), ...items.flatMap((item) => this.item(item, at)), ...this.labels(items, at, width, height));
      for (const grip of plane.grips) {
        const [x, y] = at(this.flat(grip.at(), plane.kind));
        grip.node.setAttribute("cx", x);
        grip.node.setAttribute("cy", y);
      }
    }
  }

  drawMatch() {
    const { Q, K, weights } = this.result;
    const place = (row) => this.flat(row, "match");
    const i = this.token;
    const keys = this.tokens.map((name, j) => ({
      kind: "k",
      from: [0, 0],
      to: place(K[j]),
      label: name,
      disc: weights[i][j],
      grip: this.edit.includes("W_K"),
    }));
    const query = { kind: "q", from: [0, 0], to: place(Q[i]), label: `q of ${this.tokens[i]}`, left: true, grip: this.edit.includes("W_Q") };
    const title = this.edit.some((W) => W !== "W_V" && W[0] === "W") ? " Pull the tips." : "";
    this.matchTitle.replaceChildren(html("b", { class: "qk-blue" }, "q"), " and the ", html("b", { class: "qk-orange" }, "k"), `; a disc is a weight.${title}`);
    const said = this.tokens.map((name, j) => `${name} ${vector(K[j])}, weight ${share(weights[i][j])}`);
    this.pictures[0].picture.setAttribute("aria-label", `The query of ${this.tokens[i]}, ${vector(Q[i])}, among the keys: ${said.join("; ")}.`);
    return [...keys, query];
  }

  drawSpace() {
    const { X, V, weights, output } = this.result;
    const place = (row) => this.flat(row, "space");
    const i = this.token;
    const same = output[0].length === X[0].length;
    const grip = this.edit.includes("X");
    const items = this.tokens.flatMap((name, j) => [
      { kind: j === i ? "x qk-chosen" : "x", from: [0, 0], to: place(X[j]), label: name, grip },
      ...(same && j !== i ? [{ kind: "move", from: place(X[j]), to: place(output[j]) }] : []),
    ]);
    if (same) {
      let from = this.on.residual ? X[i] : times(0, X[i]);
      this.tokens.forEach((_, j) => {
        const to = add(from, times(weights[i][j], V[j]));
        items.push({ kind: "v", from: place(from), to: place(to) });
        from = to;
      });
      items.push({ kind: "out", from: place(X[i]), to: place(output[i]), label: "output", end: true });
    }
    const said = this.tokens.map((name, j) => `${name} from ${vector(X[j])} to ${vector(output[j])}`);
    this.pictures.at(-1).picture.setAttribute("aria-label", `The tokens and what becomes of them: ${said.join("; ")}.`);
    return items;
  }

  /** From numbers to pixels and back. The window grows with what it holds, but not under a hand. */
  scale(kind, items, width, height) {
    const old = this.bounds[kind];
    const points = [...items.flatMap(({ from, to }) => [from, to]), ...(old ?? [[-1, -1], [1, 1]])];
    const [xs, ys] = columns(points);
    const held = this.drag && old;
    const [low, high] = held ? old : [
      [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys))],
      [Math.ceil(Math.max(...xs)), Math.ceil(Math.max(...ys))],
    ];
    this.bounds[kind] = [low, high];
    const unit = Math.min((width - 2 * PAD[0]) / (high[0] - low[0]), (height - 2 * PAD[1]) / (high[1] - low[1]));
    const zero = [width / 2 - (unit * (low[0] + high[0])) / 2, height / 2 + (unit * (low[1] + high[1])) / 2];
    const at = ([x, y]) => [zero[0] + unit * x, zero[1] - unit * y];
    const back = ([x, y]) => [(x - zero[0]) / unit, (zero[1] - y) / unit];
    return { at, back, unit };
  }

  grid({ place }, width, height) {
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((n) => n * place.unit >= 24) ?? 5000;
    const [low, high] = [place.back([0, height]), place.back([width, 0])];
    const parts = [];
    for (const axis of [0, 1])
      for (let n = Math.ceil(low[axis] / step) * step; n <= high[axis]; n += step) {
        const [x, y] = place.at([n, n]);
        const line = axis ? { x1: 0, x2: width, y1: y, y2: y } : { x1: x, x2: x, y1: 0, y2: height };
        parts.push(svg("line", { class: n ? "qk-grid" : "qk-zero", ...line }));
        const spot = axis ? { x: 4, y: y + 4 } : { x, y: height - 4, "text-anchor": "middle" };
        if (axis ? y < height - 24 && y > 10 : x > 12 && x < width - 12) parts.push(svg("text", { class: "qk-tick", ...spot }, short(n)));
      }
    return svg("g", {}, parts);
  }

  item({ kind, from, to, disc, grip, end }, at) {
    const [[x0, y0], [x1, y1]] = [at(from), at(to)];
    const length = Math.hypot(x1 - x0, y1 - y0);
    const marks = [];
    if (disc !== undefined) marks.push(svg("circle", { class: "qk-disc", cx: x1, cy: y1, r: 20 * Math.sqrt(disc) }));
    if (length > 1) marks.push(svg("line", { class: "qk-line", x1: x0, y1: y0, x2: x1, y2: y1 }));
    if (length > 7) {
      const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
      const corner = (side) => `${x1 - 8 * dx + side * 4 * dy} ${y1 - 8 * dy - side * 4 * dx}`;
      marks.push(svg("path", { class: "qk-head", d: `M${x1} ${y1}L${corner(1)}L${corner(-1)}Z` }));
    }
    if (grip) marks.push(svg("circle", { class: "qk-tip", cx: x1, cy: y1, r: 5 }));
    if (end) marks.push(svg("circle", { class: "qk-end-dot", cx: x1, cy: y1, r: 5 }));
    return [svg("g", { class: `qk-${kind}` }, marks)];
  }

  /** Labels at the tips, pushed apart where they would cover each other. */
  labels(items, at, width, height) {
    const taken = [];
    return items
      .filter(({ label }) => label)
      .map(({ kind, to, label, left }) => {
        const [x, y] = at(to);
        const room = label.length * 6.5;
        const flip = left ? x - room > 14 : x + room > width - 12;
        const spot = { x: flip ? x - 10 : x + 10, y: y - 8 };
        const start = flip ? spot.x - room : spot.x;
        const clash = () => taken.some(([a, b, w]) => Math.abs(b - spot.y) < 13 && a < start + room && start < a + w);
        for (let n = 0; n < 6 && clash(); n++) spot.y += 13;
        spot.y = Math.max(12, Math.min(height - 18, spot.y));
        taken.push([start, spot.y, room]);
        return svg("text", { class: `qk-label qk-${kind}`, ...spot, "text-anchor": flip ? "end" : "start" }, label);
      });
  }
}

function render({ model, el }) {
  const lab = new Lab(model.get("data"), el);
  return () => lab.destroy();
}

export default { render };
