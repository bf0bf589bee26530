/* A training run to move through: the loss, what the model writes, and where its embeddings lie
or what its attention heads look at.

data: { loss: { step: [], train: [], val: [] }        (null where a loss was not measured)
        snapshots: [{ step, train, val, samples: [string…], pca: [[x, y]…], maps: [string…] }…],
        unit: "name",
        points: [label…], groups: { name: [label…] },      (with pca)
        maps: { tokens: [string…], heads: [label…], head, row }, show: ["maps"] }     (with maps)

A map has one letter for each weight, A for 0 to / for 1 in the order of base64, row by row up to
the diagonal.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. Everything is drawn with the page's own colours; widgets.css holds the styles. */

const HOLD = 650; // milliseconds a snapshot stays while the run plays
const MARGIN = { left: 36, right: 10, top: 10, bottom: 34 };

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

const count = (n) => n.toLocaleString("en");
const short = (n) => (n >= 1000 ? `${n / 1000}k` : String(n));
const lossText = (value) => (value == null ? "–" : value.toFixed(3));
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const isNumber = (value) => typeof value === "number";

/** At most `most` round numbers that span [low, high]. */
function niceTicks(low, high, most) {
  const power = 10 ** Math.floor(Math.log10((high - low) / most || 1));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => (high - low) / s <= most);
  const first = Math.ceil(low / step - 1e-9);
  const n = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: n }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const powersOfTen = (high) => [
  0,
  ...Array.from({ length: Math.floor(Math.log10(high)) + 1 }, (_, i) => 10 ** i),
];

/** The smallest and largest of `values`, widened by `pad` of their distance. */
function extent(values, pad) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = (high - low || 1) * pad;
  return [low - room, high + room];
}

const SHAPES = {
  letter: () => [],
  circle: () => svg("circle", { r: 9.5 }),
  diamond: () => svg("path", { d: "M0 -12L12 0L0 12L-12 0Z" }),
  triangle: () => svg("path", { d: "M0 -12L12 9L-12 9Z" }),
};
const LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CELL = 10; // side of a weight in an attention map's own units
const visible = (token) => token.replaceAll("\n", "↵").replaceAll(" ", "␣");
const GROUP_SHAPES = ["circle", "diamond", "triangle"];

// ---- the widget ------------------------------------------------------------------------------

class Scrubber {
  constructor(data, el) {
    this.data = data;
    this.unit = data.unit ?? "sample";
    this.last = data.snapshots.length - 1;
    this.log = true;
    this.build(el);
    if (data.points) this.buildPoints();
    if (data.maps) this.buildHeads();
    this.show(this.last);
    clearTimeout(this.timer); // what nobody has asked for is not announced
    this.observer = new ResizeObserver(() => this.layout());
    this.observer.observe(this.curve);
    if (data.points) this.observer.observe(this.map);
  }

  destroy() {
    this.observer.disconnect();
    this.pause();
    clearTimeout(this.timer);
  }

  // -- building

  build(el) {
    this.slider = html("input", {
      type: "range",
      min: 0,
      max: this.last,
      "aria-label": "Training step",
      on: {
        input: () => {
          this.pause();
          this.show(Number(this.slider.value));
        },
      },
    });
    this.button = html("button", {
      type: "button",
      class: "ts-play",
      on: { click: () => this.toggle() },
    });
    this.readouts = html("p", { class: "w-readouts" });
    this.samples = html("ul", { class: "ts-samples" });
    this.live = html("p", { class: "w-hidden", role: "status" });
    this.curve = svg("svg", {
      class: "ts-curve",
      role: "img",
      "aria-label": "Training and validation loss against the training step",
      on: {
        mousedown: (event) => event.preventDefault(), // it would take the focus from the slider
        pointerdown: (event) => this.grab(event),
        pointermove: (event) => this.drag(event),
      },
    });
    this.map = svg("svg", { class: "ts-map", role: "img" });
    const heading = (text) => html("p", { class: "w-note" }, text);
    const samples = this.data.snapshots[0].samples.length;
    el.replaceChildren(
      html(
        "div",
        { class: "widget-body ts" },
        this.readouts,
        html("div", { class: "ts-scrub" }, this.button, this.slider),
        html(
          "div",
          { class: "ts-panels" },
          html(
            "div",
            { class: "ts-panel ts-loss" },
            html("div", { class: "w-row" }, heading("Loss (nats) against step"), this.axisChoice()),
            this.curve,
          ),
          this.data.points ? this.embeddingPanel(heading) : [],
          this.data.maps ? this.headPanel(heading) : [],
          html(
            "div",
            { class: "ts-panel ts-text" },
            heading(`${samples} ${this.unit}${samples === 1 ? "" : "s"} written at this step`),
            this.samples,
          ),
        ),
        this.live,
      ),
    );
    this.setButton();
  }

  embeddingPanel(heading) {
    return html(
      "div",
      { class: "ts-panel ts-space" },
      html(
        "div",
        { class: "w-row" },
        heading("Embeddings, two components (PCA)"),
        this.trailChoice(),
      ),
      this.map,
      this.shapeKey(),
    );
  }

  headPanel(heading) {
    const { tokens, heads, head, row } = this.data.maps;
    const redraw = { input: () => this.drawHead(true) };
    this.head = html(
      "select",
      { "aria-label": "Attention head", on: redraw },
      heads.map((name, i) => html("option", { value: i }, name)),
    );
    this.head.value = head ?? 0;
    this.row = html("input", {
      type: "range",
      min: 0,
      max: tokens.length - 1,
      "aria-label": "Character that looks",
      on: redraw,
    });
    this.row.value = row ?? tokens.length - 1;
    const side = (tokens.length + 1.5) * CELL;
    this.weights = svg("svg", {
      class: "ts-heads",
      viewBox: `0 0 ${side} ${side}`,
      role: "img",
      on: { click: (event) => this.pickRow(event) },
    });
    this.reading = html("p", { class: "w-note ts-reading" });
    return html(
      "div",
      { class: "ts-panel ts-space" },
      html("div", { class: "w-row" }, heading("Attention weights of"), this.head),
      this.weights,
      html("label", { class: "w-row ts-row" }, "Row", this.row),
      this.reading,
    );
  }

  axisChoice() {
    const box = html("input", {
      type: "checkbox",
      on: {
        change: () => {
          this.log = box.checked;
          this.layout();
        },
      },
    });
    box.checked = this.log;
    return html("label", { class: "w-check" }, box, " log steps");
  }

  trailChoice() {
    this.trails = html("input", { type: "checkbox", on: { change: () => this.drawTrails() } });
    return html("label", { class: "w-check" }, this.trails, " trails");
  }

  shapeKey() {
    const entry = (shape, name) =>
      html(
        "span",
        {},
        svg(
          "svg",
          {
            width: 16,
            height: 16,
            viewBox: "-13 -13 26 26",
            "aria-hidden": "true",
            class: `ts-${shape}`,
          },
          SHAPES[shape](),
        ),
        ` ${name}`,
      );
    return html(
      "p",
      { class: "w-key" },
      Object.keys(this.data.groups ?? {}).map((name, i) => entry(this.shapeOf(i), name)),
    );
  }

  shapeOf(i) {
    return GROUP_SHAPES[i % GROUP_SHAPES.length];
  }

  /** One mark for each embedded point: its group decides shape and colour, its label is inside. */
  buildPoints() {
    const groups = Object.values(this.data.groups ?? {});
    this.trailLayer = svg("g", { class: "ts-trails" });
    this.points = this.data.points.map((label) => {
      const i = groups.findIndex((members) => members.includes(label));
      const shape = i < 0 ? "letter" : this.shapeOf(i);
      return svg(
        "g",
        { class: `ts-point ts-${shape}` },
        SHAPES[shape](),
        svg("text", { dy: "0.34em" }, label),
      );
    });
    // groups are drawn last, above the rest
    const order = [...this.points].sort(
      (a, b) => b.matches(".ts-letter") - a.matches(".ts-letter"),
    );
    this.map.replaceChildren(this.trailLayer, ...order);
    const all = this.data.snapshots.flatMap(({ pca }) => pca);
    this.x = extent(
      all.map(([x]) => x),
      0.02,
    );
    this.y = extent(
      all.map(([, y]) => y),
      0.02,
    );
  }

  // -- moving through the run

  show(index) {
    this.index = clamp(index, 0, this.last);
    const { step, train, val, samples } = this.data.snapshots[this.index];
    this.slider.value = this.index;
    this.slider.setAttribute(
      "aria-valuetext",
      `step ${count(step)}, validation loss ${lossText(val)}`,
    );
    const swatch = (name) =>
      svg(
        "svg",
        { width: 20, height: 10, "aria-hidden": "true" },
        svg("line", { class: `ts-${name}`, x1: 0, x2: 20, y1: 5, y2: 5 }),
      );
    const item = (name, value, mark = []) =>
      html("span", {}, html("small", {}, name), " ", html("b", {}, value), " ", mark);
    this.readouts.replaceChildren(
      item("Step", count(step)),
      item("Training loss", lossText(train), swatch("train")),
      item("Validation loss", lossText(val), swatch("val")),
    );
    this.samples.replaceChildren(...samples.map((text) => html("li", {}, text || "(empty)")));
    this.placeMarker();
    if (this.data.points) this.placePoints(this.marker != null); // not before the first layout
    if (this.data.maps) this.drawHead(false);
    if (!this.playing) this.announce();
  }

  announce() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { step, train, val, samples } = this.data.snapshots[this.index];
      this.live.textContent =
        `Step ${count(step)}: training loss ${lossText(train)}, ` +
        `validation loss ${lossText(val)}. For example: ${samples.slice(0, 3).join(", ")}.`;
    }, 500);
  }

  toggle() {
    if (this.playing) return this.pause();
    if (this.index === this.last) this.show(0);
    this.playing = setInterval(() => {
      if (this.index === this.last) this.pause();
      else this.show(this.index + 1);
    }, HOLD);
    this.setButton();
  }

  pause() {
    if (!this.playing) return;
    clearInterval(this.playing);
    this.playing = null;
    this.setButton();
    this.announce();
  }

  setButton() {
    const path = this.playing ? "M3 2h3v10h-3zM9 2h3v10h-3z" : "M3 1.5L13 7L3 12.5Z";
    this.button.replaceChildren(
      svg(
        "svg",
        { width: 14, height: 14, "aria-hidden": "true" },
        svg("path", { d: path, fill: "currentColor" }),
      ),
      this.playing ? " Pause" : " Play",
    );
  }

  // -- the loss curve

  layout() {
    this.drawCurve();
    this.placeMarker();
    if (this.data.points) this.placePoints(false);
  }

  /** Functions that place a step and a loss in the curve's picture. */
  scales() {
    const { width, height } = this.curve.getBoundingClientRect();
    const { step, train, val } = this.data.loss;
    const measured = [...train, ...val, ...this.data.snapshots.flatMap((s) => [s.train, s.val])];
    const [low, high] = extent(measured.filter(isNumber), 0.04);
    const last = Math.max(...step, this.data.snapshots[this.last].step);
    const along = this.log ? (s) => Math.log1p(s) / Math.log1p(last) : (s) => s / last;
    return {
      width,
      height,
      low,
      high,
      last,
      x: (s) => MARGIN.left + (width - MARGIN.left - MARGIN.right) * along(s),
      y: (loss) =>
        height -
        MARGIN.bottom -
        (height - MARGIN.top - MARGIN.bottom) * ((loss - low) / (high - low)),
    };
  }

  drawCurve() {
    this.scale = this.scales();
    const { x, y, width, height, low, high, last } = this.scale;
    if (!width) return;
    const base = height - MARGIN.bottom;
    const line = (name) => {
      const points = this.data.loss.step.map((s, i) => [s, this.data.loss[name][i]]);
      const placed = points
        .filter(([, loss]) => isNumber(loss))
        .map(([s, loss]) => `${x(s).toFixed(1)} ${y(loss).toFixed(1)}`);
      return svg("path", { class: `ts-${name}`, d: `M${placed.join("L")}` });
    };
    const across = niceTicks(low, high, 5).map((loss) => [
      svg("line", {
        class: "ts-grid",
        x1: MARGIN.left,
        x2: width - MARGIN.right,
        y1: y(loss),
        y2: y(loss),
      }),
      svg(
        "text",
        { x: MARGIN.left - 6, y: y(loss), dy: "0.32em", "text-anchor": "end" },
        String(loss),
      ),
    ]);
    const along = (this.log ? powersOfTen(last) : niceTicks(0, last, width < 400 ? 3 : 6)).map(
      (s) =>
        svg(
          "text",
          { x: x(s), y: base + 26, "text-anchor": x(s) > width - 24 ? "end" : "middle" },
          short(s),
        ),
    );
    const stops = this.data.snapshots.map(({ step }) =>
      svg("line", { class: "ts-stop", x1: x(step), x2: x(step), y1: base + 3, y2: base + 9 }),
    );
    this.marker = svg(
      "g",
      { class: "ts-marker" },
      svg("line", { y1: MARGIN.top, y2: base + 9 }),
      svg("circle", { r: 4.5, class: "ts-dot-train" }),
      svg("circle", { r: 4.5, class: "ts-dot-val" }),
    );
    this.curve.replaceChildren(
      ...across.flat(),
      ...along,
      ...stops,
      line("train"),
      line("val"),
      this.marker,
    );
  }

  placeMarker() {
    if (!this.marker) return;
    const { step, train, val } = this.data.snapshots[this.index];
    const [rule, ...dots] = this.marker.children;
    const at = this.scale.x(step);
    rule.setAttribute("x1", at);
    rule.setAttribute("x2", at);
    [train, val].forEach((loss, i) => {
      dots[i].setAttribute("cx", at);
      dots[i].setAttribute("cy", isNumber(loss) ? this.scale.y(loss) : -99);
    });
  }

  grab(event) {
    if (event.button) return;
    this.pause();
    this.curve.setPointerCapture(event.pointerId);
    this.slider.focus({ preventScroll: true }); // arrow keys go on from here
    this.seek(event);
  }

  drag(event) {
    if (this.curve.hasPointerCapture(event.pointerId)) this.seek(event);
  }

  /** Show the snapshot nearest to the pointer. */
  seek(event) {
    const at = event.clientX - this.curve.getBoundingClientRect().left;
    const distances = this.data.snapshots.map(({ step }) => Math.abs(this.scale.x(step) - at));
    this.show(distances.indexOf(Math.min(...distances)));
  }

  // -- the embeddings

  /** A point's place in the map: one scale for both directions and for every snapshot. */
  place([x, y]) {
    const { width, height } = this.map.getBoundingClientRect();
    const pad = 15;
    const unit = Math.min(
      (width - 2 * pad) / (this.x[1] - this.x[0]),
      (height - 2 * pad) / (this.y[1] - this.y[0]),
    );
    const middle = ([low, high]) => (low + high) / 2;
    return [width / 2 + (x - middle(this.x)) * unit, height / 2 - (y - middle(this.y)) * unit];
  }

  /** Move the points to the chosen snapshot: gliding, or at once when the map itself changed. */
  placePoints(glide) {
    if (!this.map.getBoundingClientRect().width) return;
    const { pca, step } = this.data.snapshots[this.index];
    this.map.setAttribute(
      "aria-label",
      `The embeddings of ${this.points.length} symbols at step ${count(step)}, ` +
        "projected on two principal components",
    );
    pca.forEach((point, i) => {
      const [x, y] = this.place(point);
      if (!glide) this.points[i].style.transition = "none";
      this.points[i].style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    });
    if (!glide) {
      this.map.getBoundingClientRect(); // the places take effect before transitions return
      for (const point of this.points) point.style.transition = "";
    }
    this.drawTrails();
  }

  drawTrails() {
    const past = this.trails.checked ? this.data.snapshots.slice(0, this.index + 1) : [];
    this.trailLayer.replaceChildren(
      ...(past.length < 2
        ? []
        : this.points.map((mark, i) =>
            svg("polyline", {
              class: mark.getAttribute("class").split(" ")[1],
              points: past
                .map(({ pca }) =>
                  this.place(pca[i])
                    .map((v) => v.toFixed(1))
                    .join(" "),
                )
                .join(" "),
            }),
          )),
    );
  }

  // -- the attention heads

  /** One square for each weight of the causal map, row by row, and the tokens along both sides. */
  buildHeads() {
    const { tokens } = this.data.maps;
    const at = (i) => (i + 1.25) * CELL;
    this.squares = tokens.flatMap((_, t) =>
      Array.from({ length: t + 1 }, (_, s) =>
        svg("rect", { x: at(s), y: at(t), width: CELL - 0.5, height: CELL - 0.5 }),
      ),
    );
    const label = (token, x, y) =>
      svg("text", { x, y, dy: "0.34em", "text-anchor": "middle" }, visible(token));
    this.frame = svg("rect", { class: "ts-chosen", x: at(0) - 1, height: CELL + 1.5 });
    this.weights.replaceChildren(
      ...tokens.map((token, i) => label(token, CELL * 0.6, at(i) + CELL / 2)),
      ...tokens.map((token, i) => label(token, at(i) + CELL / 2, CELL * 0.6)),
      ...this.squares,
      this.frame,
    );
  }

  pickRow(event) {
    const { top, height } = this.weights.getBoundingClientRect();
    const side = (this.data.maps.tokens.length + 1.5) * CELL;
    const row = Math.floor((((event.clientY - top) / height) * side) / CELL - 1.25);
    this.row.value = clamp(row, 0, this.data.maps.tokens.length - 1);
    this.drawHead(true);
  }

  drawHead(announce) {
    const { tokens, heads } = this.data.maps;
    const { step, maps } = this.data.snapshots[this.index];
    const weights = [...maps[this.head.value]].map((c) => LEVELS.indexOf(c) / (LEVELS.length - 1));
    weights.forEach((weight, i) => this.squares[i].setAttribute("fill-opacity", weight.toFixed(3)));
    const row = Number(this.row.value);
    this.frame.setAttribute("y", (row + 1.25) * CELL - 1);
    this.frame.setAttribute("width", (row + 1) * CELL + 1.5);
    const first = (row * (row + 1)) / 2;
    const seen = tokens.slice(0, row + 1).map((token, s) => [weights[first + s], s, visible(token)]);
    const best = seen.sort((a, b) => b[0] - a[0] || b[1] - a[1]).slice(0, 3);
    this.reading.textContent =
      `“${visible(tokens[row])}” looks at ` +
      best
        .map(([w, s, token]) => `${s === row ? "itself" : `“${token}”, ${row - s} back`} ${w.toFixed(2)}`)
        .join("; ");
    this.row.setAttribute("aria-valuetext", `${visible(tokens[row])}, place ${row + 1}`);
    this.weights.setAttribute(
      "aria-label",
      `What ${heads[this.head.value]} looks at after step ${count(step)}: one square for each ` +
        "pair of characters, the darker the larger its weight",
    );
    if (announce) this.live.textContent = this.reading.textContent;
  }
}

export default {
  render({ model, el }) {
    const scrubber = new Scrubber(model.get("data"), el);
    return () => scrubber.destroy();
  },
};
