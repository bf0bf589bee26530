/* A GPT that runs in the page: its arithmetic, and a place to let it write.

data: { prompt: "ROMEO:\n", start: { temperature, top_k, seed, length }, hop: 1 }, all of which may
be left out. file: what scratchlm.page_model.export returns; it is loaded when the reader asks.
top_k 0 is off, temperature 0 is greedy. The model sees the last context_length characters; with a
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
  { key: "top_k", name: "Top-k", min: 0, max: 64, by: 1, slides: true },
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
      let p0 = 0, p1 = 0, p2 = 0, p3 = 0, q0 = 0, q1 = 0, q2 = 0, q3 = 0; // prettier-ignore
      for (let k = 0; k < K; k++) {
        const [p, q] = [x[a + k], x[b + k]];
        const [w0, w1, w2, w3] = [w[c + k], w[d + k], w[e + k], w[f + k]];
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
        for (let s = 0; s < count; s++)
          for (let d = 0; d < D; d++)
            found[r * C + h + d] += (weights[s] / sum) * values[s * C + h + d];
      }
    return found;
  }
}
