// What style sheets cannot do: repairs, and sections that a reader may skip.

// What is wider than the page scrolls in itself: let the keyboard reach it. To measure
// is to lay out all of the page, so the first key has to come before.
const SCROLLING = [
  "pre", ".math", "mjx-container", ".cell_output > .output", ".pst-scrollable-table-container",
].map((box) => `article ${box}`).join(", ");

function reachScrolling() {
  for (const box of document.querySelectorAll(SCROLLING)) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    if (scrolls && box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  }
}

// Whatever changes then, such as a side bar that slides, a font that comes, or a solution
// that opens, changes the article's size.
function keepReaching() {
  reachScrolling();
  const text = document.querySelector("article") ?? document.body;
  new ResizeObserver(reachScrolling).observe(text);
}

// The bibliography comes with roles that WAI-ARIA has withdrawn.
function plainBibliography() {
  for (const entry of document.querySelectorAll("[role=doc-biblioentry]")) {
    entry.removeAttribute("role");
    entry.parentElement.removeAttribute("role");
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

// Paper is white, whatever the screen is.
function lightForPrint() {
  const { dataset } = document.documentElement;
  const { theme } = dataset;
  dataset.theme = "light";
  addEventListener("afterprint", () => { dataset.theme = theme; }, { once: true });
}

// A button that opens a hint or a solution says which.
function nameToggles() {
  for (const button of document.querySelectorAll(".admonition-title > .toggle-button")) {
    button.setAttribute("aria-label", button.parentElement.textContent.trim());
  }
}

// The theme's button is there while a reader who has scrolled down scrolls up. A leap is a
// link, or a height that was guessed.
function leadBackToTop() {
  const button = document.getElementById("pst-back-to-top");
  if (!button) return;
  let before = scrollY;
  button.addEventListener("click", () => scrollTo(scrollX, 0));
  window.addEventListener("scroll", () => {
    const up = before - scrollY;
    button.style.display = scrollY > 0 && up > 0 && up < innerHeight ? "block" : "none";
    before = scrollY;
  }, { passive: true });
}

// The browser keeps a reader's place as a number of pixels. After a reload that leads
// elsewhere, since heights above are guessed again: keep the section, and where in it.
function sections() {
  return document.querySelectorAll(".bd-article > section, .bd-article > section > section");
}

function keepPlace() {
  const tops = Array.from(sections(), (section) => section.getBoundingClientRect().top);
  const at = Math.max(0, tops.findLastIndex((top) => top < 0));
  if (at in tops) sessionStorage.setItem(location.pathname, JSON.stringify([at, tops[at]]));
}

function returnToPlace([at, top]) {
  const section = sections()[at];
  if (!section) return;
  section.scrollIntoView(); // which lays it out
  scrollBy(0, section.getBoundingClientRect().top - top);
}

// A page that is opened again is one that is loaded again, or on the way back.
function keepPlaces() {
  const [{ type }] = performance.getEntriesByType("navigation");
  const place = JSON.parse(sessionStorage.getItem(location.pathname));
  if (place && type !== "navigate") {
    history.scrollRestoration = "manual";
    addEventListener("load", () => {
      returnToPlace(place);
      setTimeout(() => { history.scrollRestoration = "auto"; });
    });
  }
  addEventListener("pagehide", keepPlace);
}

document.addEventListener("DOMContentLoaded", () => {
  leadBackToTop();
  plainBibliography();
  reveal(location.hash);
});
document.addEventListener("click", revealClicked);
window.addEventListener("hashchange", () => reveal(location.hash));
window.addEventListener("beforeprint", openForPrint);
window.addEventListener("beforeprint", lightForPrint);
window.addEventListener("load", nameToggles);
window.addEventListener("keydown", keepReaching, { once: true });
keepPlaces();
