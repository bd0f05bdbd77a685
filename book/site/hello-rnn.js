// The word "hello" of chapter 2, with weights that the reader changes.
//
// h_t = tanh(x_t W_x + h_(t-1) W_h + b) from h_0 = 0, with two units and b = 0; the head
// makes p_t = softmax(h_t W_y + b_y) of it and stays as it is. A letter is one-hot, so
// x_t W_x is the letter's row.

Explorer.define("hello-rnn", class extends Explorer {
  static ALPHABET = "ehlo";
  static WORD = "hello";

  static W_x = [[0, 1], [2, -2], [-2, 1], [0, 0]];
  static W_h = [[0, 3], [0, 0]];
  static W_y = [[5, 0, 0, -3], [-3, 1, 5, -2]];
  static b_y = [0, -3, 3, 1];

  // One number to type for each weight, named x_h1 or h_12, and what the text proposes.
  static controls = [
    ...[..."ehlo"].flatMap((letter, i) => [0, 1].map((j) => ({
      name: `x_${letter}${j + 1}`, label: `W_{x}, row ${letter}, to unit ${j + 1}`,
      number: true, min: -9, max: 9, step: 0.5, value: this.W_x[i][j],
    }))),
    ...[0, 1].flatMap((i) => [0, 1].map((j) => ({
      name: `h_${i + 1}${j + 1}`, label: `W_{h}, from unit ${i + 1} to unit ${j + 1}`,
      number: true, min: -9, max: 9, step: 0.5, value: this.W_h[i][j],
    }))),
    { name: "none", label: "W_{h} all zero", press: { h_11: 0, h_12: 0, h_21: 0, h_22: 0 } },
    { name: "less", label: "1 for the 3 in W_{h}", press: { h_12: 1 } },
    { name: "against", label: "−3 for the 3 in W_{h}", press: { h_12: -3 } },
    { name: "silent", label: "l writes nothing", press: { x_l1: 0, x_l2: 0 } },
    { name: "again", label: "the weights of the text", press: () => Object.fromEntries([
      ...[..."ehlo"].flatMap((letter, i) => [0, 1].map(
        (j) => [`x_${letter}${j + 1}`, this.W_x[i][j]])),
      ...[0, 1].flatMap((i) => [0, 1].map((j) => [`h_${i + 1}${j + 1}`, this.W_h[i][j]])),
    ]) },
  ];

  static alt = "A column for each letter read: the letter, the two numbers of the state as " +
    "bars, the probability of each next letter as bars, and the answer.";

  // The weights stand in two tables, as in the matrices, with the buttons below.
  arrange(made) {
    const { html } = Explorer;
    const table = (caption, corner, heads, cells) => html("table", { class: "explorer-table" },
      html("caption", {}, ...Explorer.formula(caption)),
      html("thead", {}, html("tr", {}, html("th", { scope: "col" }, corner),
        html("th", { scope: "col" }, "to 1"), html("th", { scope: "col" }, "to 2"))),
      html("tbody", {}, ...heads.map((head, i) => html("tr", {},
        html("th", { scope: "row" }, head),
        ...cells.slice(2 * i, 2 * i + 2).map((cell) => html("td", {}, cell))))));
    return [
      html("div", { class: "explorer-tables" },
        table("W_{x}, a row for each letter", "letter", [..."ehlo"], made.slice(0, 8)),
        table("W_{h}, a row for each unit", "unit", ["from 1", "from 2"], made.slice(8, 12))),
      html("div", { class: "explorer-buttons" }, ...made.slice(12)),
    ];
  }

  // For each step the letter, the one that is due, a_t, h_t and p_t.
  run(values) {
    const { ALPHABET, WORD, W_y, b_y } = this.constructor;
    let h = [0, 0];
    return [...WORD.slice(0, -1)].map((letter, t) => {
      const a = [1, 2].map((j) => values[`x_${letter}${j}`] +
        h[0] * values[`h_1${j}`] + h[1] * values[`h_2${j}`]);
      h = a.map(Math.tanh);
      const y = b_y.map((b, k) => b + h[0] * W_y[0][k] + h[1] * W_y[1][k]);
      const powers = y.map((value) => Math.exp(value - Math.max(...y)));
      const total = powers.reduce((sum, power) => sum + power, 0);
      const p = powers.map((power) => power / total);
      const said = ALPHABET[p.indexOf(Math.max(...p))];
      return { letter, due: WORD[t + 1], a, h, p, said };
    });
  }

  update(values) {
    const steps = this.run(values), { ALPHABET } = this.constructor;
    const loss = steps.reduce((sum, { p, due }) =>
      sum - Math.log(p[ALPHABET.indexOf(due)]), 0) / steps.length;
    const verdict = ({ said, due }) => (said === due ? "right" : `wrong, ${due} is due`);
    this.drawing.setAttribute("viewBox", "0 0 392 322");
    this.drawing.replaceChildren(...this.labels(), ...steps.flatMap(
      (step, t) => this.column(step, 48 + 86 * t)));
    this.drawing.setAttribute("aria-label", `${this.constructor.alt} ` + steps.map((step) =>
      `After ${step.letter} the state is ${step.h.map((h) => this.signed(h, 3)).join(" and ")}` +
      ` and the answer ${step.said}, ${verdict(step)}.`).join(" "));
    this.show({
      ...Object.fromEntries(steps.map((step, t) => [`step${t + 1}`, [
        `t = ${t + 1}, after ${step.letter}`,
        `${step.said} with ${Math.max(...step.p).toFixed(3)}, ${verdict(step)}`]])),
      loss: ["mean cross entropy, nats", loss.toFixed(4)],
    });
  }

  signed(number, digits) {
    return number.toFixed(digits).replace(/^-/, "−");
  }

  labels() {
    const label = (y, words) => Explorer.text(2, y, words, "hello-side");
    return [label(20, "reads"), label(50, "a_{t}"), label(116, "h_{t}"), label(204, "p_{t}"),
      label(300, "says"),
      ...[[84, "1"], [148, "−1"]].map(([y, words]) => Explorer.text(42, y + 4, words, "plot-tick")),
    ];
  }

  column({ letter, due, a, h, p, said }, x) {
    const { ALPHABET } = this.constructor;
    const middle = x + 38, zero = 116, high = 32;
    const parts = [
      Explorer.svg("rect", { x: middle - 14, y: 4, width: 28, height: 24, rx: 4, class: "cell-box" }),
      Explorer.text(middle, 21, letter, "hello-letter"),
      Explorer.text(middle, 50, `(${a.map((v) => this.signed(v, 1)).join(", ")})`, "plot-label"),
      Explorer.svg("line", { x1: x, x2: x + 76, y1: zero - high, y2: zero - high, class: "plot-grid" }),
      Explorer.svg("line", { x1: x, x2: x + 76, y1: zero + high, y2: zero + high, class: "plot-grid" }),
    ];
    h.forEach((value, j) => {
      const at = middle + (j ? 8 : -26);
      parts.push(Explorer.svg("rect", {
        x: at, width: 18, y: (zero - high * Math.max(0, value)).toFixed(1),
        height: (high * Math.abs(value)).toFixed(1), class: "hello-state",
      }), Explorer.text(at + 9, 164, this.signed(value, 2), "hello-small"));
    });
    parts.push(Explorer.svg("line", { x1: x, x2: x + 76, y1: zero, y2: zero, class: "plot-zero" }));
    p.forEach((value, k) => {
      const y = 180 + 24 * k, wanted = ALPHABET[k] === due;
      parts.push(
        Explorer.text(x + 5, y + 13, ALPHABET[k], wanted ? "hello-small hello-due" : "hello-small"),
        Explorer.svg("rect", { x: x + 13, y: y + 1, width: 63, height: 16, rx: 2,
          class: wanted ? "hello-wanted" : "hello-other" }),
        Explorer.svg("rect", { x: x + 13, y: y + 1, width: (63 * value).toFixed(1), height: 16,
          rx: 2, class: "hello-p" }),
        Explorer.text(x + 44, y + 13, value.toFixed(3), "hello-small hello-value"));
    });
    const right = said === due;
    parts.push(Explorer.text(middle, 300, `${said} ${right ? "✓" : "✗"}`, "hello-letter"));
    if (!right) parts.push(Explorer.text(middle, 317, `not ${due}`, "plot-label"));
    return parts;
  }
});
