// Two repairs that style sheets cannot make.

// An equation that is wider than the page scrolls in itself: let the keyboard reach it.
function reachEquations() {
  for (const box of document.querySelectorAll("mjx-container[display=true]")) {
    const scrolls = [box, box.parentElement].find(
      (element) => element.scrollWidth > element.clientWidth + 1
    );
    for (const element of [box, box.parentElement]) {
      if (element === scrolls) {
        element.tabIndex = 0;
      } else {
        element.removeAttribute("tabindex");
      }
    }
  }
}

// The bibliography comes with roles that WAI-ARIA has withdrawn.
function plainBibliography() {
  for (const entry of document.querySelectorAll("[role=doc-biblioentry]")) {
    entry.removeAttribute("role");
    entry.parentElement.removeAttribute("role");
  }
}

document.addEventListener("DOMContentLoaded", plainBibliography);
window.addEventListener("load", () => {
  window.MathJax?.startup?.promise?.then(reachEquations);
  window.addEventListener("resize", reachEquations);
});
