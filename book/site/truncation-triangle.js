// The triangle of chapter 4: which gradients a cut keeps, and how large they were.
//
// The network is that of the chapter's first section, h_t = x_t + w h_(t-1) from h_0 = 1,
// and each step's loss is its state. Every input is the number 1 - w, held fixed while
// we differentiate, so that every state is 1. Then the gradient of L_t with respect to
// the copy of w at step s is w^(t-s), and nothing hides behind it.

Explorer.define("truncation-triangle", class extends Explorer {
  static STEPS = 12;

  static controls = [
    { name: "k1", label: "k₁, steps between two backward passes", min: 1, max: 12, step: 1, value: 3 },
    { name: "k2", label: "k₂, steps that a pass goes back", min: 1, max: 12, step: 1, value: 6 },
    { name: "decay", label: "w, what a step back multiplies by", min: 0, max: 1.2, step: 0.05, value: 0.8 },
    { name: "twice", label: "send back the losses of the whole window each time", tick: true },
  ];

  static alt = "A triangle of squares: one row for each step s, one column for each loss t.";

  // A pass goes back at least to where the one before it ended.
  adjust(values, moved) {
    if (values.k1 <= values.k2) return;
    if (moved === "k1") values.k2 = values.k1;
    else values.k1 = values.k2;
  }

  format(name, value) {
    return name === "decay" ? value.toFixed(2) : String(value);
  }

  // How often the entry (s, t) is counted: by every pass whose window holds s and t, or
  // by the one pass that L_t is due in.
  count(s, t, { k1, k2, twice }) {
    let times = 0;
    for (let e = k1; e < this.constructor.STEPS + k1; e += k1) {
      const due = t <= e && (twice || t > e - k1);
      if (due && s > e - k2) times += 1;
    }
    return times;
  }

  update(values) {
    const T = this.constructor.STEPS;
    const size = 22, left = 46, top = 30;
    const parts = [];
    let entries = 0, kept = 0, full = 0, cut = 0;
    for (let t = 1; t <= T; t++) {
      for (let s = 1; s <= t; s++) {
        const value = values.decay ** (t - s);
        const times = this.count(s, t, values);
        entries += 1;
        kept += times > 0;
        full += value;
        cut += times * value;
        const strength = Math.min(1, 0.12 + 0.88 * Math.min(1, value));
        const kind = ["dropped", "kept"][times] ?? "twice";
        const at = { x: left + (t - 1) * size, y: top + (s - 1) * size };
        parts.push(Explorer.svg("rect", {
          ...at, width: size - 2, height: size - 2, rx: 2, class: `triangle-${kind}`,
          "fill-opacity": times ? strength : 0,
        }, Explorer.svg("title", {}, `s = ${s}, t = ${t}: ${value.toFixed(3)}, counted ${times} times`)));
        if (times > 1) {
          parts.push(Explorer.text(at.x + size / 2 - 1, at.y + size / 2 + 3,
            String(times), "triangle-times"));
        }
      }
      parts.push(this.label(left + (t - 0.5) * size - 1, top - 6, t));
      parts.push(this.label(left - 10, top + (t - 0.5) * size + 3, t));
    }
    parts.push(this.label(left + T * size / 2, 11, "loss at step t"));
    const side = this.label(12, top + T * size / 2, "weights of step s");
    side.setAttribute("transform", `rotate(-90 12 ${top + T * size / 2})`);
    parts.push(side);
    this.drawing.setAttribute("viewBox", `0 0 ${left + T * size + 4} ${top + T * size + 4}`);
    this.drawing.setAttribute("aria-label", `${this.constructor.alt} ${kept} of ${entries} ` +
      "entries are kept.");
    this.drawing.replaceChildren(...parts);
    this.show({
      kept: ["entries kept", `${kept} of ${entries}`],
      full: ["full gradient", full.toFixed(3)],
      cut: ["with this cut", cut.toFixed(3)],
      share: ["in per cent", (100 * cut / full).toFixed(1)],
    });
  }

  label(x, y, text) {
    return Explorer.text(x, y, String(text), "triangle-label");
  }
});
