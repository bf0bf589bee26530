// What a page does: colours, copying, the place in the page, keys, search. Nothing here moves the text.
(() => {
  const $ = (selector, node = document) => node.querySelector(selector);
  const $$ = (selector, node = document) => [...node.querySelectorAll(selector)];
  const icon = (name) => `<svg class="icon" aria-hidden="true"><use href="#icon-${name}"/></svg>`;

  // colours -----------------------------------------------------------------------------------
  const modeButton = $(".mode-button");
  const nameMode = () => {
    const names = { auto: "as the system", light: "light", dark: "dark" };
    modeButton.setAttribute("aria-label", `Colours: ${names[bookMode.name()]}`);
    modeButton.title = modeButton.getAttribute("aria-label");
  };
  modeButton.addEventListener("click", () => (bookMode.next(), nameMode()));
  nameMode();

  // copying -----------------------------------------------------------------------------------
  for (const block of $$("div.highlight")) {
    if (block.closest(".cell_output")) continue;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "plain copy", innerHTML: icon("copy") });
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      const code = $("pre", block);
      try {
        await navigator.clipboard.writeText(code.textContent.trimEnd());
        button.innerHTML = icon("done");
        setTimeout(() => (button.innerHTML = icon("copy")), 1500);
      } catch {
        getSelection().selectAllChildren(code); // not allowed here: the reader copies the selection
      }
    });
    block.append(button);
  }

  // what scrolls sideways can be reached with the keyboard ------------------------------------
  const boxes = $$("pre, .math-scroll, .drawing, .pst-scrollable-table-container");
  const reach = () => {
    const wide = boxes.map((box) => box.scrollWidth > box.clientWidth);
    boxes.forEach((box, i) => (wide[i] ? (box.tabIndex = 0) : box.removeAttribute("tabindex")));
  };
  document.fonts.ready.then(reach);
  addEventListener("resize", reach);
  addEventListener("toggle", reach, true);

  // the place in the page ---------------------------------------------------------------------
  const links = new Map($$(".page-nav a").map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const current = $(".site-nav [aria-current]");
  if (current) {
    const nav = $(".site-nav");
    nav.scrollTop = Math.max(0, current.offsetTop - nav.clientHeight / 2);
  }
  if (links.size) {
    const sections = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
    const mark = () => {
      const passed = sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 3);
      const here = passed.length ? links.get(passed.at(-1).id) : null;
      for (const link of links.values()) {
        if (link === here) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    new IntersectionObserver(mark, { threshold: [0, 1] }).observe(document.body);
    addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
  }
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    if (target && target.closest("details")) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  // search ------------------------------------------------------------------------------------
  const root = document.documentElement.dataset.root;
  let index = null;
  const script = (file) =>
    new Promise((onload, onerror) => {
      document.head.append(Object.assign(document.createElement("script"), { src: `${root}_static/${file}`, onload, onerror }));
    });
  const load = () =>
    (index ??= Promise.all(["js/minisearch/minisearch.js", "search-index.js"].map(script)).then(() => {
      const fields = ["section", "page", "text"];
      const searchOptions = { prefix: true, fuzzy: 0.15, combineWith: "AND", boost: { section: 4, page: 2 } };
      const library = new MiniSearch({ fields, storeFields: ["address", ...fields], searchOptions });
      library.addAll(bookIndex.map(([address, page, section, text], id) => ({ id, address, page, section, text })));
      return library;
    }));

  function excerpt(text, words) {
    const box = document.createElement("p");
    const low = text.toLowerCase();
    const first = Math.max(0, Math.min(...words.map((w) => (low.indexOf(w) + 1 || 1e9) - 1)));
    const start = first > 1e8 ? 0 : Math.max(0, low.lastIndexOf(" ", Math.max(0, first - 50)) + 1);
    const piece = (start ? "… " : "") + text.slice(start, start + 180) + (start + 180 < text.length ? " …" : "");
    const pattern = new RegExp(`(${words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "i");
    piece.split(pattern).forEach((part, i) => {
      box.append(i % 2 ? Object.assign(document.createElement("mark"), { textContent: part }) : part);
    });
    return box;
  }

  async function search(query, box) {
    if (!query.trim()) return box.replaceChildren();
    const found = (await load()).search(query).slice(0, 20);
    const list = document.createElement("ol");
    for (const { address, page, section, text, terms } of found) {
      const item = document.createElement("li");
      const link = Object.assign(document.createElement("a"), { href: root + address, textContent: section || page });
      if (section) link.append(Object.assign(document.createElement("span"), { textContent: page }));
      item.append(link, excerpt(text, terms));
      list.append(item);
    }
    const none = Object.assign(document.createElement("p"), { textContent: `Nothing in the book matches “${query}”.` });
    box.replaceChildren(found.length ? list : none);
  }

  const dialog = $("#search-dialog");
  const openSearch = () => {
    load();
    dialog.showModal();
    $("input", dialog).select();
  };
  $(".search-button").addEventListener("click", (event) => (event.preventDefault(), openSearch()));
  const results = $(".search-results", dialog);
  $("input", dialog).addEventListener("input", (event) => search(event.target.value, results));
  $("form", dialog).addEventListener("submit", (event) => {
    event.preventDefault();
    $("a", results)?.click();
  });
  $(".close", dialog).addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest(".search-results a")) dialog.close();
  });
  const form = $(".search-form");
  if (form) {
    const box = $("main .search-results");
    form.q.value = new URLSearchParams(location.search).get("q") || "";
    form.addEventListener("submit", (event) => event.preventDefault());
    form.q.addEventListener("input", () => search(form.q.value, box));
    search(form.q.value, box);
    form.q.focus();
  }

  // keys --------------------------------------------------------------------------------------
  addEventListener("keydown", (event) => {
    const busy = event.target.closest?.("input, textarea, select, [contenteditable], dialog, [role=slider]");
    const key = event.key.toLowerCase();
    if ((key === "k" && (event.ctrlKey || event.metaKey)) || (key === "/" && !busy && !event.ctrlKey)) {
      event.preventDefault();
      if (!dialog.open) openSearch();
    } else if (dialog.open && (key === "arrowdown" || key === "arrowup")) {
      const stops = [$("input", dialog), ...$$("a", results)];
      const step = key === "arrowdown" ? 1 : -1;
      stops[stops.indexOf(document.activeElement) + step]?.focus();
      event.preventDefault();
    } else if (document.activeElement === document.body && !event.altKey && !event.ctrlKey && !event.metaKey) {
      if (key === "arrowleft") $(".pager-prev")?.click();
      if (key === "arrowright") $(".pager-next")?.click();
    }
  });
})();
