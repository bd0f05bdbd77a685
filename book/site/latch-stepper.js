// The latch of chapter 1: one unit that keeps the first sign, read sign by sign.
//
// It runs h_t = tanh(w_h h_(t-1) + w_x x_t) from h_0 = 0. Beside it a window that sees
// the last k signs, and the same unit with the first sign flipped.

Explorer.define("latch-stepper", class extends Explorer {
  static MIXED = [1, -1, -1, 1, -1, -1, -1, 1, -1, -1, -1, -1];

  static controls = [
    { name: "t", label: "t, signs read", min: 1, max: 12, step: 1, value: 6 },
    { name: "next", label: "Read one more sign", press: ({ t }) => ({ t: Math.min(12, t + 1) }) },
    { name: "first", label: "Start again", press: { t: 1 } },
    { name: "flip", label: "flip the first sign", tick: true },
    { name: "signs", label: "the signs after it", value: "mixed",
      choices: { mixed: "mixed", against: "all against it" } },
    { name: "w_h", label: "w_{h}, weight of the state", min: 0, max: 4, step: 0.05, value: 3 },
    { name: "w_x", label: "w_{x}, weight of the sign", min: 0.1, max: 2, step: 0.1, value: 1 },
    { name: "k", label: "k, signs that a window sees", min: 1, max: 12, step: 1, value: 4 },
  ];

  static alt = "Twelve signs, a frame round the window; below, the state after each step " +
    "and, dashed, the state with the first sign flipped; two bars, what state and sign add.";

  // The two buttons stand side by side.
  arrange([slider, next, first, ...rest]) {
    return [slider, Explorer.html("div", { class: "explorer-buttons" }, next, first), ...rest];
  }

  format(name, value) {
    if (name === "w_h") return value.toFixed(2);
    return name === "w_x" ? value.toFixed(1) : String(value);
  }

  // x_1 … x_12.
  sequence({ signs, flip }) {
    const mixed = this.constructor.MIXED;
    const first = flip ? -mixed[0] : mixed[0];
    return [first, ...mixed.slice(1).map((x) => (signs === "against" ? -first : x))];
  }

  step(h, x, { w_h, w_x }) {
    return Math.tanh(w_h * h + w_x * x);
  }

  // h_0, h_1, … for a list of signs.
  run(xs, values) {
    const hs = [0];
    for (const x of xs) hs.push(this.step(hs.at(-1), x, values));
    return hs;
  }

  // dh_t / dx_1.
  slope(hs, { t, w_h, w_x }) {
    let found = w_x * (1 - hs[1] ** 2);
    for (let s = 2; s <= t; s++) found *= w_h * (1 - hs[s] ** 2);
    return found;
  }

  // How many signs in a row against the first one turn the state. With these sliders 38
  // are the most, or else the state comes to rest.
  turning(values) {
    let h = this.step(0, 1, values);
    for (let signs = 0; signs < 1000; signs++) {
      if (h < 0) return signs;
      h = this.step(h, -1, values);
    }
    return Infinity;
  }

  update(values) {
    const { t, k, w_h, w_x } = values;
    const xs = this.sequence(values), hs = this.run(xs, values);
    const others = this.run([-xs[0], ...xs.slice(1)], values);
    const sign = (x) => (x > 0 ? "+" : "−");
    const right = hs[t] * xs[0] > 0;
    const turned = hs.findIndex((h, s) => s > 0 && h * xs[0] < 0);
    const seen = xs.slice(Math.max(0, t - k), t).map(sign).join(" ");
    const held = w_h * Math.tanh(w_x), pull = 2 * w_x;
    const safe = held >= pull, run = this.turning(values);
    const verdict = run < Infinity ? `turned by ${run} in a row`
      : `${safe ? "" : "yet "}no run turns it`;
    const answer = `${sign(hs[t])}, ${right ? "right" : "wrong"}` +
      (turned > 0 && turned <= t ? `; turned at step ${turned}` : "");
    this.drawing.setAttribute("viewBox", "0 0 392 288");
    this.drawing.replaceChildren(...this.row(xs, values), ...this.plot(hs, others, t),
      ...this.bars(hs, xs, values));
    this.drawing.setAttribute("aria-label", `${this.constructor.alt} After ${t} signs the ` +
      `state is ${this.signed(hs[t])}; the last ${k} signs are ${seen}.`);
    this.show({
      state: [`state h_{${t}}`, this.signed(hs[t])],
      answer: ["first sign, told by the state", answer],
      window: ["what the window sees", seen],
      inside: ["first sign, told by the window", t <= k ? `${sign(xs[0])}, right` : "not among them"],
      safe: ["w_{h} tanh w_{x} against 2 w_{x}", `${held.toFixed(2)} ${safe ? "≥" : "<"} ` +
        `${pull.toFixed(2)}: ${verdict}`],
      slope: [`slope dh_{${t}} / dx_{1}`,
        this.slope(hs, values).toExponential(2).replaceAll("-", "−")],
    });
  }

  signed(number) {
    return number.toFixed(3).replace("-", "−");
  }

  x(t) {
    return 62 + 28 * (t - 1);
  }

  // The signs; those not yet read are pale, and a frame holds the last k of the others.
  row(xs, { t, k }) {
    const from = Math.max(1, t - k + 1);
    const parts = xs.map((x, i) => {
      const name = `latch-sign latch-${i < t ? "read" : "unread"}${x > 0 ? "" : " latch-minus"}`;
      const at = this.x(i + 1);
      return [Explorer.svg("circle", { cx: at, cy: 40, r: 9, class: name }),
        Explorer.text(at, 44, x > 0 ? "+" : "−", i < t ? "latch-mark" : "latch-mark latch-pale")];
    });
    return [
      Explorer.text(40, 44, "x_{t}", "plot-tick"), ...parts.flat(),
      Explorer.svg("rect", {
        x: this.x(from) - 13, y: 27, width: this.x(t) - this.x(from) + 26, height: 26, rx: 4,
        class: "latch-window",
      }),
      Explorer.text((this.x(from) + this.x(t)) / 2, 20, `window of ${k}`, "plot-label"),
    ];
  }

  plot(hs, others, t) {
    const y = (h) => 120 - 46 * h;
    const curve = (values, name) => Explorer.line(
      values.slice(1, t + 1).map((h, s) => [this.x(s + 1), y(h)]), name);
    const points = hs.slice(1, t + 1).map((h, s) => Explorer.svg("circle", {
      cx: this.x(s + 1), cy: y(h).toFixed(1), r: s + 1 === t ? 4.5 : 3, class: "latch-point",
    }));
    return [
      ...[-1, 0, 1].flatMap((h) => Explorer.level(48, 384, y(h), String(h),
        h ? "plot-grid" : "plot-zero")),
      Explorer.text(12, 124, "h_{t}", "plot-label"),
      Explorer.text(216, 186, "dashed: the state if x_{1} were the other sign", "plot-label"),
      curve(others, "latch-other"), curve(hs, "latch-state"), ...points,
    ];
  }

  // What the state and the sign add to the present pre-activation.
  bars(hs, xs, { t, w_h, w_x }) {
    const middle = 236, unit = 32;
    const bar = (value, y, words, name) => [
      Explorer.svg("rect", {
        x: (middle + unit * Math.min(0, value)).toFixed(1), y, height: 16,
        width: (unit * Math.abs(value)).toFixed(1), class: name,
      }),
      Explorer.text(96, y + 12, `${words} = ${value.toFixed(2).replace("-", "−")}`, "plot-tick"),
    ];
    return [
      Explorer.text(210, 212, `what step ${t} adds up before tanh`, "plot-label"),
      ...bar(w_h * hs[t - 1], 220, "w_{h} h_{t−1}", "latch-held"),
      ...bar(w_x * xs[t - 1], 244, "w_{x} x_{t}", "latch-pull"),
      Explorer.svg("line", { x1: middle, x2: middle, y1: 216, y2: 266, class: "plot-zero" }),
      ...[-4, -2, 2, 4].map((value) => Explorer.text(middle + unit * value, 281,
        String(value).replace("-", "−"), "plot-label")),
      Explorer.text(middle, 281, "0", "plot-label"),
    ];
  }
});
