// The switch between versions of the book. The list lies at the top of the site, so that a version kept as it was
// knows those that came after it. Nothing is shown where there is one version or no list, as in a copy on a disk.
(async () => {
  if (!location.protocol.startsWith("http")) return;
  const { root, version } = document.documentElement.dataset;
  const top = new URL(version ? `${root}../` : root, location);
  const here = location.href.slice(new URL(root, location).href.length); // the page within its version
  let versions;
  try {
    versions = await (await fetch(new URL("versions.json", top))).json();
  } catch {
    return; // no list, or not a list
  }
  if (versions.length < 2) return;
  const box = document.querySelector(".versions");
  box.querySelector("summary").textContent = `Version: ${version || versions[0].name}`;
  for (const { name, path } of versions) {
    const other = new URL(path ? `${path}/` : "", top);
    const link = Object.assign(document.createElement("a"), { textContent: name, href: new URL(here, other) });
    if (name === (version || versions[0].name)) link.setAttribute("aria-current", "true");
    link.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const { ok } = await fetch(link.href, { method: "HEAD" }).catch(() => ({ ok: false }));
      location.href = ok ? link.href : other; // a page that the other version does not have
    });
    const item = document.createElement("li");
    item.append(link);
    box.querySelector("ul").append(item);
  }
  box.hidden = false;
})();
