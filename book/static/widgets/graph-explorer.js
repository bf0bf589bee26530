/* The graph of an expression: its values forwards and its gradients backwards, step by step.

data: { graphs: [{ title, nodes: [{ name, op, parents: [index…], value, grad,
                                    range: [low, high] for inputs, [] for the rest }…] }…] }
nodes come in an order that has parents before children; the last one is the result.
op: "" (input) + - * / exp log tanh, or ** and a number.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. Everything is drawn with the page's own colours; widgets.css holds the styles. */

const BOX = { width: 108, height: 56 };
const PITCH = 90; // from one level of the graph to the next
const EDGE = 12; // room above the first level and below the last

// ---- the computation -------------------------------------------------------------------------

const UNARY = {
  exp: { value: (x) => Math.exp(x), slope: (x, y) => y, text: (x, y) => y },
  log: { value: (x) => Math.log(x), slope: (x) => 1 / x, text: (x) => `1/${x}` },
  tanh: { value: (x) => Math.tanh(x), slope: (x, y) => 1 - y * y, text: (x, y) => `1 − ${y}²` },
};
const BINARY = {
  "+": { value: (a, b) => a + b, slopes: () => [1, 1], texts: () => ["1", "1"] },
  "-": { value: (a, b) => a - b, slopes: () => [1, -1], texts: () => ["1", "−1"] },
  "*": { value: (a, b) => a * b, slopes: (a, b) => [b, a], texts: (a, b) => [b, a] },
  "/": {
    value: (a, b) => a / b,
    slopes: (a, b, y) => [1 / b, -y / b],
    texts: (a, b, y) => [`1/${b}`, `−${y}/${b}`],
  },
};
const SIGNS = { "+": "+", "-": "−", "*": "·", "/": "/" };
const powerOf = (op) => Number(op.slice(2));
const raised = (x, k) => (k === 2 ? `${x}²` : k === 3 ? `${x}³` : `${x}^${k}`);

/** The result of an operation on the numbers `x`. */
function evaluate(op, x) {
  if (op in BINARY) return BINARY[op].value(...x);
  return op in UNARY ? UNARY[op].value(...x) : x[0] ** powerOf(op);
}

/** The derivatives of an operation's result `y` with respect to each of the numbers `x`. */
function slopesOf(op, x, y) {
  if (op in BINARY) return BINARY[op].slopes(...x, y);
  return [op in UNARY ? UNARY[op].slope(...x, y) : powerOf(op) * x[0] ** (powerOf(op) - 1)];
}

/** The same derivatives as formulas in the names of the nodes. */
function slopeTexts(op, x, y) {
  if (op in BINARY) return BINARY[op].texts(...x, y);
  if (op in UNARY) return [UNARY[op].text(...x, y)];
  const k = powerOf(op);
  return [k === 2 ? `2${x[0]}` : `${k}${raised(x[0], k - 1)}`];
}

/** What an operation does, written with `x`: names or numbers. */
function formula(op, x) {
  if (op in BINARY) return `${x[0]} ${SIGNS[op]} ${x[1]}`;
  return op in UNARY ? `${op} ${x[0]}` : raised(x[0], powerOf(op));
}

/** All values, from the numbers of the inputs. */
export function forward(nodes, inputs) {
  const values = [];
  for (const [i, { op, parents }] of nodes.entries())
    values.push(op ? evaluate(op, parents.map((p) => values[p])) : inputs[i]);
  return values;
}

/** The gradients after the first `count` operations of the backward walk. */
export function backward(nodes, values, count = Infinity) {
  const grads = nodes.map(() => 0);
  grads[nodes.length - 1] = 1;
  for (const i of operations(nodes).reverse().slice(0, count)) {
    const { op, parents } = nodes[i];
    const x = parents.map((p) => values[p]);
    slopesOf(op, x, values[i]).forEach((slope, k) => (grads[parents[k]] += slope * grads[i]));
  }
  return grads;
}

const operations = (nodes) => nodes.flatMap(({ op }, i) => (op ? [i] : []));

/** The level of each node: inputs directly above what first uses them, the result at the bottom. */
function levelsOf(nodes) {
  const levels = nodes.map(() => 0);
  nodes.forEach(({ parents }, i) => {
    if (parents.length) levels[i] = 1 + Math.max(...parents.map((p) => levels[p]));
  });
  nodes.forEach(({ op }, i) => {
    const users = nodes.flatMap((node, j) => (node.parents.includes(i) ? [levels[j]] : []));
    if (!op) levels[i] = Math.min(...users) - 1;
  });
  return levels;
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

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** A number with three decimals, or in powers of ten; a true minus sign. */
function show(x) {
  if (!Number.isFinite(x)) return "undefined";
  const size = Math.abs(x);
  const text = size >= 1e5 || (size > 0 && size < 5e-4) ? x.toExponential(1) : x.toFixed(3);
  return text.replace("-0.000", "0.000").replaceAll("-", "−");
}
const bracketed = (x) => (x < 0 ? `(${show(x)})` : show(x));

// ---- the widget ------------------------------------------------------------------------------

class Explorer {
  constructor(data, el) {
    this.graphs = data.graphs;
    this.id = `ge-${Math.random().toString(36).slice(2, 8)}`;
    this.build(el);
    this.choose(0);
    clearTimeout(this.timer); // what nobody has asked for is not announced
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.picture);
  }

  destroy() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  // -- building

  build(el) {
    const button = (label, f) => html("button", { type: "button", on: { click: f } }, label);
    const choices = this.graphs.map(({ title }, i) => html("option", { value: i }, title));
    this.choice = html(
      "select",
      { on: { change: () => this.choose(Number(this.choice.value)) } },
      choices,
    );
    this.slider = html("input", {
      type: "range",
      min: 0,
      "aria-label": "Step",
      on: { input: () => this.go(Number(this.slider.value)) },
    });
    this.picture = svg("svg", { class: "ge-picture", role: "img" });
    this.inputs = html("div", { class: "ge-inputs" });
    this.account = html("div", { class: "ge-account" });
    this.live = html("p", { class: "w-hidden", role: "status" });
    el.replaceChildren(
      html(
        "div",
        { class: "widget-body ge" },
        html(
          "div",
          { class: "w-row" },
          html("label", { class: "w-grow" }, html("span", {}, "L ="), this.choice),
          button("Reset", () => this.choose(this.index)),
        ),
        html(
          "div",
          { class: "ge-columns" },
          html(
            "div",
            { class: "ge-walk" },
            html(
              "div",
              { class: "w-row ge-buttons" },
              button("Start", () => this.go(0)),
              button("Back", () => this.go(this.step - 1)),
              button("Next", () => this.go(this.step < this.last ? this.step + 1 : 0)),
              button("End", () => this.go(this.last)),
            ),
            this.slider,
            this.account,
          ),
          this.picture,
          html(
            "div",
            { class: "ge-settings" },
            html("p", { class: "w-note" }, "Inputs"),
            this.inputs,
            html(
              "p",
              { class: "w-key" },
              html("span", {}, html("b", {}, "value")),
              html("span", { class: "ge-key" }, html("b", {}, "∂ gradient"), " of L"),
              html("span", {}, "× slope"),
            ),
          ),
        ),
        this.live,
      ),
    );
  }

  /** One input of the expression: a slider, and a field to type into. */
  control(i) {
    const { name, range } = this.nodes[i];
    const [min, max] = range;
    const step = 0.05;
    const set = (field) => {
      const number = field.valueAsNumber ?? Number(field.value);
      if (Number.isFinite(number)) this.set(i, clamp(number, min, max));
    };
    const slider = html("input", { type: "range", min, max, step, "aria-label": `Value of ${name}` });
    const field = html("input", {
      type: "number",
      min,
      max,
      step: "any",
      "aria-label": `Value of ${name}, typed`,
      inputmode: "decimal",
    });
    slider.addEventListener("input", () => set(slider));
    field.addEventListener("change", () => set(field));
    this.fields[i] = { slider, field };
    return html("div", { class: "ge-input" }, html("b", {}, name), slider, field);
  }

  // -- state

  choose(index) {
    this.index = index;
    this.choice.value = index;
    this.nodes = this.graphs[index].nodes;
    this.order = operations(this.nodes);
    this.last = 2 * this.order.length + 1;
    this.levels = levelsOf(this.nodes);
    const height = Math.max(...this.levels) * PITCH + BOX.height + 2 * EDGE;
    this.picture.setAttribute("height", height);
    this.numbers = this.nodes.map(({ value }) => value);
    this.fields = {};
    const inputs = this.nodes.flatMap(({ op }, i) => (op ? [] : [i]));
    inputs.sort((a, b) => (this.nodes[a].name < this.nodes[b].name ? -1 : 1));
    this.inputs.replaceChildren(...inputs.map((i) => this.control(i)));
    this.slider.max = this.last;
    this.step = this.last;
    this.update();
  }

  set(i, number) {
    this.numbers[i] = number;
    this.update();
  }

  go(step) {
    this.step = clamp(step, 0, this.last);
    this.update();
  }

  /** What follows from the inputs and the step. */
  update() {
    const count = this.order.length;
    this.values = forward(this.nodes, this.numbers);
    this.back = Math.max(0, this.step - count - 1); // operations walked backwards
    this.grads = backward(this.nodes, this.values, this.back);
    this.active = null;
    if (this.step > 0 && this.step <= count) this.active = this.order[this.step - 1];
    if (this.step === count + 1) this.active = this.nodes.length - 1;
    if (this.back) this.active = this.order[count - this.back];
    for (const [i, { slider, field }] of Object.entries(this.fields)) {
      slider.value = this.numbers[i];
      slider.setAttribute("aria-valuetext", show(this.numbers[i]));
      if (document.activeElement !== field) field.value = String(+this.numbers[i].toFixed(4));
    }
    this.slider.value = this.step;
    this.slider.setAttribute("aria-valuetext", `${this.step} of ${this.last}, ${this.heading()}`);
    this.showAccount();
    this.draw();
    this.announce();
  }

  // -- text

  heading() {
    const count = this.order.length;
    if (this.step === 0) return "the inputs";
    if (this.step <= count) return `forward, operation ${this.step} of ${count}`;
    if (!this.back) return "backward, the start";
    return `backward, operation ${this.back} of ${count}`;
  }

  /** The active operation with its numbers, one line for each of its parents on the way back. */
  lines() {
    if (this.active === null) return ["The inputs have their values; nothing is computed yet."];
    const { name, op, parents } = this.nodes[this.active];
    const names = parents.map((p) => this.nodes[p].name);
    const numbers = parents.map((p) => this.values[p]);
    const value = this.values[this.active];
    if (this.step <= this.order.length)
      return [`${name} = ${formula(op, names)} = ${formula(op, numbers.map(bracketed))} = ${show(value)}`];
    if (!this.back) return ["L changes as fast as itself: ∂L/∂L = 1."];
    const slopes = slopesOf(op, numbers, value);
    const texts = slopeTexts(op, names, name);
    const before = backward(this.nodes, this.values, this.back - 1);
    const arriving = this.grads[this.active];
    const told = parents.map((p, k) => {
      const part = slopes[k] * arriving;
      const sum = before[p] + part;
      const whole = before[p] ? `; with ${show(before[p])} from before that makes ${show(sum)}` : "";
      before[p] = sum;
      const slope = /\d$/.test(texts[k]) && !/[a-z]/i.test(texts[k]) ? "" : ` = ${texts[k]}`;
      return `to ${names[k]}: slope${slope} = ${show(slopes[k])}, times ${bracketed(arriving)} is ${show(part)}${whole}`;
    });
    return [`${name} = ${formula(op, names)} has the gradient ${show(arriving)}, and passes on`, ...told];
  }

  showAccount() {
    const [first, ...rest] = this.lines();
    const title = this.heading();
    this.account.replaceChildren(
      html("p", {}, html("b", {}, title[0].toUpperCase() + title.slice(1))),
      html("p", {}, first),
      html("ul", {}, ...rest.map((line) => html("li", {}, line))),
    );
  }

  announce() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const result = show(this.values[this.nodes.length - 1]);
      const end = this.step >= this.order.length ? ` L is ${result}.` : "";
      this.live.textContent = `${this.heading()}. ${this.lines().join("; ")}.${end}`;
    }, 500);
  }

  // -- drawing

  /** Where the centre of each node stands: levels go down, a level's nodes share its width. */
  places(width) {
    const places = [];
    for (let level = 0; level <= Math.max(...this.levels); level++) {
      const here = this.nodes.flatMap((_, i) => (this.levels[i] === level ? [i] : []));
      const weight = (i) => {
        const { parents } = this.nodes[i];
        const sum = parents.reduce((total, p) => total + (places[p]?.x ?? width / 2), 0);
        return parents.length ? sum / parents.length : width / 2 + 1;
      };
      if (level) here.sort((a, b) => weight(a) - weight(b));
      else here.sort((a, b) => (this.nodes[a].name < this.nodes[b].name ? -1 : 1));
      here.forEach((i, k) => {
        const x = (width * (k + 1)) / (here.length + 1);
        const spread = here.length > 1 ? 1.12 : 1; // room for a straight road between two
        places[i] = {
          x: width / 2 + (x - width / 2) * spread,
          y: EDGE + BOX.height / 2 + level * PITCH,
        };
      });
    }
    return places;
  }

  draw() {
    const width = this.picture.getBoundingClientRect().width;
    if (!width) return;
    const places = this.places(width);
    const edges = this.nodes.flatMap(({ parents }, i) =>
      parents.map((p, k) => this.edge(places, p, i, k, width)),
    );
    this.picture.replaceChildren(this.arrowheads(), ...edges, ...places.map((at, i) => this.node(at, i)));
    this.picture.setAttribute("aria-label", this.description());
  }

  arrowheads() {
    const head = (name) =>
      svg(
        "marker",
        {
          id: `${this.id}-${name}`,
          class: `ge-${name}`,
          viewBox: "0 0 8 8",
          refX: 7,
          refY: 4,
          markerWidth: 7,
          markerHeight: 7,
          orient: "auto-start-reverse",
        },
        svg("path", { d: "M0 0L8 4L0 8Z" }),
      );
    return svg("defs", {}, head("idle"), head("now"));
  }

  hasValue(i) {
    const place = this.order.indexOf(i);
    return place < 0 || place < this.step;
  }

  /** Whether a contribution to its gradient has reached node `i`. */
  hasGrad(i) {
    if (i === this.nodes.length - 1) return this.step > this.order.length;
    return this.nodes.some(({ parents }, j) => parents.includes(i) && this.passed(j));
  }

  /** Whether the backward walk has been through operation `i`. */
  passed(i) {
    return this.order.length - this.order.indexOf(i) <= this.back;
  }

  /** The arrow from parent `p` to node `i`; with its slope while the gradient comes through. */
  edge(places, p, i, k, width) {
    const [a, b] = [places[p], places[i]];
    const twins = this.nodes[i].parents.length > 1;
    const shift = twins && Math.abs(a.x - b.x) < 4 ? 0 : clamp((a.x - b.x) / 4, -26, 26);
    const [x0, y0] = [a.x, a.y + BOX.height / 2];
    const [x1, y1] = [b.x + shift, b.y - BOX.height / 2 - 1];
    const far = this.levels[i] - this.levels[p] > 1;
    const outside = a.x < width / 2 ? -width * 0.06 : width * 1.06;
    const path = far
      ? `M${a.x + (a.x < width / 2 ? -30 : 30)} ${y0}C${outside} ${y0 + 46} ${outside} ${y1 - 60} ${x1} ${y1}`
      : `M${x0} ${y0}C${x0} ${y0 + 16} ${x1} ${y1 - 16} ${x1} ${y1}`;
    const active = i === this.active;
    const name = active ? "now" : "idle";
    const back = active && this.passed(i);
    const line = svg("path", {
      class: `ge-edge ge-${name}`,
      d: path,
      [back ? "marker-start" : "marker-end"]: `url(#${this.id}-${name})`,
    });
    if (!back) return line;
    const slopes = slopesOf(
      this.nodes[i].op,
      this.nodes[i].parents.map((q) => this.values[q]),
      this.values[i],
    );
    const left = far ? a.x < width / 2 : x0 <= x1;
    const label = svg(
      "text",
      {
        class: "ge-slope",
        x: far ? clamp(outside * 0.75 + x0 * 0.25, 30, width - 30) : (x0 + x1) / 2 + (left ? -7 : 7),
        y: far ? (y0 + y1) / 2 : (y0 + y1) / 2 + 4,
        "text-anchor": far ? "middle" : left ? "end" : "start",
      },
      `×${show(slopes[k])}`,
    );
    return svg("g", {}, line, label);
  }

  node({ x, y }, i) {
    const { name, op, parents } = this.nodes[i];
    const value = this.hasValue(i) ? show(this.values[i]) : "";
    const grad = this.hasGrad(i) ? `∂ ${show(this.grads[i])}` : "";
    const text = op ? `${name} = ${formula(op, parents.map((p) => this.nodes[p].name))}` : name;
    const line = (content, dy, kind) =>
      svg("text", { class: `ge-${kind}`, x, y: y + dy, "text-anchor": "middle" }, content);
    const state = [op ? "" : "ge-leaf", value ? "" : "ge-waiting", i === this.active ? "ge-active" : ""];
    return svg(
      "g",
      {
        class: ["ge-node", ...state].join(" "),
        "data-name": name,
        "data-value": value && this.values[i],
        "data-grad": grad && this.grads[i],
      },
      svg("rect", {
        x: x - BOX.width / 2,
        y: y - BOX.height / 2,
        width: BOX.width,
        height: BOX.height,
        rx: 6,
      }),
      line(text, -13, "name"),
      line(value, 4, "value"),
      line(grad, 21, "grad"),
    );
  }

  description() {
    const parts = this.nodes.map(({ name }, i) => {
      const value = this.hasValue(i) ? ` ${show(this.values[i])}` : " not yet computed";
      return name + value + (this.hasGrad(i) ? `, gradient ${show(this.grads[i])}` : "");
    });
    return `The graph of L = ${this.graphs[this.index].title}: ${parts.join("; ")}.`;
  }
}

function render({ model, el }) {
  const explorer = new Explorer(model.get("data"), el);
  return () => explorer.destroy();
}

export default { render };
