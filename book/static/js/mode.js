// Stands in the head of every page and runs before anything is drawn: it sets the colours the reader chose, or
// those of the system.
(() => {
  const root = document.documentElement;
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
