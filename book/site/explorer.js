// What every explorer is made of: sliders with labels, a drawing, a few numbers.
//
// An explorer is a custom element. What the page holds inside its tags is a still
// picture, for readers without scripts; with scripts the explorer takes its place.
// Classic scripts and inline SVG only, so that a page opened from a file works too.

class Explorer extends HTMLElement {
  // A subclass names its sliders, each {name, label, min, max, step, value}, and its
  // boxes to tick, {name, label, tick: true}. An attribute of the element's, such as
  // k1="3", sets where a slider starts.
  static controls = [];

  // What the drawing shows, in a sentence for readers who do not see it.
  static alt = "";

  connectedCallback() {
    if (this.panel) return;
    this.values = {};
    this.drawing = Explorer.svg("svg", { role: "img", "aria-label": this.constructor.alt });
    this.numbers = Explorer.html("dl", { "aria-live": "polite" });
    this.panel = Explorer.html("div", { class: "explorer" });
    const form = Explorer.html("div", { class: "explorer-controls" });
    this.inputs = {};
    for (const control of this.constructor.controls) form.append(this.#control(control));
    this.panel.append(form, this.drawing, this.numbers);
    this.replaceChildren(this.panel);
    this.#changed();
  }

  // A range is moved with the arrow keys, Home, End, Page Up and Page Down: the
  // browser sees to that, and so to what is read aloud.
  #control({ name, label, tick = false, ...options }) {
    const id = `${this.localName}-${name}`;
    const input = Explorer.html("input", { id, type: tick ? "checkbox" : "range" });
    const { value, ...limits } = options;
    for (const [key, setting] of Object.entries(limits)) input.setAttribute(key, setting);
    if (tick) input.checked = this.hasAttribute(name);
    else input.value = this.getAttribute(name) ?? value;
    const shown = Explorer.html("output", { for: id });
    input.addEventListener("input", () => this.#changed(name));
    this.inputs[name] = { input, shown, tick };
    const words = Explorer.html("label", { for: id }, label);
    return Explorer.html("div", { class: tick ? "explorer-tick" : "explorer-slider" },
      ...(tick ? [input, words] : [words, input, shown]));
  }

  #changed(name) {
    for (const [key, { input, tick }] of Object.entries(this.inputs)) {
      this.values[key] = tick ? input.checked : Number(input.value);
    }
    this.adjust?.(this.values, name);
    for (const [key, { input, shown, tick }] of Object.entries(this.inputs)) {
      if (tick) continue;
      input.value = this.values[key];
      shown.textContent = this.format?.(key, this.values[key]) ?? this.values[key];
    }
    this.update(this.values);
  }

  // Show numbers below the drawing: {name: [label, text]}.
  show(entries) {
    this.numbers.replaceChildren(...Object.entries(entries).map(([name, [label, text]]) =>
      Explorer.html("div", {}, Explorer.html("dt", {}, label),
        Explorer.html("dd", { "data-number": name }, text))));
  }

  static html(tag, attributes = {}, ...children) {
    return Explorer.#filled(document.createElement(tag), attributes, children);
  }

  static svg(tag, attributes = {}, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    return Explorer.#filled(element, attributes, children);
  }

  // A line of text in a drawing. An index is written _{t}, a power ^{2}.
  static text(x, y, words, name) {
    const element = Explorer.svg("text", { x, y, class: name });
    let above = 0;
    for (const [, sign, script, plain] of words.matchAll(/([_^])\{(.*?)\}|([^_^]+)/g)) {
      const shift = { _: 3, "^": -4 }[sign] ?? 0;
      const part = shift === above ? {} : { dy: shift - above };
      if (sign) part["font-size"] = 8;
      element.append(Object.keys(part).length
        ? Explorer.svg("tspan", part, script ?? plain) : plain);
      above = shift;
    }
    return element;
  }

  // A line through points, each [x, y].
  static line(points, name) {
    const rounded = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
    return Explorer.svg("polyline", { class: name, points: rounded.join(" ") });
  }

  // A level line across a plot from left to right, and its tick.
  static level(left, right, y, words, name = "plot-grid") {
    const at = Number(y.toFixed(1));
    return [Explorer.svg("line", { x1: left, x2: right, y1: at, y2: at, class: name }),
      Explorer.text(left - 6, at + 4, words.replace("-", "−"), "plot-tick")];
  }

  static #filled(element, attributes, children) {
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // Wait until the page is read: before, an element would not yet hold its picture.
  static define(name, explorer) {
    const now = () => customElements.define(name, explorer);
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", now);
    else now();
  }
}
