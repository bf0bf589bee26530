/* Attention on a few tokens, to change and to follow from X to the output.

data: { tokens, features, edit: names of the matrices that can be changed,
        presets: [{ name, say, X, W_Q, W_K, W_V, scale, mask, residual }…] }
A matrix is a list of rows; null is the identity; W_V has a column for each feature. Without any W
the lab is short, and its data says show: ["raw"] to have the right height kept free.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. The colours are the page's; widgets.css holds the styles. */

const LIMIT = 20; // entries go from −20 to 20
const PIXELS = 4; // to drag for one step of a cell
const WEIGHTS = ["W_Q", "W_K", "W_V"];

// ---- the computation -------------------------------------------------------------------------

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const add = (a, b) => a.map((x, i) => x + b[i]);
const times = (a, row) => row.map((x) => a * x);
const columns = (m) => m[0].map((_, j) => m.map((row) => row[j]));
const product = (a, b) => a.map((row) => columns(b).map((column) => dot(row, column)));
const identity = (names) => names.map((_, i) => names.map((_, j) => Number(i === j)));

function softmax(row) {
  const top = Math.max(...row);
  const powers = row.map((x) => Math.exp(x - top));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / total);
}

/** All that follows from X, the matrices (null: the identity) and the switches. */
export function attend({ X, W_Q, W_K, W_V, scale, mask, residual }) {
  const [Q, K, V] = [W_Q, W_K, W_V].map((W) => (W ? product(X, W) : X));
  const scores = Q.map((q, i) => K.map((k, j) => (mask && j > i ? -Infinity : dot(q, k))));
  const root = scale ? Math.sqrt(Q[0].length) : 1;
  const scaled = scores.map((row) => row.map((x) => x / root));
  const weights = scaled.map(softmax);
  const sums = product(weights, V);
  const output = residual ? sums.map((row, i) => add(X[i], row)) : sums;
  return { X, Q, K, V, scores, scaled, weights, sums, output };
}

/** Stop at a preset whose matrices do not fit each other. */
function validate(preset, { length }) {
  const { X, Q, K, V, output } = attend(preset);
  const fits = Q[0].length === K[0].length && X[0].length === length && V[0].length === length;
  if (!fits || !output.flat().every(Number.isFinite))
    throw new Error(`preset "${preset.name}": its matrices do not fit each other`);
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

const clamp = (x) => Math.max(-LIMIT, Math.min(LIMIT, x));
const rounded = (x, places) => Number(x.toFixed(places));

/** A number in at most five characters and a sign; a true minus. */
function digits(x, places = 2) {
  if (x === -Infinity) return "−∞";
  const size = Math.abs(x);
  const kept = size < 10 ? places : Math.min(places, Number(size < 100));
  const text = size < 1e4 ? x.toFixed(kept) : x.toExponential(0).replace("+", "");
  return text.replace(/^-(?=[0.]*$)/, "").replace("-", "−");
}
const short = (x) => digits(x).replace(/\.0+$|(\.\d*?)0+$/, "$1");
const vector = (row) => `(${row.map(short).join(", ")})`;
const share = (x) => x.toFixed(3);

/** Text in which W_Q, W_K and W_V get subscripts. */
const named = (text) =>
  text.split(/(_[QKV])/).map((part) => (part[0] === "_" ? html("sub", part[1]) : part));

/** What a table holds below its caption; the cells are elements or texts. */
const tabular = (heads, names, rows) => [
  html("thead", html("tr", html("td"), heads.map((head) => html("th", { scope: "col" }, head)))),
  html(
    "tbody",
    names.map((name, i) => {
      const cells = rows[i].map((cell) => (cell.tagName === "TD" ? cell : html("td", cell)));
      return html("tr", html("th", { scope: "row" }, name), cells);
    }),
  ),
];

/** An arrow in pixels; it has no head where a tip to pull stands. */
function arrow([x0, y0], [x1, y1], grip) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 1) return [];
  const line = svg("line.qk-line", { x1: x0, y1: y0, x2: x1, y2: y1 });
  if (length < 7 || grip) return [line];
  const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
  const corner = (side) => `L${x1 - 8 * dx + side * dy} ${y1 - 8 * dy - side * dx}`;
  return [line, svg("path.qk-head", { d: `M${x1} ${y1}${corner(4)}${corner(-4)}Z` })];
}

// ---- the widget ------------------------------------------------------------------------------

class Lab {
  constructor(data, el) {
    const { tokens, features, presets, edit = [] } = data;
    presets.forEach((preset) => validate(preset, features));
    Object.assign(this, { tokens, features, presets, edit });
    this.id = Math.random(); // tells the radio buttons of two labs apart
    this.raw = !WEIGHTS.some((W) => edit.includes(W) || presets.some((preset) => preset[W]));
    this.axes = [0, 1];
    this.token = Math.min(2, tokens.length - 1);
    this.build(el);
    this.choose(0);
    clearTimeout(this.timer); // what nobody has asked for is not announced
    this.observer = new ResizeObserver(() => (this.draw(), this.reach()));
    this.observer.observe(this.root);
  }

  destroy() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  build(el) {
    const names = this.presets.map(({ name }) => name);
    this.presetChoice = this.choices("Preset", names, (i) => this.choose(i));
    this.tokenChoice = this.choices("Follow", this.tokens, (i) => this.follow(i));
    this.says = this.presets.map(({ say }) => html("p", say));
    this.switches = { scale: "", mask: "causal mask", residual: "residual: x + …" };
    for (const [name, text] of Object.entries(this.switches)) {
      const input = html("input", { type: "checkbox", onchange: () => this.update() });
      const label = html("span", text);
      this.switches[name] = { input, label, node: html("label.w-check", input, label) };
    }
    this.hint = html("p");
    const rule = "Below each W: its product with X, row by column.";
    const hints = html("div.qk-hint.w-note", this.hint, this.raw ? [] : html("p", rule));
    this.slots = {};
    const slots = (text) =>
      text.split(" ").map((name) => (this.slots[name] = html(`div.qk-slot.qk-${name}`)));
    this.pictures = this.raw ? [this.space()] : [this.match(), this.space()];
    const figures = this.pictures.map(({ figure }) => figure);
    this.summary = html("p.qk-summary");
    this.trace = html("div.qk-trace");
    this.live = html("p.w-hidden", { role: "status" });
    const onpointerup = () => {
      this.held = null;
      this.draw();
    };
    const onpointermove = (event) => this.held?.(event);
    const reset = html("button", { type: "button", onclick: () => this.choose(this.preset) }, "Reset");
    this.root = html(
      "div.widget-body.qk",
      { onpointermove, onpointerup, onpointercancel: onpointerup },
      this.presetChoice.node,
      html("div.qk-says", this.says),
      html("div.w-row.qk-switches", Object.values(this.switches).map(({ node }) => node), reset),
      this.raw
        ? html("div.qk-chain.qk-only", hints, slots("X"), figures)
        : html("div.qk-chain.qk-first", hints, slots("W_Q W_K W_V X Q K V")),
      html("div.qk-chain.qk-second", slots("scores weights output")),
      html("div.qk-follow", this.tokenChoice.node, this.summary),
      this.trace,
      this.raw ? [] : html("div.qk-pictures", figures),
      this.live,
    );
    el.replaceChildren(this.root);
  }

  /** Buttons of which one is down. */
  choices(label, names, choose) {
    const inputs = names.map((_, i) =>
      html("input.w-hidden", { type: "radio", name: this.id + label, onchange: () => choose(i) }),
    );
    const buttons = names.map((name, i) => html("label", inputs[i], name));
    const group = { role: "radiogroup", "aria-label": label };
    return { inputs, node: html("div.qk-choices", group, html("span.w-note", label), buttons) };
  }

  tables() {
    const { tokens, features, preset } = this;
    const names = (W) => this.presets[preset][W]?.[0].map((_, j) => String(j + 1)) ?? features;
    const cols = { W_Q: names("W_Q"), W_K: names("W_K"), scores: tokens, weights: tokens };
    [cols.Q, cols.K] = [cols.W_Q, cols.W_K];
    this.cells = {};
    for (const [name, slot] of Object.entries(this.slots)) {
      const rows = WEIGHTS.includes(name) ? features : tokens;
      const none = rows === features && !this.matrices[name];
      slot.replaceChildren(none ? "" : this.table(name, rows, cols[name] ?? features));
    }
  }

  table(name, rows, cols) {
    const cell = (i, j) =>
      this.edit.includes(name) ? this.field(name, i, j, `${rows[i]}, ${cols[j]}`) : html("td");
    const cells = (this.cells[name] = rows.map((_, i) => cols.map((_, j) => cell(i, j))));
    const onclick = ({ target }) => {
      const row = target.matches("input") ? null : target.closest("tbody tr");
      if (row && rows === this.tokens) this.follow(row.rowIndex - 1);
    };
    const attributes = { "data-matrix": name, onclick };
    return html("table", attributes, html("caption"), tabular(cols, rows, cells));
  }

  /** A cell to type into, to step with the arrow keys, and to drag sideways. */
  field(name, i, j, place) {
    let from, old, moved; // of a drag
    const value = () => this.matrices[name][i][j];
    const set = (x) => {
      this.matrices[name][i][j] = rounded(clamp(x), 4);
      this.update();
    };
    return html("input", {
      type: "text",
      role: "spinbutton",
      autocomplete: "off",
      "aria-valuemin": -LIMIT,
      "aria-valuemax": LIMIT,
      "aria-label": `${name}, ${place}`,
      onchange: ({ target }) => this.typed(target.value.trim(), name, i, j, place),
      onkeydown: (event) => {
        const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (!way) return;
        event.preventDefault();
        set(value() + way * (event.shiftKey ? 0.1 : 0.5));
      },
      onmousedown: (event) => event.preventDefault(), // no selection; pointerup gives the focus
      onpointerdown: (event) => {
        [from, old, moved] = [event.clientX, value(), false];
        const move = ({ clientX, shiftKey }) => {
          const steps = Math.round((clientX - from) / PIXELS);
          moved ||= steps !== 0;
          if (moved) set(old + steps * (shiftKey ? 0.01 : 0.1));
        };
        this.hold(event, move, event.target);
      },
      onpointerup: ({ target }) => moved || target.select(),
      onpointercancel: () => set(old), // the page scrolls instead
    });
  }

  /** Take a typed number, or say why not. */
  typed(text, name, i, j, place) {
    const number = Number(text.replace("−", "-").replace(",", "."));
    const wrong = !text || !(Math.abs(number) <= LIMIT);
    if (!wrong) this.matrices[name][i][j] = number;
    const stays = `${name}, ${place}, stays ${short(this.matrices[name][i][j])}.`;
    this.update(wrong && `“${text.slice(0, 8)}” is no number from −${LIMIT} to ${LIMIT}: ${stays}`);
  }

  choose(index) {
    const preset = this.presets[index];
    this.preset = index;
    this.presetChoice.inputs[index].checked = true;
    this.says.forEach((say, i) => say.classList.toggle("qk-off", i !== index));
    const copy = (name) =>
      preset[name]?.map((row) => [...row]) ??
      (this.edit.includes(name) ? identity(this.features) : null);
    this.matrices = Object.fromEntries(["X", ...WEIGHTS].map((name) => [name, copy(name)]));
    for (const [name, { input }] of Object.entries(this.switches)) input.checked = preset[name];
    this.bounds = {};
    this.tables();
    this.follow(this.token);
  }

  follow(index) {
    this.token = index;
    this.tokenChoice.inputs[index].checked = true;
    this.pictures.forEach((plane) => this.offer(plane));
    this.update();
  }

  /** Give the pointer's moves to `move` until it goes up; pictures keep their scale meanwhile. */
  hold({ button, pointerId }, move, owner) {
    if (button) return;
    owner.setPointerCapture(pointerId);
    this.held = move;
  }

  /** Show what follows from all that is set. */
  update(complaint) {
    const on = Object.entries(this.switches).map(([name, { input }]) => [name, input.checked]);
    this.on = Object.fromEntries(on);
    this.result = attend({ ...this.matrices, ...this.on });
    const root = `÷ √${this.result.Q[0].length}`;
    this.switches.scale.label.textContent = `scale: ${root}`;
    this.root.querySelector(".qk-hint").classList.toggle("qk-complaint", Boolean(complaint));
    const hint = "Framed numbers are yours: type, press ↑ ↓, or drag them sideways.";
    this.hint.textContent = complaint || hint;
    this.fill(this.on.scale ? root : "");
    this.tell(this.on.scale ? root : "");
    this.draw();
    this.reach();
    clearTimeout(this.timer);
    const tell = () => (this.live.textContent = complaint || this.summary.textContent);
    this.timer = setTimeout(tell, 500);
  }

  /** What is wider than its box is scrolled, from the keyboard too. */
  reach() {
    for (const part of this.root.querySelectorAll(".qk-chain, .qk-scroll")) {
      const wide = part.scrollWidth > part.clientWidth + 1;
      part.classList.toggle("qk-more", wide);
      wide ? part.setAttribute("tabindex", 0) : part.removeAttribute("tabindex");
    }
  }

  /** Write captions and numbers into the tables. */
  fill(root) {
    const all = { ...this.matrices, ...this.result };
    const from = (name) => `${name} = X${this.matrices[`W_${name}`] ? ` W_${name}` : ""}`;
    const titles = {
      ...{ Q: from("Q"), K: from("K"), V: from("V") },
      scores: this.raw ? "scores X Xᵀ" : "scores Q Kᵀ",
      weights: `weights softmax(scores${root && ` ${root}`})`,
      output: `output ${this.on.residual ? "X + " : ""}weights ${this.raw ? "X" : "V"}`,
    };
    for (const [name, rows] of Object.entries(this.cells)) {
      const [first, ...rest] = (titles[name] ?? name).split(" ");
      const shape = html("small", `(${rows.length}, ${rows[0].length})`);
      const title = [html("b", named(first)), " ", named(rest.join(" ")), " ", shape];
      this.slots[name].querySelector("caption").replaceChildren(...title.flat());
      const places = all[name].flat().every((x) => Number.isInteger(x) || x === -Infinity) ? 0 : 2;
      rows.forEach((row, i) => {
        const ours = i === this.token && !/^W|^K|^V/.test(name);
        row[0].closest("tr").classList.toggle("qk-on", ours);
        row.forEach((cell, j) => this.write(cell, name, all[name][i][j], places));
      });
    }
  }

  write(cell, name, x, places) {
    cell.dataset.value = x;
    if (cell.matches("input")) {
      cell.value = String(rounded(x, 3)).replace("-", "−");
      cell.setAttribute("aria-valuenow", x);
    } else cell.textContent = name === "weights" ? share(x) : digits(x, places);
    if (name === "weights") cell.style.setProperty("--share", `${100 * x}%`);
    cell.classList.toggle("qk-masked", x === -Infinity);
  }

  tell(root) {
    const i = this.token;
    const { X, Q, K, V, scores, scaled, weights, sums, output } = this.result;
    const name = this.tokens[i];
    const { W_Q, W_K, W_V } = this.matrices;
    const bold = (text) => html("b", text);
    const steps = (heads, rows) => html("table", tabular(heads, this.tokens, rows));
    const looks = this.tokens.map((_, j) => [
      vector(K[j]),
      short(scores[i][j]),
      ...(root ? [digits(scaled[i][j])] : []),
      share(weights[i][j]),
    ]);
    const takes = this.tokens.map((_, j) => [
      `${share(weights[i][j])} · ${vector(V[j])}`,
      vector(times(weights[i][j], V[j])),
    ]);
    const keys = [W_K ? "k" : "k = x", "q · k", ...(root ? [root] : []), "softmax"];
    const asks = [bold(`${name} asks`), " q = x", named(W_Q ? " W_Q = " : " = "), bold(vector(Q[i]))];
    const gets = [bold(`${name} takes`), " from each; the sum is ", bold(vector(sums[i]))];
    const sum = this.on.residual ? `x + sum = ${vector(X[i])} + ${vector(sums[i])}` : "sum";
    this.trace.replaceChildren(
      html("div.qk-scroll", html("p", asks), steps(keys, looks)),
      html("div.qk-scroll", html("p", gets), steps([`weight · ${W_V ? "v" : "x"}`, "="], takes)),
      html("p.qk-sum.qk-scroll", `output = ${sum} = `, bold(vector(output[i]))),
    );
    const order = [...weights[i].keys()].sort((a, b) => weights[i][b] - weights[i][a]);
    const most = order.slice(0, 2).map((j) => `${this.tokens[j]} ${share(weights[i][j])}`);
    const told = ` looks at ${most.join(", ")}; output `;
    this.summary.replaceChildren(bold(name), told, bold(vector(output[i])));
  }

  figure(kind, title, note) {
    const [scene, handles] = [svg("g"), svg("g")];
    const picture = svg("svg.qk-picture", { role: "img", "data-picture": kind }, scene, handles);
    const figure = html("div.qk-figure", html("div.qk-title", title), picture, html("p.w-note", note));
    return { kind, scene, handles, picture, figure, grips: [] };
  }

  match() {
    const pull = this.edit.some((W) => W === "W_Q" || W === "W_K");
    const title = html("p", html("b.qk-blue", "Query"), " among the ", html("b.qk-orange", "keys"));
    const note = `Discs: the weights.${pull ? " Pull a tip: its W follows." : ""}`;
    return this.figure("match", title, note);
  }

  /** The picture of two features. */
  space() {
    const names = this.features;
    const pairs = names.flatMap((_, j) => names.slice(0, j).map((_, i) => [i, j]));
    const options = pairs.map(([i, j], n) => html("option", { value: n }, `${names[i]} →, ${names[j]} ↑`));
    const onchange = ({ target }) => {
      this.axes = pairs[target.value];
      this.bounds = {};
      this.draw();
    };
    const title = html("select", { "aria-label": "Axes", onchange }, options);
    const note = `Dashed: x to output; green: weight · ${this.raw ? "x" : "v"}.`;
    return this.figure("space", title, note + (this.edit.includes("X") ? " Pull a tip!" : ""));
  }

  /** The two columns that a picture shows. */
  shown({ kind }) {
    const slots = kind === "match" && this.result.Q[0].length !== this.features.length;
    return slots ? [0, 1] : this.axes;
  }

  /** Offer tips to pull: rows of X, or a query and the keys, through their matrix. */
  offer(plane) {
    const rows = (name, result) => this.tokens.map((_, i) => ({ name, result, i }));
    const tips =
      plane.kind === "space"
        ? rows("X", "X")
        : [...rows("W_K", "K"), { name: "W_Q", result: "Q", i: this.token }];
    plane.grips = tips.filter(({ name }) => this.edit.includes(name));
    for (const grip of plane.grips) {
      const onpointerdown = (event) => {
        const matrix = this.matrices[grip.name].map((row) => [...row]);
        const row = [...this.result[grip.result][grip.i]];
        this.hold(event, (now) => this.pull(now, plane, grip, matrix, row), plane.picture);
      };
      const ontouchstart = (event) => event.preventDefault(); // the page does not scroll
      grip.node = svg("circle.qk-handle", { r: 15, onpointerdown, ontouchstart });
    }
    plane.handles.replaceChildren(...plane.grips.map(({ node }) => node));
  }

  /** Follow the pointer: X changes in its row, a W as little as moves the tip there. */
  pull({ clientX, clientY }, plane, grip, matrix, row) {
    const x = this.result.X[grip.i];
    const part = grip.name === "X" ? identity(this.tokens)[grip.i] : times(1 / (dot(x, x) || Infinity), x);
    const { left, top } = plane.picture.getBoundingClientRect();
    const to = plane.place.back([clientX - left, clientY - top]);
    this.shown(plane).forEach((axis, n) => {
      const step = rounded(clamp(to[n]), 1) - row[axis];
      matrix.forEach((old, f) => {
        if (!part[f] || axis >= old.length) return;
        this.matrices[grip.name][f][axis] = rounded(clamp(old[axis] + part[f] * step), 2);
      });
    });
    this.update();
  }

  draw() {
    for (const plane of this.pictures) {
      const { width, height } = plane.picture.getBoundingClientRect();
      if (!width) continue;
      const flat = (row) => this.shown(plane).map((axis) => row[axis] ?? 0);
      const items = plane.kind === "match" ? this.matchItems(flat) : this.spaceItems(flat);
      plane.place = this.scale(plane.kind, items, width, height);
      const { at } = plane.place;
      plane.scene.replaceChildren(
        ...this.grid(plane.place, width, height),
        ...items.map((item) => this.item(item, at)),
        ...this.labels(items, at, width, height),
      );
      for (const { node, result, i } of plane.grips) {
        const place = at(flat(this.result[result][i]));
        ["cx", "cy"].forEach((name, n) => node.setAttribute(name, place[n]));
      }
      const what = plane.kind === "match" ? "its query among the keys" : "all x and outputs";
      plane.picture.setAttribute("aria-label", `${this.tokens[this.token]}: ${what}, as in the tables`);
    }
  }

  matchItems(flat) {
    const { Q, K, weights } = this.result;
    const item = (kind, row, label, W, disc) =>
      ({ kind, from: [0, 0], to: flat(row), label, grip: this.edit.includes(W), disc });
    const keys = this.tokens.map((name, j) => item("k", K[j], name, "W_K", weights[this.token][j]));
    return [...keys, item("q", Q[this.token], `q of ${this.tokens[this.token]}`, "W_Q")];
  }

  spaceItems(flat) {
    const { X, V, weights, output } = this.result;
    const i = this.token;
    const grip = this.edit.includes("X");
    const kind = (name, j) => (j === i ? `${name}.qk-chosen` : name);
    const lines = this.tokens.flatMap((label, j) => [
      { kind: kind("x", j), from: [0, 0], to: flat(X[j]), label, grip },
      { kind: kind("move", j), from: flat(X[j]), to: flat(output[j]) },
    ]);
    let place = this.on.residual ? X[i] : times(0, X[i]);
    const parts = V.map((v, j) => {
      const from = flat(place);
      place = add(place, times(weights[i][j], v));
      return { kind: "v", from, to: flat(place) };
    });
    const end = flat(output[i]);
    return [...lines, ...parts, { kind: "out", from: end, to: end, label: "output" }];
  }

  /** From numbers to pixels and back. The window grows, but not under a hand. */
  scale(kind, items, width, height) {
    const old = this.bounds[kind] ?? [[-1, -1], [1, 1]];
    const points = columns([...items.flatMap(({ from, to }) => [from, to]), ...old]);
    const least = points.map((x) => Math.floor(Math.min(...x)));
    const now = [least, points.map((x) => Math.ceil(Math.max(...x)))];
    const [low, high] = (this.bounds[kind] = this.held && this.bounds[kind] ? old : now);
    const room = [width - 76, height - 52]; // the rest is for labels
    const unit = Math.min(...room.map((size, n) => size / (high[n] - low[n])));
    const x0 = width / 2 - (unit * (low[0] + high[0])) / 2;
    const y0 = height / 2 + (unit * (low[1] + high[1])) / 2;
    const at = ([x, y]) => [x0 + unit * x, y0 - unit * y];
    return { unit, at, back: ([x, y]) => [(x - x0) / unit, (y0 - y) / unit] };
  }

  grid({ unit, at, back }, width, height) {
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((n) => n * unit >= 24) ?? 2000;
    const [low, high] = [back([0, height]), back([width, 0])];
    const parts = [];
    for (const axis of [0, 1])
      for (let n = Math.ceil(low[axis] / step) * step; n <= high[axis]; n += step) {
        const [x, y] = at([n, n]);
        const line = axis ? { x2: width, y1: y, y2: y } : { x1: x, x2: x, y2: height };
        parts.push(svg(n ? "line.qk-grid" : "line.qk-grid.qk-zero", line));
        const spot = axis ? { x: 4, y: y + 4 } : { x: x - 4, y: height - 4 };
        if (!axis || y < height - 24) parts.push(svg("text.qk-tick", spot, short(n)));
      }
    return parts;
  }

  item({ kind, from, to, disc, grip }, at) {
    const [cx, cy] = at(to);
    const dot = (name, r) => svg(`circle.qk-${name}`, { cx, cy, r });
    return svg(
      `g.qk-${kind}`,
      disc === undefined ? [] : dot("disc", 20 * Math.sqrt(disc)),
      arrow(at(from), [cx, cy], grip),
      grip ? dot("tip", 5) : kind === "out" ? dot("end", 5) : [],
    );
  }

  /** Labels at the tips, pushed down where they would cover each other. */
  labels(items, at, width, height) {
    const taken = [];
    return items.flatMap(({ kind, to, label }) => {
      if (!label) return [];
      const [x, y] = at(to);
      const room = label.length * 6.5;
      const flip = x + room > width - 12;
      const start = flip ? x - 10 - room : x + 10;
      const spot = { x: flip ? x - 10 : start, y: y - 8, "text-anchor": flip ? "end" : "start" };
      const covers = ([a, b, size]) => Math.abs(b - spot.y) < 13 && a < start + room && start < a + size;
      for (let n = 0; n < 6 && taken.some(covers); n++) spot.y += 13;
      spot.y = Math.max(12, Math.min(height - 18, spot.y));
      taken.push([start, spot.y, room]);
      return [svg(`text.qk-label.qk-${kind}`, spot, label)];
    });
  }
}

export default {
  render({ model, el }) {
    const lab = new Lab(model.get("data"), el);
    return () => lab.destroy();
  },
};
