// The boxed backward pass of chapter 3, line by line, on a network of three steps.
//
// Each line lights what it computes from. The numbers are the order in which the pass
// comes to it: the last step first.

Explorer.define("bptt-graph", class extends Explorer {
  // Each line: its formula, a sentence, and what lights in step t, as [from, to, term].
  // An arrow from h_4 comes from what follows the sequence; a node has no second name.
  static lines = {
    all: {
      formula: "the whole pass",
      words: "The pass starts at the last loss and takes the steps from right to left. It goes along every dashed arrow once.",
      back: (t) => [
        [`L_${t}`, `y_${t}`, `dy_{${t}}`],
        [`y_${t}`, `h_${t}`, `dy_{${t}} W_{y}^{⊤}`],
        ...(t === 3 ? [["h_4", "h_3", "da_{4} W_{h}^{⊤}"]] : []),
        [`h_${t}`, `x_${t}`, `da_{${t}} W_{x}^{⊤}`],
        [`h_${t}`, `h_${t - 1}`, `da_{${t}} W_{h}^{⊤}`],
      ],
    },
    dh: {
      formula: "dh_{t} = dy_{t} W_{y}^{⊤} + da_{t+1} W_{h}^{⊤}",
      words: "Two arrows meet at each state and are added: one from the output above, one from the step to the right. What enters the last state from the right is zero if nothing follows.",
      back: (t) => [
        [`y_${t}`, `h_${t}`, `dy_{${t}} W_{y}^{⊤}`],
        [`h_${t + 1}`, `h_${t}`, `da_{${t + 1}} W_{h}^{⊤}`],
      ],
      rings: true,
    },
    da: {
      formula: "da_{t} = dh_{t} ⊙ (1 − h_{t}^{2})",
      words: "Inside each state, what arrived is multiplied by the slope of tanh before anything leaves.",
      back: (t) => [[`h_${t}`, null, `dh_{${t}} ⊙ (1 − h_{${t}}^{2})`]],
    },
    dx: {
      formula: "dx_{t} = da_{t} W_{x}^{⊤}",
      words: "Each input gets what its own step sends down.",
      back: (t) => [[`h_${t}`, `x_${t}`, `da_{${t}} W_{x}^{⊤}`]],
    },
    dW_x: {
      formula: "dW_{x} = Σ_{t} x_{t}^{⊤} da_{t}",
      words: "One matrix is used in three places. Each step gives a term, and the terms are added.",
      copies: (t) => [[`x_${t}`, `h_${t}`, `x_{${t}}^{⊤} da_{${t}}`]],
    },
    dW_h: {
      formula: "dW_{h} = Σ_{t} h_{t−1}^{⊤} da_{t}",
      words: "Each term pairs the state before a step with the da after it. The first of these states is h_{0}.",
      copies: (t) => [[`h_${t - 1}`, `h_${t}`, `h_{${t - 1}}^{⊤} da_{${t}}`]],
    },
    db: {
      formula: "db = Σ_{t} Σ_{r} (da_{t})_{r}",
      words: "The bias is added once in every row r of every step, so its gradient adds up all rows of every da_{t}.",
      back: (t) => [[`h_${t}`, null, `Σ_{r} (da_{${t}})_{r}`]],
    },
    dW_y: {
      formula: "dW_{y} = Σ_{t} h_{t}^{⊤} dy_{t}",
      words: "The head's matrix is shared as well, so it collects a term from each step.",
      copies: (t) => [[`h_${t}`, `y_${t}`, `h_{${t}}^{⊤} dy_{${t}}`]],
    },
    db_y: {
      formula: "db_{y} = Σ_{t} Σ_{r} (dy_{t})_{r}",
      words: "The head's bias is added once in every row of every output.",
      back: (t) => [[`y_${t}`, null, `Σ_{r} (dy_{${t}})_{r}`]],
    },
    dh_0: {
      formula: "dh_{0} = da_{1} W_{h}^{⊤}",
      words: "This is line 1 without an output above: nothing else reaches h_{0}.",
      back: (t) => (t === 1 ? [["h_1", "h_0", "da_{1} W_{h}^{⊤}"]] : []),
    },
  };

  static controls = [
    { name: "line", label: "a line of the box", value: "all", choices: Object.fromEntries(
      Object.entries(this.lines).map(([name, { formula }], i) => [name,
        i ? `${i}. ${formula}` : formula])) },
  ];

  static alt = "A network unrolled over three steps: inputs below, states in the middle, " +
    "outputs and losses above. Solid arrows run forward, dashed ones back.";

  connectedCallback() {
    this.sentence ??= Explorer.html("p", { class: "explorer-sentence", "aria-live": "polite" });
    super.connectedCallback();
    this.drawing.before(this.sentence);
  }

  // What is lit, in the order of the pass: {from, to, term, copy}.
  lit(line) {
    const { back, copies, rings } = this.constructor.lines[line];
    return [3, 2, 1].flatMap((t) => (copies ?? back)(t).map(([from, to, term]) => (
      { from, to, term, copy: Boolean(copies), ring: rings ? to : null })));
  }

  update({ line }) {
    const { words } = this.constructor.lines[line];
    const lit = this.lit(line);
    this.sentence.replaceChildren(...Explorer.formula(words));
    this.drawing.setAttribute("viewBox", "0 0 392 264");
    this.drawing.replaceChildren(...this.graph(lit));
    this.drawing.setAttribute("aria-label", `${this.constructor.alt} Lit, in this order: ` +
      lit.map(({ from, to, copy }) => this.spoken(from, to, copy)).join("; ")
        .replace(/_\{(.)\}/g, " $1") + ".");
    this.show(Object.fromEntries(lit.map(({ from, to, term, copy }, i) => [`${i + 1}`,
      [`${i + 1}: ${this.spoken(from, to, copy)}`, term]])));
  }

  spoken(from, to, copy) {
    const name = (node) => (node === "h_4" ? "what follows" : node.replace(/_(.)/, "_{$1}"));
    if (!to) return `at ${name(from)}`;
    return copy ? `between ${name(from)} and ${name(to)}` : `${name(from)} to ${name(to)}`;
  }

  at(node) {
    const [letter, t] = node.split("_");
    return { x: 28 + 97 * t, y: { L: 16, y: 76, h: 160, x: 236 }[letter] };
  }

  // The two ends of an arrow, cut off at the boxes, on one side of the line between.
  ends(from, to, side) {
    const a = this.at(from), b = this.at(to);
    const level = a.y === b.y, way = Math.sign(level ? b.x - a.x : b.y - a.y);
    const cut = (level ? 19 : 14) * way, shift = 5 * side;
    return level
      ? [[Math.min(a.x + cut, 390), a.y - shift], [b.x - cut, b.y - shift]]
      : [[a.x + shift, a.y + cut], [b.x + shift, b.y - cut]];
  }

  arrow([[x, y], [u, v]], name, labels) {
    const length = Math.hypot(u - x, v - y), [p, q] = [(u - x) / length, (v - y) / length];
    const tip = [[u - 6 * p - 3 * q, v - 6 * q + 3 * p], [u, v], [u - 6 * p + 3 * q, v - 6 * q - 3 * p]];
    const path = (points) => `M${points.map(
      (point) => point.map((n) => n.toFixed(1)).join(" ")).join("L")}`;
    return Explorer.svg("g", { class: name, ...labels },
      Explorer.svg("path", { d: path([[x, y], [u, v]]), class: "graph-shaft" }),
      Explorer.svg("path", { d: path(tip) }));
  }

  badge(x, y, number) {
    return [Explorer.svg("circle", { cx: x, cy: y, r: 8, class: "graph-badge" }),
      Explorer.text(x, y + 3.5, String(number), "graph-number")];
  }

  graph(lit) {
    const order = (from, to, copy) => lit.findIndex((item) =>
      item.from === from && item.to === to && item.copy === copy) + 1;
    const under = [], over = [];
    const pair = (from, to, weight) => {
      const copy = order(from, to, true), back = order(to, from, false);
      const forth = this.ends(from, to, 1), home = this.ends(to, from, -1);
      const names = { "data-from": from, "data-to": to };
      if (to !== "h_4") {
        under.push(this.arrow(forth, copy ? "graph-forward graph-lit" : "graph-forward", names));
      }
      under.push(this.arrow(home, back ? "graph-back graph-lit" : "graph-back",
        { "data-from": to, "data-to": from }));
      const [[x, y], [u, v]] = copy ? forth : home;
      if (copy || back) over.push(...this.badge((x + u) / 2, (y + v) / 2, copy || back));
      if (weight) {
        const [[p, q], [r, s]] = forth, level = q === s;
        over.push(Explorer.text((p + r) / 2 + (level ? 0 : 23), (q + s) / 2 + (level ? -13 : 4),
          weight, copy ? "graph-weight graph-on" : "graph-weight"));
      }
    };
    for (const t of [1, 2, 3]) {
      pair(`h_${t - 1}`, `h_${t}`, `W_{h}^{(${t})}`);
      pair(`x_${t}`, `h_${t}`, `W_{x}^{(${t})}`);
      pair(`h_${t}`, `y_${t}`, `W_{y}^{(${t})}`);
      pair(`y_${t}`, `L_${t}`);
    }
    pair("h_3", "h_4");
    const rings = new Set(lit.map(({ ring }) => ring));
    for (const node of ["h_0", ...[1, 2, 3].flatMap((t) => ["x", "h", "y", "L"].map((v) => `${v}_${t}`))]) {
      const { x, y } = this.at(node), number = order(node, null, false);
      const on = number || rings.has(node);
      over.push(
        Explorer.svg("rect", { x: x - 17, y: y - 12, width: 34, height: 24, rx: 4, "data-node": node,
          class: `graph-node graph-${node === "h_0" ? "start" : node[0]}${on ? " graph-on" : ""}` }),
        Explorer.text(x, y + 4, node.replace(/_(.)/, "_{$1}"), "cell-label"));
      if (number) over.push(...this.badge(x + 17, y - 12, number));
    }
    return [...under, ...over];
  }
});
