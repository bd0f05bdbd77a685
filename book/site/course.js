// Two repairs that style sheets cannot make.

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

document.addEventListener("DOMContentLoaded", plainBibliography);
window.addEventListener("load", async () => {
  await Promise.all([document.fonts.ready, window.MathJax?.startup?.promise]);
  window.addEventListener("resize", reachFormulas);
  const text = document.querySelector("article") ?? document.body;
  new ResizeObserver(somethingChanged).observe(text);
});
