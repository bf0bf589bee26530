// Stands in the head of every page and runs before anything is drawn. First it asks for the faces, so that the text
// never moves (a page opened from disk may not ask early, and need not); then it sets the colours
// the reader chose, or those of the system.
(() => {
  const root = document.documentElement;
  const faces = location.protocol === "file:" ? [] : document.currentScript.dataset.faces.split(" ");
  for (const face of faces) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "" });
    link.href = `${root.dataset.root}_static/${face}.woff2`;
    document.head.append(link);
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const order = ["auto", "light", "dark"];
  let mode = "auto";
  try {
    mode = localStorage.getItem("mode") || "auto";
  } catch {} // storage may be forbidden; the choice then lasts as long as the page
  const apply = () => {
    root.dataset.mode = mode;
    root.dataset.theme = mode === "auto" ? (dark.matches ? "dark" : "light") : mode;
  };
  window.bookMode = {
    name: () => mode,
    next() {
      mode = order[(order.indexOf(mode) + 1) % order.length];
      try {
        localStorage.setItem("mode", mode);
      } catch {}
      apply();
    },
  };
  dark.addEventListener("change", apply);
  apply();
})();
