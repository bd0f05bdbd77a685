// MathJax as the book is set with it, in V8 alone: these settings come before its own
// files, and start() after them. formulas.py calls what stands here.

var MathJax = {
  startup: { ready() {}, typeset: false },
  // What is not known is an error, and no formula changes what the next one means.
  tex: {
    packages: {
      "[+]": ["boldsymbol"],
      "[-]": ["autoload", "newcommand", "noundefined", "require"],
    },
    formatError(input, error) { throw error; },
  },
  chtml: { adaptiveCSS: false, fontURL: "fonts", mtextInheritFont: true },
};

// A page says how large and in which font words stand in a formula: course.css. Here
// nothing can be measured, so words are as wide as in the serif, and 1.076 is how much
// larger MathJax's letters have to be to look as large as the serif's.
const page = { scale: 1.076, family: "var(--course-text)" };

function start(widths) {
  MathJax.startup.defaultReady();
  const dom = MathJax.startup.adaptor;
  const width = (text) => [...text].reduce((sum, letter) => sum + (widths[letter] ?? 1), 0);
  dom.nodeSize = (node) => [width(dom.textContent(node)), 0];
}

function setFormula(tex, display) {
  const dom = MathJax.startup.adaptor;
  try {
    const set = MathJax.tex2chtml(tex, { ...page, display });
    dom.removeAttribute(set, "style");
    for (const words of dom.tags(set, "mjx-utext")) dom.setStyle(words, "width", "");
    return { html: dom.outerHTML(set) };
  } catch (error) {
    return { fault: error.message };
  }
}

function styleSheet() {
  return MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet());
}
