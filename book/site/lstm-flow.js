// The memory of chapter 9: how much of a gradient an LSTM hands back, and by which path.
//
// Six units read one number a step, x_t = sin(0.7 t), from h_0 = c_0 = 0. The solid lines
// are the spectral norm of the product of the Jacobians of (h, c) from step 1 to k, and
// the largest entry of the product of the forget gates; the dashed one is σ(b_f)^k. The
// weights are those of LSTM(1, 6, rng=np.random.default_rng(414)), to three digits; the
// slider multiplies W_h. No bias but those of f and i differs from zero.

Explorer.define("lstm-flow", class extends Explorer {
  static W_x = {
    i: [-0.866, -0.135, -0.113, 0.403, 0.691, 0.315],
    f: [0.24, 0.864, -0.492, -0.641, 0.454, 0.146],
    g: [-0.313, -0.159, 0.22, 0.713, -0.823, 0.793],
    o: [-0.131, 0.352, 0.763, 0.791, -0.214, -0.549],
  };

  static W_h = {
    i: [
      [-0.493, -0.446, 0.719, 0.087, 0.114, 0.145],
      [-0.357, -0.573, -0.498, -0.067, 0.079, -0.534],
      [0.391, 0.082, 0.465, -0.257, 0.196, -0.721],
      [0.529, -0.544, -0.076, -0.333, 0.385, 0.4],
      [-0.305, 0.149, 0.011, -0.898, -0.259, 0.109],
      [0.322, -0.384, 0.119, 0.069, -0.853, -0.049],
    ],
    f: [
      [0.5, -0.737, -0.244, -0.133, -0.176, 0.313],
      [-0.652, -0.353, -0.567, 0.35, 0.033, -0.065],
      [0.155, 0.539, -0.696, -0.228, -0.335, 0.192],
      [-0.147, 0.141, 0.222, 0.394, -0.077, 0.865],
      [-0.281, -0.045, -0.069, -0.672, 0.591, 0.336],
      [0.447, 0.141, -0.283, 0.447, 0.707, -0.015],
    ],
    g: [
      [0.453, 0.149, 0.673, 0.274, -0.425, -0.255],
      [0.26, -0.792, -0.291, -0.04, -0.467, -0.035],
      [0.012, -0.191, 0.503, -0.513, 0.01, 0.669],
      [-0.287, -0.152, 0.069, 0.788, -0.053, 0.516],
      [-0.526, -0.477, 0.451, 0.002, 0.269, -0.469],
      [0.606, -0.254, 0.037, 0.198, 0.726, 0.03],
    ],
    o: [
      [-0.236, -0.524, -0.122, 0.04, -0.743, 0.318],
      [0.248, -0.214, 0.78, -0.519, -0.032, 0.121],
      [0.444, 0.102, -0.525, -0.649, -0.243, -0.191],
      [-0.683, 0.049, -0.167, -0.541, 0.321, 0.328],
      [-0.393, -0.287, 0.098, -0.118, -0.063, -0.858],
      [0.256, -0.765, -0.252, 0.041, 0.53, 0.066],
    ],
  };

  static controls = [
    { name: "bias", label: "b_{f}, forget bias", min: -1, max: 6, step: 0.1, value: 1 },
    { name: "closed", label: "close the input gate with it: b_{i} = −b_{f}", tick: true },
    { name: "scale", label: "W_{h} times", min: 0, max: 8, step: 0.25, value: 1 },
    { name: "steps", label: "T, steps", min: 1, max: 200, step: 1, value: 100 },
  ];

  static alt = "The norm from step 1 to k of all paths, of the cell alone, and what the " +
    "bias alone would leave, with a logarithmic axis.";

  format(name, value) {
    const digits = { bias: 1, scale: 2, steps: 0 }[name];
    return value.toFixed(digits).replace("-", "−");
  }

  // Run the layer, and carry a small change of each entry of (h_0, c_0) along: the rows
  // of the product of Jacobians. Return the norms for k = 0 … T, and c_T.
  run({ bias, closed, scale, steps }) {
    const { W_x, W_h, norm } = this.constructor;
    const b = { i: closed ? -bias : 0, f: bias, g: 0, o: 0 };
    const units = W_x.i.map((_, j) => j), zeros = units.map(() => 0);
    const each = (entry) => units.map(entry);
    const sigmoid = (a) => 1 / (1 + Math.exp(-a));
    const recur = (h, gate) => each((j) =>
      scale * units.reduce((sum, k) => sum + h[k] * W_h[gate][k][j], 0));
    const one = (k) => each((j) => Number(j === k));
    let h = zeros, c = zeros, kept = each(() => 1);
    let rows = [...each((k) => [one(k), zeros]), ...each((k) => [zeros, one(k)])];
    const all = [1], cell = [1];
    for (let t = 1; t <= steps; t++) {
      const x = Math.sin(0.7 * t), c_prev = c;
      const a = (gate) => recur(h, gate).map((sum, j) => x * W_x[gate][j] + sum + b[gate]);
      const [i, f, o] = ["i", "f", "o"].map((gate) => a(gate).map(sigmoid));
      const g = a("g").map(Math.tanh);
      c = each((j) => f[j] * c_prev[j] + i[j] * g[j]);
      const out = c.map(Math.tanh);
      h = each((j) => o[j] * out[j]);
      rows = rows.map(([dh, dc]) => {
        const [da_i, da_f, da_g, da_o] = ["i", "f", "g", "o"].map((gate) => recur(dh, gate));
        dc = each((j) => f[j] * dc[j] + c_prev[j] * f[j] * (1 - f[j]) * da_f[j] +
          g[j] * i[j] * (1 - i[j]) * da_i[j] + i[j] * (1 - g[j] ** 2) * da_g[j]);
        dh = each((j) => o[j] * (1 - out[j] ** 2) * dc[j] +
          out[j] * o[j] * (1 - o[j]) * da_o[j]);
        return [dh, dc];
      });
      kept = each((j) => kept[j] * f[j]);
      all.push(norm(rows.map((row) => row.flat())));
      cell.push(Math.max(...kept));
    }
    return { all, cell, c };
  }

  // The spectral norm of P. The trace of (P P⊤)^n is the sum of all 2n-th powers of
  // singular values, so its 2n-th root comes near the largest. Here n doubles each time,
  // until that one is all that is left.
  static norm(rows) {
    let norm = 1, trace = 0;
    for (let n = 1; n < 3 || (n <= 12 && trace < 1 - 1e-6); n++) {
      rows = rows.map((row) => rows.map((other) =>
        row.reduce((sum, entry, j) => sum + entry * other[j], 0)));
      trace = rows.reduce((sum, row, k) => sum + row[k], 0);
      norm *= trace ** (0.5 ** n);
      rows = rows.map((row) => row.map((entry) => entry / trace));
    }
    return norm;
  }

  update(values) {
    const { bias, steps } = values;
    const { all, cell, c } = this.run(values);
    const factor = all[steps] / all[Math.floor(steps / 2)];
    const word = factor < 0.5 ? "vanishes" : factor > 2 ? "grows" : "stays";
    const digits = (number) => (number >= 1e-3 && number < 1e3 ? number.toPrecision(3)
      : number.toExponential(2).replace("-", "−"));
    this.draw(all, cell, 1 / (1 + Math.exp(-bias)));
    this.drawing.setAttribute("aria-label", `${this.constructor.alt} After ${steps} steps ` +
      `it is ${digits(all[steps])} for all paths, which ${word}, and ` +
      `${digits(cell[steps])} for the cell alone.`);
    this.show({
      all: ["all paths, step 1 to T", digits(all[steps])],
      cell: ["cell alone, step 1 to T", digits(cell[steps])],
      half: ["half-life of σ(b_{f})^{k}, in steps",
        (Math.LN2 / Math.log1p(Math.exp(-bias))).toPrecision(3)],
      size: ["mean |c_{T}|", digits(c.reduce((sum, c_j) => sum + Math.abs(c_j), 0) / c.length)],
      word: ["all paths, last half of the steps", `times ${digits(factor)}: ${word}`],
    });
  }

  // What leaves the plot is cut off there; the arrow at its name says where it went.
  draw(all, cell, f) {
    const steps = all.length - 1;
    const left = 46, top = 24, wide = 270, high = 208, most = 10, least = -16;
    const x = (k) => left + (wide * k) / steps;
    const y = (norm) => top + (high * (most - Math.log10(norm))) / (most - least);
    const bottom = top + high;
    const parts = [Explorer.text(left, 14, "norm from step 1 to k", "flow-title")];
    for (let power = least; power <= most; power += 4) {
      parts.push(...Explorer.level(left, left + wide, y(10 ** power), `10^{${power}}`,
        power ? "plot-grid" : "plot-zero"));
    }
    for (const k of new Set([0, Math.round(steps / 2), steps])) {
      parts.push(Explorer.text(x(k), bottom + 16, String(k), "plot-label"));
    }
    parts.push(Explorer.text(left + wide / 2, bottom + 32, "steps k", "plot-label"));

    const lines = [
      { name: "flow-bias", words: "σ(b_{f})^{k}", norms: all.map((_, k) => f ** k) },
      { name: "flow-cell", words: "cell alone", norms: cell },
      { name: "flow-length", words: "all paths", norms: all },
    ];
    const inside = Explorer.svg("g", { "clip-path": "url(#lstm-flow-plot)" },
      ...lines.map(({ name, norms }) =>
        Explorer.line(norms.map((norm, k) => [x(k), y(norm)]), name)));
    const plot = Explorer.svg("rect", { x: left, y: top - 1, width: wide, height: high + 2 });
    parts.push(Explorer.svg("clipPath", { id: "lstm-flow-plot" }, plot), inside);

    // The names stand where the lines end, 13 apart or more.
    const last = lines.map((line) => ({ ...line, end: y(line.norms[steps]) }))
      .sort((one, other) => one.end - other.end);
    let above = top - 13;
    last.forEach(({ name, words, end }, n) => {
      const room = bottom - 13 * (last.length - 1 - n);
      above = Math.min(room, Math.max(above + 13, end));
      const arrow = end > bottom + 1 ? " ↓" : end < top - 1 ? " ↑" : "";
      parts.push(Explorer.text(left + wide + 6, Number((above + 4).toFixed(1)),
        words + arrow, `flow-name ${name}-name`));
    });
    this.drawing.setAttribute("viewBox", `0 0 392 ${bottom + 38}`);
    this.drawing.replaceChildren(...parts);
  }
});
