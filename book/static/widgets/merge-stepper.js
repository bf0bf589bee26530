/* The training of byte-pair encoding to step through: words, pairs and vocabulary at each merge.

data: { corpus, words: [[word, times]…], vocabulary: [symbol…] in the order of their ages,
        alphabet: how many of them are characters,
        steps: [{ words: [[symbol…]…], pairs: [[left, right, count]…], the best first }…] }

Step k is the state after k merges; its first pair is the one that is merged next.

anywidget's front-end contract: a default export with render({ model, el }), which returns its
cleanup. Everything is drawn with the page's own colours; widgets.css holds the styles. */

const SHOWN = 7; // pairs in the table; the rest are counted below it

// ---- the computation -------------------------------------------------------------------------

/** Where a pair stands in a word: indices of left parts, from left to right, never overlapping. */
export function occurrences(symbols, [left, right]) {
  const found = [];
  for (let i = 0; i + 1 < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) found.push(i++);
  }
  return found;
}

/** The pairs that occur as often as the best one. */
export const tied = (pairs) => pairs.filter(([, , count]) => count === pairs[0][2]);

// ---- small helpers ---------------------------------------------------------------------------

function html(tag, { on = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  node.append(...children.flat());
  return node;
}

const symbol = (text, kind = "") => html("span", { class: `ms-symbol ${kind}`.trim() }, text);
const times = (n) => (n === 1 ? "once" : n === 2 ? "twice" : `${n} times`);

// ---- the widget ------------------------------------------------------------------------------

class Stepper {
  constructor(data, el) {
    this.data = data;
    this.last = data.steps.length - 1;
    this.build(el);
    this.show(0);
    clearTimeout(this.timer); // what nobody has asked for is not announced
  }

  destroy() {
    clearTimeout(this.timer);
  }

  build(el) {
    const button = (label, by) =>
      html("button", { type: "button", on: { click: () => this.show(this.step + by) } }, label);
    this.back = button("Back", -1);
    this.next = button("Merge", 1);
    this.slider = html("input", {
      type: "range",
      min: 0,
      max: this.last,
      "aria-label": "Merges done",
      on: { input: () => this.show(Number(this.slider.value)) },
    });
    this.readouts = html("p", { class: "w-readouts" });
    this.rule = html("p", { class: "ms-rule" });
    this.words = html("ul", { class: "ms-words" });
    this.pairs = html("tbody");
    this.more = html("p", { class: "w-note" });
    this.vocabulary = html("ol", { class: "ms-vocabulary", start: 0 });
    this.live = html("p", { class: "w-hidden", role: "status" });
    const panel = (name, title, ...children) =>
      html("div", { class: `ms-panel ms-${name}` }, html("p", { class: "w-note" }, title), children);
    const header = ["pair", "count"].map((text) => html("th", { scope: "col" }, text));
    el.replaceChildren(
      html(
        "div",
        { class: "widget-body ms" },
        this.readouts,
        html("div", { class: "ms-scrub" }, this.back, this.next, this.slider),
        this.rule,
        html(
          "div",
          { class: "ms-panels" },
          panel("text", "The words, and how often each occurs", this.words),
          panel(
            "counts",
            "Pairs of neighbours",
            html("table", {}, html("thead", {}, html("tr", {}, header)), this.pairs),
            this.more,
          ),
          panel("symbols", "The vocabulary, each symbol with its age", this.vocabulary),
        ),
        this.live,
      ),
    );
  }

  // -- stepping

  show(step) {
    this.step = Math.max(0, Math.min(this.last, step));
    const { words, pairs } = this.data.steps[this.step];
    this.slider.value = this.step;
    this.slider.setAttribute("aria-valuetext", `${this.step} of ${this.last} merges`);
    this.back.disabled = this.step === 0;
    this.next.disabled = this.step === this.last;
    this.showReadouts(words);
    this.rule.replaceChildren(...this.sentence(pairs));
    this.showWords(words, pairs[0]);
    this.showPairs(pairs);
    this.showVocabulary(pairs[0]);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.live.textContent = this.rule.textContent), 400);
  }

  size() {
    return this.data.alphabet + this.step;
  }

  /** The symbol that the merge before this step has made. */
  born() {
    return this.step ? this.data.vocabulary[this.size() - 1] : null;
  }

  showReadouts(words) {
    const tokens = words.reduce((sum, word, i) => sum + word.length * this.data.words[i][1], 0);
    const item = (name, value) => html("span", {}, html("small", {}, name), " ", html("b", {}, value));
    this.readouts.replaceChildren(
      item("Merges", `${this.step} of ${this.last}`),
      item("Vocabulary", String(this.size())),
      item("Tokens in the text", String(tokens)),
    );
    this.readouts.dataset.tokens = tokens;
  }

  /** What is merged next, and by which rule. */
  sentence(pairs) {
    if (!pairs.length) return ["Every word is one symbol: there is nothing left to merge."];
    const [left, right, count] = pairs[0];
    const rivals = tied(pairs);
    const opening = [symbol(left, "ms-chosen"), " ", symbol(right, "ms-chosen")];
    if (rivals.length === 1) return ["Next: ", ...opening, ` occurs ${times(count)}, more than any other.`];
    const age = (text) => this.data.vocabulary.indexOf(text);
    const decides = rivals.some(([other]) => other !== left && age(other) > age(left));
    const same = rivals.filter(([other]) => other === left).length > 1;
    const part = same ? `right part has the age ${age(right)}` : `left part has the age ${age(left)}`;
    const why = decides && same ? `left part has the age ${age(left)}, its right part ${age(right)}` : part;
    return [
      "Next: ",
      ...opening,
      ` occurs ${times(count)}, as do ${rivals.length - 1} other${rivals.length > 2 ? "s" : ""}; ` +
        `it is the oldest of them, for its ${why}.`,
    ];
  }

  // -- the three panels

  showWords(words, best) {
    const born = this.born();
    this.words.replaceChildren(
      ...words.map((symbols, i) => {
        const starts = best ? occurrences(symbols, best) : [];
        const chosen = (j) => starts.includes(j) || starts.includes(j - 1);
        const parts = symbols.map((text, j) =>
          symbol(
            text,
            `${chosen(j) ? "ms-chosen" : ""} ${starts.includes(j) ? "ms-left" : ""} ${text === born ? "ms-born" : ""}`,
          ),
        );
        return html("li", {}, html("span", { class: "ms-word" }, parts), ` × ${this.data.words[i][1]}`);
      }),
    );
  }

  showPairs(pairs) {
    const rivals = pairs.length ? tied(pairs).length : 0;
    const most = pairs.length ? pairs[0][2] : 1;
    this.pairs.replaceChildren(
      ...pairs.slice(0, SHOWN).map(([left, right, count], i) => {
        const note = i === 0 ? "next" : i < rivals ? "tie" : "";
        const bar = html("span", { class: "ms-bar", "aria-hidden": "true" });
        bar.style.width = `${(3.5 * count) / Math.max(most, 1)}rem`;
        return html(
          "tr",
          { class: i === 0 ? "ms-best" : "" },
          html("td", {}, symbol(left), " ", symbol(right)),
          html("td", {}, bar, ` ${count} `, html("small", {}, note)),
        );
      }),
    );
    const rest = pairs.length - SHOWN;
    this.more.textContent = rest > 0 ? `and ${rest} more` : pairs.length ? "" : "none";
  }

  showVocabulary(best) {
    const born = this.born();
    this.vocabulary.replaceChildren(
      ...this.data.vocabulary.slice(0, this.size()).map((text, age) => {
        const part = best && (text === best[0] || text === best[1]);
        return html(
          "li",
          {},
          html("small", { "aria-hidden": "true" }, String(age)),
          symbol(text, `${part ? "ms-chosen" : ""} ${text === born ? "ms-born" : ""}`),
        );
      }),
    );
  }
}

export default {
  render({ model, el }) {
    const stepper = new Stepper(model.get("data"), el);
    return () => stepper.destroy();
  },
};
