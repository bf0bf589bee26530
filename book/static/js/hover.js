// Definitions of terms and cited works beside their links: under the mouse or the keyboard focus.
// Escape closes; a finger follows the link as ever. The texts are in the page already.
(() => {
  const LINKS = "a.term, a.citation";
  const tip = Object.assign(document.createElement("div"), { className: "tip", id: "tip" });
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);
  let shown = null;
  let timer = 0;

  function content(link) {
    if (link.dataset.tip) return document.getElementById(link.dataset.tip)?.content.cloneNode(true);
    const work = document.getElementById(decodeURIComponent(link.hash.slice(1)))?.cloneNode(true);
    work?.removeAttribute("id");
    work?.querySelectorAll(".label, .backrefs").forEach((part) => part.remove());
    return work;
  }

  function place(link) {
    const at = link.getClientRects()[0];
    const width = document.documentElement.clientWidth;
    tip.style.left = `${Math.max(8, Math.min(at.left, width - tip.offsetWidth - 8))}px`;
    const above = at.top - tip.offsetHeight - 6;
    tip.style.top = `${above > 8 ? above : at.bottom + 6}px`;
  }

  function show(link) {
    const text = content(link);
    clearTimeout(timer);
    if (!text || shown === link) return;
    hide();
    shown = link;
    tip.replaceChildren(text);
    tip.hidden = false;
    link.setAttribute("aria-describedby", "tip");
    place(link);
  }

  function hide() {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    tip.hidden = true;
  }

  const later = (action, ms) => (clearTimeout(timer), (timer = setTimeout(action, ms)));
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const link = event.target.closest(LINKS);
    if (link) later(() => show(link), 150);
    else if (tip.contains(event.target)) clearTimeout(timer); // the text can be reached and read
    else later(hide, shown ? 200 : 0);
  });
  document.addEventListener("focusin", (event) => event.target.matches(LINKS) && show(event.target));
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", hide, { passive: true });
})();
