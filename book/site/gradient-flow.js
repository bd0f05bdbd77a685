// The flow of chapter 5: how long a gradient is after each step back.
//
// Six units read one number a step, x_t = sin(0.7 t), from h_0 = 0, and the gradient
// starts at h_T as a row of ones. W_h has the spectral radius 1, to three digits; the
// slider multiplies it.

Explorer.define("gradient-flow", class extends Explorer {
  static W_h = [
    [-0.346, -0.571, -0.107, 0.181, 0.49, 0.047],
    [-0.238, -0.338, 0.323, 0.705, 0.118, -0.532],
    [-0.413, 0.69, 0.087, -0.747, -0.036, -0.502],
    [-0.271, -0.21, -0.308, 0.239, -0.027, -0.254],
    [0.177, 0.358, -0.709, -0.111, -0.423, -0.075],
    [-0.556, 0.009, -0.016, -0.131, -0.452, -0.171],
  ];

  static W_x = [0.612, -0.367, -0.702, 0.397, -0.103, 0.598];

  // Each nonlinearity with its slope, told from the output.
  static functions = [
    { name: "none", f: (a) => a, slope: () => 1 },
    { name: "tanh", f: Math.tanh, slope: (h) => 1 - h * h },
    { name: "ReLU", f: (a) => Math.max(a, 0), slope: (h) => Number(h > 0) },
    { name: "sigmoid", f: (a) => 1 / (1 + Math.exp(-a)), slope: (h) => h * (1 - h) },
  ];

  static controls = [
    { name: "radius", label: "spectral radius of W_{h}", min: 0, max: 3, step: 0.05, value: 1 },
    { name: "f", label: "nonlinearity", min: 0, max: 3, step: 1, value: 1 },
    { name: "steps", label: "T, steps back", min: 1, max: 100, step: 1, value: 50 },
  ];

  static alt = "The length of dh against the steps back, with a logarithmic axis.";

  format(name, value) {
    if (name === "radius") return value.toFixed(2);
    return name === "f" ? this.constructor.functions[value].name : String(value);
  }

  // The lengths of dh_T, dh_(T-1), … dh_0, over the first.
  lengths({ radius, f, steps }) {
    const { W_h, W_x, functions } = this.constructor;
    const { f: bend, slope } = functions[f];
    const units = W_x.map((_, j) => j);
    const states = [units.map(() => 0)];
    for (let t = 1; t <= steps; t++) {
      const h = states[t - 1], x = Math.sin(0.7 * t);
      states.push(units.map((j) => bend(
        x * W_x[j] + radius * units.reduce((sum, i) => sum + h[i] * W_h[i][j], 0))));
    }
    let dh = units.map(() => 1);
    const norm = () => Math.hypot(...dh) / Math.sqrt(units.length);
    const found = [norm()];
    for (let t = steps; t >= 1; t--) {
      const da = units.map((j) => dh[j] * slope(states[t][j]));
      dh = units.map((i) => radius * units.reduce((sum, j) => sum + da[j] * W_h[i][j], 0));
      found.push(norm());
    }
    return found;
  }

  update(values) {
    const { radius, f, steps } = values;
    const found = this.lengths(values);
    const last = found[steps];
    const horizon = found.findLastIndex((length) => length >= 0.01);
    this.inputs.f.input.setAttribute("aria-valuetext", this.format("f", f));
    this.draw(found, radius);
    this.drawing.setAttribute("aria-label", `${this.constructor.alt} After ${steps} ` +
      `steps it is ${last.toExponential(2)} times as long as at first.`);
    this.show({
      last: ["length at h_{0} over that at h_{T}", last.toExponential(3)],
      factor: ["mean factor of a step", (last ** (1 / steps)).toFixed(3)],
      largest: ["longest on the way", Math.max(...found).toExponential(3)],
      horizon: ["last step back with a hundredth left", String(horizon)],
    });
  }

  draw(found, radius) {
    const steps = found.length - 1;
    const left = 46, top = 10, wide = 330, high = 190, most = 12;
    const x = (k) => left + (wide * k) / steps;
    const y = (length) => {
      const power = Math.max(-most, Math.min(most, Math.log10(length)));
      return top + (high * (most - power)) / (2 * most);
    };
    const curve = (lengths, name) => Explorer.line(
      lengths.map((length, k) => [x(k), y(length)]), name);
    const parts = [];
    for (let power = -most; power <= most; power += 4) {
      parts.push(...Explorer.level(left, left + wide, y(10 ** power), `10^{${power}}`,
        power ? "plot-grid" : "plot-zero"));
    }
    for (const k of new Set([0, Math.round(steps / 2), steps])) {
      parts.push(Explorer.text(x(k), top + high + 16, String(k), "plot-label"));
    }
    parts.push(Explorer.text(left + wide / 2, top + high + 32,
      "steps back; dashed: the radius alone", "plot-label"));
    parts.push(curve(found.map((_, k) => radius ** k), "flow-radius"),
      curve(found, "flow-length"));
    this.drawing.setAttribute("viewBox", `0 0 ${left + wide + 16} ${top + high + 38}`);
    this.drawing.replaceChildren(...parts);
  }
});
