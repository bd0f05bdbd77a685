// The memory of chapter 9: what an LSTM hands back of a gradient, and along which path.
//
// Six units read one number a step, x_t = sin(0.7 t), from h_0 = c_0 = 0. The solid lines
// are the spectral norm of the product of the Jacobians of (h, c) from step 1 to k, and
// the largest entry of the product of the forget gates; the dashed one is σ(b_f)^k. Each
// block of W_h is orthogonal, to three digits; the slider multiplies them all. Only the
// biases of f and, if the box is ticked, of i are not zero.

Explorer.define("lstm-flow", class extends Explorer {
  static W_x = {
    i: [-0.829, -0.526, 0.603, 0.164, -0.812, -0.134],
    f: [-0.042, -0.681, 0.469, -0.773, -0.218, 0.033],
    g: [-0.139, 0.174, 0.476, 0.913, -0.432, 0.297],
    o: [0.392, -0.415, -0.997, 0.947, -0.403, -0.372],
  };

  static W_h = {
    i: [
      [-0.061, 0.25, 0.873, -0.12, 0.016, -0.396],
      [-0.294, -0.235, 0.43, 0.334, 0.063, 0.747],
      [-0.938, 0.219, -0.203, -0.064, -0.076, -0.148],
      [-0.147, -0.581, 0.002, 0.053, 0.729, -0.327],
      [0.064, 0.573, -0.063, -0.352, 0.649, 0.345],
      [-0.071, -0.411, 0.086, -0.862, -0.193, 0.195],
    ],
    f: [
      [-0.651, -0.034, -0.55, -0.031, -0.285, 0.436],
      [0.282, 0.491, -0.493, 0.633, 0.187, 0.004],
      [0.632, -0.422, -0.224, 0.031, -0.544, 0.275],
      [-0.148, -0.705, 0.051, 0.521, 0.441, 0.113],
      [0.139, -0.245, -0.629, -0.474, 0.387, -0.388],
      [-0.237, -0.151, -0.07, 0.318, -0.494, -0.756],
    ],
    g: [
      [-0.003, 0.402, 0.219, -0.333, 0.604, -0.562],
      [-0.171, 0.308, -0.227, -0.218, 0.457, 0.754],
      [0.158, 0.808, 0.283, 0.146, -0.456, 0.11],
      [-0.428, 0.27, -0.578, 0.573, 0.091, -0.271],
      [-0.687, -0.114, 0.659, 0.247, 0.076, 0.114],
      [0.539, -0.067, 0.229, 0.656, 0.452, 0.135],
    ],
    o: [
      [-0.167, -0.407, 0.885, 0.066, 0.036, 0.131],
      [0.42, -0.564, -0.284, 0.41, 0.287, 0.418],
      [-0.482, -0.494, -0.287, 0.195, -0.619, -0.142],
      [0.289, -0.042, 0.013, -0.572, -0.509, 0.573],
      [-0.679, -0.018, -0.205, -0.267, 0.446, 0.475],
      [-0.133, 0.52, 0.107, 0.625, -0.274, 0.484],
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

  // The spectral norm, by power iteration from the longest row: the length of the row
  // that comes back grows towards it.
  static norm(rows) {
    const length = (v) => Math.hypot(...v);
    let v = rows.reduce((best, row) => (length(row) > length(best) ? row : best));
    let found = 0, before;
    do {
      before = found;
      const u = rows.map((row) => row.reduce((sum, entry, j) => sum + entry * v[j], 0));
      const share = u.map((entry) => entry / length(u));
      v = v.map((_, j) => rows.reduce((sum, row, k) => sum + row[j] * share[k], 0));
      found = length(v);
      v = v.map((entry) => entry / found);
    } while (found > before * (1 + 1e-7));
    return found;
  }

  update(values) {
    const { bias, steps } = values;
    const { all, cell, c } = this.run(values);
    const factor = all[steps] / all[Math.floor(steps / 2)];
    const word = factor < 0.5 ? "vanishes" : factor > 2 ? "grows" : "stays";
    const digits = (number) => {
      if (number > 1e12) return "over 1e+12"; // from here on rounding decides the digits
      if (number >= 1e-3 && number < 1e3) return number.toPrecision(3);
      return number.toExponential(2).replace("-", "−");
    };
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
    const left = 46, top = 24, wide = 270, high = 196, most = 12, least = -16;
    const x = (k) => left + (wide * k) / steps;
    const y = (norm) => top +
      (high * (most - Math.log10(Math.max(norm, 1e-300)))) / (most - least);
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
