// The cell of chapter 7, with gates that stay where they are put.
//
// One unit runs c_t = f c_(t-1) + i g and h_t = o tanh(c_t) from c_0. A gate may be 0 or
// 1 here, which a sigmoid only approaches.

Explorer.define("lstm-cell", class extends Explorer {
  static STEPS = 20;

  static controls = [
    { name: "f", label: "f, forget gate", min: 0, max: 1, step: 0.01, value: 0.9 },
    { name: "i", label: "i, input gate", min: 0, max: 1, step: 0.05, value: 0.3 },
    { name: "o", label: "o, output gate", min: 0, max: 1, step: 0.05, value: 0.8 },
    { name: "g", label: "g, candidate", min: -1, max: 1, step: 0.05, value: 0.5 },
    { name: "past", label: "c₀, past cell", min: -2, max: 2, step: 0.1, value: -1 },
  ];

  static alt = "The cell, its lines as wide as what a gate lets through; below, " +
    "c and h over twenty steps.";

  format(_, value) {
    return value.toFixed(2).replace("-", "−");
  }

  // c_0 … c_T, what is left of c_0 at each step, and h_1 … h_T.
  run({ f, i, o, g, past }) {
    const cs = [past], left = [past];
    for (let t = 1; t <= this.constructor.STEPS; t++) {
      cs.push(f * cs[t - 1] + i * g);
      left.push(f * left[t - 1]);
    }
    return { cs, left, hs: cs.slice(1).map((c) => o * Math.tanh(c)) };
  }

  update(values) {
    const found = this.run(values), T = this.constructor.STEPS;
    const [c, h] = [found.cs[T], found.hs[T - 1]].map((number) => number.toFixed(3));
    this.drawing.setAttribute("viewBox", "0 0 392 352");
    this.drawing.replaceChildren(...this.cell(values), ...this.plots(found));
    this.drawing.setAttribute("aria-label",
      `${this.constructor.alt} At the end c is ${c} and h is ${h}.`);
    this.show({
      cell: ["c₂₀, the cell", c.replace("-", "−")],
      output: ["h₂₀, the output", h.replace("-", "−")],
      share: ["share of c₀ left, f²⁰", (values.f ** T).toPrecision(3)],
    });
  }

  // The cell as in Figure 7.6. Before a gate a line has its full width.
  cell(values) {
    const box = (x, y, words, dashes = "none") => [
      Explorer.svg("rect", {
        x: x - 20, y: y - 12, width: 40, height: 24, rx: 4, class: "cell-box",
        "stroke-dasharray": dashes,
      }), Explorer.text(x, y + 4, words, "cell-label")];
    const circle = (x, y, r, name) => Explorer.svg("circle", { cx: x, cy: y, r, class: name });
    const product = (x, y) => [circle(x, y, 9, "cell-sign"), circle(x, y, 2, "cell-dot")];
    const sum = (x, y) => [circle(x, y, 9, "cell-sign"),
      Explorer.svg("path", { d: `M${x - 5} ${y}h10M${x} ${y - 5}v10`, class: "cell-sign" })];
    const pipe = (points, share = 1) => {
      const line = Explorer.line(points, share ? "cell-pipe" : "cell-shut");
      line.setAttribute("stroke-width", (1 + 5 * share).toFixed(2));
      return line;
    };
    const gate = (x, y, name) => Explorer.text(
      x, y, `${name} = ${this.format(name, values[name])}`, "cell-label");
    const wire = (points) => Explorer.line(points, "cell-gate");
    return [
      pipe([[60, 24], [97, 24]]), pipe([[115, 24], [205, 24]], values.f),
      pipe([[223, 24], [270, 24]]), pipe([[310, 24], [354, 24], [354, 64]]),
      pipe([[214, 104], [214, 82]]), pipe([[214, 64], [214, 33]], values.i),
      pipe([[354, 82], [354, 100]], values.o),
      wire([[106, 33], [106, 48]]), wire([[186, 73], [205, 73]]), wire([[326, 73], [345, 73]]),
      ...product(106, 24), ...sum(214, 24), ...product(214, 73), ...product(354, 73),
      ...box(40, 24, "c_{t−1}", "3 2"), ...box(290, 24, "c_{t}"), ...box(354, 112, "h_{t}"),
      gate(106, 61, "f"), gate(158, 77, "i"), gate(298, 77, "o"), gate(214, 117, "g"),
      Explorer.text(334, 15, "tanh", "cell-label"),
    ];
  }

  // c over the steps, on an axis that grows with it, and h between -1 and 1.
  plots({ cs, left, hs }) {
    const start = 46, end = 376, T = this.constructor.STEPS;
    const x = (t) => start + 10 + ((end - start - 20) * t) / T;
    const largest = Math.max(...cs.map(Math.abs));
    const reach = [1, 2, 5, 10, 22].find((most) => most >= largest - 1e-9);
    const c = (value) => 212 - (50 * value) / reach;
    const h = (value) => 308 - 20 * value;
    const levels = (y, most) => [-most, 0, most].flatMap((value) => Explorer.level(
      start, end, y(value), String(value), value ? "plot-grid" : "plot-zero"));
    const curve = (values, name) => Explorer.line(values.map((value, t) => [x(t), c(value)]), name);
    const points = cs.map((value, t) => Explorer.svg("circle", {
      cx: x(t).toFixed(1), cy: c(value).toFixed(1), r: 2.2, class: "cell-point",
    }));
    const bars = hs.map((value, t) => Explorer.svg("rect", {
      x: (x(t + 1) - 5).toFixed(1), width: 10, y: Math.min(h(0), h(value)).toFixed(1),
      height: Math.abs(h(value) - h(0)).toFixed(1), class: "cell-output",
    }));
    return [
      Explorer.text(start, 152, "c_{t} and, dashed, what is left of c_{0}", "cell-title"),
      ...levels(c, reach), curve(left, "cell-left"), curve(cs, "cell-state"), ...points,
      Explorer.text(start, 280, "h_{t}", "cell-title"), ...levels(h, 1), ...bars,
      ...[0, T / 2, T].map((t) => Explorer.text(x(t), 342, String(t), "plot-label")),
      Explorer.text((x(T / 2) + x(T)) / 2, 342, "step t", "plot-label"),
    ];
  }
});
