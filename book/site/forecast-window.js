// The sunspots of chapter 15: what four forecasters said k years before each test year.
//
// The page computes it and leaves it in a script of its own, #forecast-window-data:
// the first year drawn, the measured numbers from there on, the window lengths, what
// divides an error into MASE, and for each model a table of errors [window][k] and of
// forecasts [window][k][year]. A model that reads one window alone has one row.

Explorer.define("forecast-window", class extends Explorer {
  static models = {
    persistence: { words: "persistence", spoken: "Persistence" },
    seasonal: { words: "seasonal naive", spoken: "The seasonal naive" },
    linear: { words: "linear", spoken: "The linear autoregression" },
    gru: { words: "GRU", spoken: "The GRU" },
  };

  static controls = [
    { name: "model", label: "the forecaster", value: "persistence", choices: {
      persistence: "persistence: the last value", seasonal: "seasonal naive: 11 years before",
      linear: "linear autoregression", gru: "GRU, the mean of five" } },
    { name: "k", label: "k, years ahead", min: 1, max: 22, step: 1, value: 5 },
    { name: "T", label: "T, years read by the linear one and the GRU", min: 0, max: 5, step: 1, value: 3 },
  ];

  static alt = "Above, the sunspot numbers and what was said of each year k years before. " +
    "Below, the errors of four forecasters over the horizon k, and over the window T.";

  // Without what the page computed, the still picture stays.
  connectedCallback() {
    const found = document.getElementById("forecast-window-data");
    if (!found || this.panel) return;
    this.data = JSON.parse(found.textContent);
    this.sentence = Explorer.html("p", { class: "explorer-sentence" });
    super.connectedCallback();
    this.numbers.before(this.sentence);
  }

  format(name, value) {
    return String(name === "T" ? this.data.windows[value] : value);
  }

  // What a model has for the window number w: its only row, if it has one.
  row(rows, w) {
    return rows[Math.min(w, rows.length - 1)];
  }

  error(model, k, w) {
    return this.row(this.data.errors[model], w)[k - 1];
  }

  update({ model, k, T: w }) {
    const { models, alt } = this.constructor;
    const { windows, scale, spots, forecasts } = this.data;
    const said = this.row(forecasts[model], w)[k - 1];
    const width = (numbers) => {
      const mean = numbers.reduce((sum, s) => sum + s, 0) / numbers.length;
      return Math.sqrt(numbers.reduce((sum, s) => sum + (s - mean) ** 2, 0) / numbers.length);
    };
    const swing = (100 * width(said) / width(spots)).toFixed(0);
    const errors = Object.keys(models).map((name) => [name, this.error(name, k, w)]);
    const least = Math.min(...errors.map(([, error]) => error));
    const best = errors.filter(([, error]) => error === least).map(([name]) => models[name].words);
    const years = (n) => `${n} ${n === 1 ? "year" : "years"}`;

    this.inputs.T.input.setAttribute("aria-valuetext", years(windows[w]));
    this.drawing.setAttribute("viewBox", "0 0 392 334");
    this.drawing.replaceChildren(...this.series(model, k, said), ...this.curves(model, k, w));
    this.drawing.setAttribute("aria-label", `${alt} ${models[model].spoken}, ${years(k)} ahead` +
      `${forecasts[model].length > 1 ? ` from a window of ${years(windows[w])}` : ""}: ` +
      `its error is ${this.error(model, k, w).toFixed(1)}, and its curve swings ${swing} per cent ` +
      `as far as the sunspots. The least error here has: ${best.join(" and ")}.`);
    this.sentence.textContent = `Mean absolute error at k = ${k} and T = ${windows[w]}, MASE in brackets:`;
    this.show({
      ...Object.fromEntries(errors.map(([name, error]) => [name, [models[name].words,
        `${error.toFixed(1)} (${(error / scale).toFixed(2)})${error === least ? ", least" : ""}`]])),
      swing: ["swing of the forecast", `${swing} % of the true one`],
    });
  }

  series(model, k, said) {
    const { first, spots } = this.data;
    const left = 34, top = 24, wide = 350, high = 125, most = 200, least = -50;
    const x = (n) => left + (wide * n) / (spots.length - 1);
    const y = (s) => top + (high * (most - s)) / (most - least);
    const parts = [Explorer.text(left, 14, "measured", "forecast-title"),
      Explorer.text(left + 62, 14, k === 1 ? "said a year before" : `said ${k} years before`,
        `forecast-title forecast-${model}-name`)];
    for (let s = least; s <= most; s += 50) {
      parts.push(...Explorer.level(left, left + wide, y(s), String(s), s ? "plot-grid" : "plot-zero"));
    }
    for (let year = Math.ceil(first / 10) * 10; year < first + spots.length; year += 10) {
      parts.push(Explorer.text(Number(x(year - first).toFixed(1)), top + high + 15, String(year), "plot-label"));
    }
    const points = (numbers) => numbers.map((s, n) => [x(n), y(s)]);
    return [...parts, Explorer.line(points(spots), "forecast-spots"),
      Explorer.line(points(said), `forecast-said forecast-${model}`)];
  }

  // The errors at the chosen window over the horizons, and at the chosen horizon over the
  // windows. Both have one axis, so the chosen point stands equally high in both.
  curves(model, k, w) {
    const { models } = this.constructor;
    const { windows } = this.data;
    const left = 34, cut = 206, next = 228, right = 304, top = 196, bottom = 300, most = 90;
    const steps = 22;
    const over = (n) => left + ((cut - left) * (n - 1)) / (steps - 1);
    const across = (n) => next + ((right - next) * n) / (windows.length - 1);
    const y = (error) => bottom - ((bottom - top) * error) / most;
    const at = Number(y(this.error(model, k, w)).toFixed(1));
    const parts = [Explorer.text(left, top - 8, "mean absolute error", "forecast-title")];
    for (let error = 0; error <= most; error += 30) {
      const name = error ? "plot-grid" : "plot-zero";
      parts.push(...Explorer.level(left, cut, y(error), String(error), name),
        Explorer.level(next, right, y(error), "", name)[0]);
    }
    const label = (where, words) =>
      parts.push(Explorer.text(Number(where.toFixed(1)), bottom + 15, words, "plot-label"));
    for (const n of [1, 5, 11, 16, 22]) label(over(n), String(n));
    for (const n of [0, 3, 5]) label(across(n), String(windows[n]));
    parts.push(Explorer.text((left + cut) / 2, bottom + 30, "k, years ahead", "plot-label"),
      Explorer.text((next + right) / 2, bottom + 30, "window T", "plot-label"));
    for (const where of [over(k), across(w)].map((place) => Number(place.toFixed(1)))) {
      parts.push(Explorer.svg("line", { x1: where, x2: where, y1: top, y2: bottom, class: "forecast-here" }));
    }

    const names = Object.keys(models);
    for (const name of [...names.filter((other) => other !== model), model]) {
      const on = name === model ? " forecast-on" : "";
      const horizons = Array.from({ length: steps }, (_, n) => [over(n + 1), y(this.error(name, n + 1, w))]);
      const lengths = windows.map((_, n) => [across(n), y(this.error(name, k, n))]);
      parts.push(Explorer.line(horizons, `forecast-line forecast-${name}${on}`),
        Explorer.line(lengths, `forecast-line forecast-${name}${on}`));
    }
    for (const where of [over(k), across(w)]) {
      parts.push(Explorer.svg("circle", { cx: Number(where.toFixed(1)), cy: at, r: 4,
        class: `forecast-point forecast-${model}` }));
    }

    // The names stand where the lines end, 13 apart or more.
    const last = names.map((name) => ({ name, end: y(this.error(name, k, windows.length - 1)) }))
      .sort((one, other) => one.end - other.end);
    let above = top - 13;
    last.forEach(({ name, end }, n) => {
      above = Math.min(bottom - 13 * (last.length - 1 - n), Math.max(above + 13, end));
      parts.push(Explorer.text(right + 7, Number((above + 4).toFixed(1)), models[name].words,
        `forecast-title forecast-${name}-name${name === model ? " forecast-on-name" : ""}`));
    });
    return parts;
  }
});
