// What every explorer is made of: controls with labels, a drawing, a few numbers.
//
// An explorer is a custom element. What the page holds inside its tags is a still
// picture, for readers without scripts; with scripts the explorer takes its place.
// Classic scripts and inline SVG only, so that a page opened from a file works too.

class Explorer extends HTMLElement {
  // A subclass names its controls; an index in a label is written _{t}, a power ^{2}.
  // A slider is {name, label, min, max, step, value}, and
  // a number to type the same with number: true; a box to tick is {name, label,
  // tick: true}; a list to choose from is {name, label, value, choices: {value: label}};
  // a button is {name, label, press: {name: value}}, the settings that it makes, or a
  // function from the present values to them. An attribute of the element's, such as
  // k1="3", sets where a control starts.
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
    const made = this.constructor.controls.map((control) => this.#control(control));
    form.append(...(this.arrange?.(made) ?? made));
    this.panel.append(form, this.drawing, this.numbers);
    this.replaceChildren(this.panel);
    this.#changed();
  }

  #control(control) {
    if (control.press) return this.#button(control);
    if (control.choices) return this.#list(control);
    return this.#input(control);
  }

  // A range is moved with the arrow keys, Home, End, Page Up and Page Down: the
  // browser sees to that, and so to what is read aloud.
  #input({ name, label, tick = false, number = false, value, ...limits }) {
    const id = `${this.localName}-${name}`;
    const type = tick ? "checkbox" : number ? "number" : "range";
    const input = Explorer.html("input", { id, type, ...limits });
    if (tick) input.checked = this.hasAttribute(name);
    else input.value = this.getAttribute(name) ?? value;
    const shown = Explorer.html("output", { for: id });
    input.addEventListener("input", () => this.#changed(name));
    const set = (to) => {
      if (tick) input.checked = to;
      else if (!number || document.activeElement !== input) input.value = to;
      if (!tick) shown.textContent = this.format?.(name, to) ?? to;
    };
    const read = () => {
      if (tick) return input.checked;
      const { valueAsNumber: typed, min, max } = input;
      return Number.isNaN(typed) ? this.values[name] : Math.min(max, Math.max(min, typed));
    };
    if (number) input.addEventListener("blur", () => this.#changed(name));
    this.inputs[name] = { input, read, set };
    const words = Explorer.html("label", { for: id }, ...Explorer.formula(label));
    if (number) return Explorer.html("div", { class: "explorer-number" }, words, input);
    return Explorer.html("div", { class: tick ? "explorer-tick" : "explorer-slider" },
      ...(tick ? [input, words] : [words, input, shown]));
  }

  // One of several is chosen with the arrow keys.
  #list({ name, label, value, choices }) {
    const start = this.getAttribute(name) ?? value;
    const inputs = Object.entries(choices).map(([choice, words]) => {
      const id = `${this.localName}-${name}-${choice}`;
      const input = Explorer.html("input", { id, type: "radio", name: id.slice(0, -choice.length - 1) });
      Object.assign(input, { value: choice, checked: choice === start });
      input.addEventListener("change", () => this.#changed(name));
      return [input, Explorer.html("label", { for: id }, ...Explorer.formula(words))];
    });
    this.inputs[name] = {
      read: () => inputs.find(([input]) => input.checked)[0].value,
      set: (to) => inputs.forEach(([input]) => { input.checked = input.value === to; }),
    };
    return Explorer.html("fieldset", { class: "explorer-list" }, Explorer.html("legend", {}, label),
      ...inputs.map((pair) => Explorer.html("div", { class: "explorer-tick" }, ...pair)));
  }

  #button({ name, label, press }) {
    const button = Explorer.html("button",
      { id: `${this.localName}-${name}`, type: "button" }, ...Explorer.formula(label));
    button.addEventListener("click", () => {
      const settings = press instanceof Function ? press(this.values) : press;
      for (const [key, value] of Object.entries(settings)) this.inputs[key].set(value);
      this.#changed(name);
    });
    return button;
  }

  #changed(name) {
    for (const [key, { read }] of Object.entries(this.inputs)) this.values[key] = read();
    this.adjust?.(this.values, name);
    for (const [key, { set }] of Object.entries(this.inputs)) set(this.values[key]);
    this.update(this.values);
  }

  // Show numbers below the drawing: {name: [label, text]}.
  show(entries) {
    this.numbers.replaceChildren(...Object.entries(entries).map(([name, [label, text]]) =>
      Explorer.html("div", {}, Explorer.html("dt", {}, ...Explorer.formula(label)),
        Explorer.html("dd", { "data-number": name }, ...Explorer.formula(text)))));
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

  // The same outside a drawing, as a list of nodes.
  static formula(words) {
    const parts = words.matchAll(/([_^])\{(.*?)\}|([^_^]+|[_^])/g);
    return [...parts].map(([, sign, script, plain]) =>
      (sign ? Explorer.html(sign === "_" ? "sub" : "sup", {}, script) : plain));
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
