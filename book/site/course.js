// What style sheets cannot do: two repairs, and sections that a reader may skip.

// A formula that is wider than the page scrolls in itself: let the keyboard reach it.
function reachFormulas() {
  for (const box of document.querySelectorAll("article .math, article mjx-container")) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    if (scrolls && box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  }
}

// The theme does so for code and tables whenever the window changes: tell it of every
// other change too, such as a side bar that slides, a font that comes, or a solution
// that opens.
function somethingChanged() {
  window.dispatchEvent(new Event("resize"));
}

// The bibliography comes with roles that WAI-ARIA has withdrawn.
function plainBibliography() {
  for (const entry of document.querySelectorAll("[role=doc-biblioentry]")) {
    entry.removeAttribute("role");
    entry.parentElement.removeAttribute("role");
  }
}

// A section "Further" or "Further: …" is closed until it is opened. All of it stays on
// the page, so that a search in the page, a link or a printer finds it.
function foldFurther() {
  for (const heading of document.querySelectorAll("article section > h2")) {
    if (!/^Further\s*(:|$)/.test(heading.firstChild?.textContent ?? "")) continue;
    const nodes = [...heading.parentElement.childNodes];
    const at = nodes.indexOf(heading) + 1;
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    details.className = "further";
    heading.parentElement.append(details);
    summary.append(...nodes.slice(0, at));
    details.append(summary, ...nodes.slice(at));
  }
}

function targetOf(hash) {
  try {
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  } catch {
    return null; // not an address that anything here could have
  }
}

// Open what a link leads to or into, and go there.
function reveal(hash) {
  const target = targetOf(hash);
  if (!target) return;
  const closed = [...target.querySelectorAll(":scope > details.further:not([open])")];
  for (let at = target; at; at = at.parentElement) {
    if (at.matches("details:not([open])")) closed.push(at);
  }
  for (const details of closed) details.open = true;
  if (closed.length) target.scrollIntoView();
}

// A link that is followed twice changes the address once: look at the click too.
function revealClicked(event) {
  const link = event.target.closest?.("a[href]");
  const here = link && link.href.split("#")[0] === location.href.split("#")[0];
  if (here) reveal(link.hash);
}

function openForPrint() {
  for (const details of document.querySelectorAll("details.further:not([open])")) {
    details.open = true;
    addEventListener("afterprint", () => { details.open = false; }, { once: true });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  plainBibliography();
  foldFurther();
  reveal(location.hash);
});
document.addEventListener("click", revealClicked);
window.addEventListener("hashchange", () => reveal(location.hash));
window.addEventListener("beforeprint", openForPrint);
window.addEventListener("load", async () => {
  await document.fonts.ready;
  window.addEventListener("resize", reachFormulas);
  const text = document.querySelector("article") ?? document.body;
  new ResizeObserver(somethingChanged).observe(text);
});
