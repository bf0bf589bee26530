/* Brings a page's widgets to life.

A widget is a figure that holds its fallback and its data as JSON; its ES module (anywidget's
front-end contract: a default export with `render`) stands in the page as text and is imported
through a Blob URL, because a page opened from disk may not import files. */
(() => {
  const NEAR = "600px"; // start this far before a widget scrolls into view
  const modules = new Map();

  /** Import widget `name` once a page. */
  function load(name) {
    if (!modules.has(name)) modules.set(name, importModule(name));
    return modules.get(name);
  }

  async function importModule(name) {
    const source = document.querySelector(`script[data-widget-module="${name}"]`);
    const url = URL.createObjectURL(new Blob([source.textContent], { type: "text/javascript" }));
    try {
      return await import(url);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  /** What the script at `address` holds: a page opened from disk may load data in no other form. */
  function loadFile(address) {
    const script = document.createElement("script");
    return new Promise((resolve, reject) => {
      script.onload = () => resolve(script.file);
      script.onerror = () => reject(new Error("the file did not arrive"));
      script.src = address;
      document.head.append(script);
    }).finally(() => script.remove());
  }

  /** The part of an anywidget model that a page without a kernel can offer. */
  function pageModel(data, { file, fileBytes }) {
    const state = { data, file: file && { bytes: Number(fileBytes) } };
    const listeners = new Set();
    const tell = (message) => listeners.forEach((listener) => listener(message, []));
    return {
      get: (key) => state[key],
      set: (key, value) => void (state[key] = value),
      on: (event, listener) => void (event === "msg:custom" && listeners.add(listener)),
      off: (event, listener) => void listeners.delete(listener),
      /** One message has an answer, as in a notebook: load the widget's file. */
      send({ load }) {
        if (load !== "file" || !file) return;
        const failed = (error) => ({ error: error.message });
        loadFile(file).then((content) => ({ file: content }), failed).then(tell);
      },
      save_changes() {},
    };
  }

  /** Render one widget; the fallback gives way only after that has succeeded. */
  async function start(figure) {
    const stage = document.createElement("div");
    stage.className = "widget-stage";
    try {
      const data = figure.querySelector(':scope > script[type="application/json"]').textContent;
      const model = pageModel(JSON.parse(data), figure.dataset);
      let widget = (await load(figure.dataset.widget)).default;
      if (typeof widget === "function") widget = await widget();
      await widget.initialize?.({ model });
      await widget.render({ model, el: stage });
      figure.append(stage);
      figure.dataset.state = "ready";
    } catch (error) {
      figure.dataset.state = "failed";
      console.error(`The widget "${figure.dataset.widget}" could not start.`, error);
    }
  }

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        start(target);
      }
    },
    { rootMargin: NEAR },
  );
  document.querySelectorAll("figure.book-widget").forEach((figure) => observer.observe(figure));
})();
