// Sortable tables, and the section "Test images".
(() => {
  const UNITS = { "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, k: 1e3, M: 1e6, G: 1e9 };
  const NUMBER = /^[<>≤≥~±\s]*([+−-]?)([\d,]*\.?\d+(?:e[+-]?\d+)?)\s*(µs|ms|s|min|h|[kMG]?B|[kMG]|%|×)?(?=$|[\s±(–,;/])/;

  // Value of a cell for sorting: a number with its unit, or null for a text.
  const measure = (text) => {
    const found = NUMBER.exec(text.trim());
    if (!found) return null;
    const sign = found[1] === "-" || found[1] === "−" ? -1 : 1;
    return sign * Number(found[2].replaceAll(",", "")) * (UNITS[found[3]] ?? 1);
  };

  const sortRows = (table, column, descending) => {
    const key = (row) => row.cells[column].textContent;
    const rows = [...table.tBodies[0].rows];
    const filled = rows.filter((row) => !["", "–"].includes(key(row)));
    const numeric = filled.every((row) => measure(key(row)) !== null);
    const compare = numeric
      ? (a, b) => measure(key(a)) - measure(key(b))
      : (a, b) => key(a).localeCompare(key(b), undefined, { numeric: true });
    filled.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
    table.tBodies[0].append(...filled, ...rows.filter((row) => !filled.includes(row)));
  };

  for (const table of document.querySelectorAll(".figures table")) {
    const headers = [...table.tHead.rows[0].cells];
    if (table.tBodies[0].rows.length < 2) continue;
    headers.forEach((header, column) => {
      if (!header.textContent) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...header.childNodes);
      button.title = "Sort by this column";
      button.onclick = () => {
        const descending = header.getAttribute("aria-sort") === "ascending";
        for (const other of headers) other.removeAttribute("aria-sort");
        header.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sortRows(table, column, descending);
      };
      header.append(button);
    });
  }

  const source = document.getElementById("images");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const section = document.getElementById("test-images");
  const element = (name) => document.getElementById(`images-${name}`);
  const [grid, count, more] = ["grid", "count", "more"].map(element);
  const filters = Object.fromEntries(["show", "label", "predicted", "head", "seed", "order"].map((name) => [name, element(name)]));
  const dialog = document.getElementById("image-dialog");
  const PAGE = 24;
  let pages = 1;

  const make = (tag, name, text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });
  const sheet = new Image();

  const drawImage = (canvas, index) => {
    const [column, row] = [index % data.columns, Math.floor(index / data.columns)];
    [canvas.width, canvas.height] = [data.width, data.height];
    const pen = canvas.getContext("2d");
    pen.drawImage(sheet, -column * data.width, -row * data.height);
    return pen;
  };

  // Runs that the filters select: of the chosen head and seed, of the first seed of each head, or all of them.
  const selectRuns = (heads, seed) =>
    heads.map(({ runs }) => {
      if (seed === "all") return runs;
      const same = runs.filter((run) => String(run.seed) === seed);
      return same.length ? same : runs.slice(0, 1);
    });

  const confidence = (runs, index) => {
    const known = runs.flat().map((run) => run.share[index]).filter((share) => share >= 0);
    return known.reduce((sum, share) => sum + share, 0) / Math.max(1, known.length);
  };

  const CONDITIONS = {
    all: () => true,
    wrong: (wrong) => wrong.some(Boolean),
    "one-wrong": (wrong) => wrong.filter(Boolean).length === 1,
    "one-correct": (wrong) => wrong.filter((each) => !each).length === 1 && wrong.length > 1,
    disagree: (wrong, predicted) => new Set(predicted).size > 1,
  };

  const select = () => {
    const [label, predicted] = [filters.label.value, filters.predicted.value];
    const all = selectRuns(data.heads, filters.seed.value);
    const named = data.heads.map(({ head }, index) => [head, all[index]]);
    const chosen = named.filter(([head]) => filters.head.value === "" || head === filters.head.value).map(([, runs]) => runs);
    const found = data.images.map((_, index) => index).filter((index) => {
      if (label !== "" && data.labels[index] !== Number(label)) return false;
      if (predicted !== "" && !chosen.flat().some((run) => run.predicted[index] === Number(predicted))) return false;
      const wrong = all.map((runs) => runs.some((run) => run.predicted[index] !== data.labels[index]));
      return CONDITIONS[filters.show.value](wrong, all.flat().map((run) => run.predicted[index]));
    });
    const sign = { dataset: 0, least: 1, most: -1 }[filters.order.value];
    return sign ? found.sort((a, b) => sign * (confidence(chosen, a) - confidence(chosen, b))) : found;
  };

  const listPredictions = (index, seed) => {
    const lines = [];
    data.heads.forEach(({ head, color, mark }, at) => {
      for (const run of selectRuns(data.heads, seed)[at]) {
        const wrong = run.predicted[index] !== data.labels[index];
        const name = data.classes[run.predicted[index]] ?? "no prediction";
        const share = run.share[index] >= 0 ? `\u200e ${Math.round(run.share[index] / 10)}%` : "";
        lines.push({ head, color, mark, seed: run.seed, wrong, text: `${name}${share}` });
      }
    });
    return lines;
  };

  const addPrediction = (parent, { head, color, mark, wrong, text, seed }, named) => {
    const line = parent.appendChild(make("div", "prediction"));
    const shape = line.appendChild(make("i", "", mark));
    [shape.style.color, shape.title] = [color, head];
    if (named) line.append(make("bdi", "", head), ` (seed ${seed}): `);
    line.append(make(wrong ? "s" : "bdi", "", text), wrong ? "\u00a0✗" : "");
  };

  const open = (index) => {
    const body = document.getElementById("image-body");
    body.replaceChildren();
    const canvas = body.appendChild(make("canvas", "large"));
    const pen = drawImage(canvas, index);
    body.append(make("h2", "", `Test image ${data.images[index]}`));
    body.append(make("p", "", `True class: ${data.classes[data.labels[index]]}`));
    for (const line of listPredictions(index, "all")) addPrediction(body, line, true);
    if (typeof headroomTry !== "undefined") {
      const button = body.appendChild(make("button", "", "Show in “Try the models”"));
      button.type = "button";
      button.onclick = () => {
        dialog.close();
        headroomTry.show(pen.getImageData(0, 0, data.width, data.height), true);
        headroomTry.section.scrollIntoView();
      };
    }
    dialog.showModal();
  };

  const makeCell = (index) => {
    const cell = make("button", "cell");
    cell.type = "button";
    cell.dataset.image = data.images[index];
    const lines = listPredictions(index, filters.seed.value === "all" ? "" : filters.seed.value);
    const label = data.classes[data.labels[index]];
    const text = lines.map(({ head, text, wrong }) => `${head}: ${text}${wrong ? ", wrong" : ""}`).join("; ");
    cell.setAttribute("aria-label", `Test image ${data.images[index]}, true class ${label}. ${text}`);
    drawImage(cell.appendChild(make("canvas", "")), index);
    cell.append(make("div", "truth", label));
    for (const line of lines) addPrediction(cell, line, false);
    cell.onclick = () => open(index);
    return cell;
  };

  const show = () => {
    const found = select();
    const shown = found.slice(0, pages * PAGE);
    grid.replaceChildren(...shown.map(makeCell));
    const images = (number) => `${number.toLocaleString("en")} test image${number === 1 ? "" : "s"}`;
    count.textContent = found.length
      ? `${images(found.length)}${shown.length < found.length ? `; the first ${shown.length} are shown` : ""}.`
      : "No images match these filters.";
    more.hidden = shown.length === found.length;
  };

  const restart = () => {
    pages = 1;
    show();
  };

  const addOptions = () => {
    for (const name of ["label", "predicted"]) data.classes.forEach((each, index) => filters[name].append(new Option(each, index)));
    for (const { head } of data.heads) filters.head.append(new Option(head, head));
    const seeds = [...new Set(data.heads.flatMap(({ runs }) => runs.map((run) => run.seed)))].sort((a, b) => a - b);
    for (const seed of seeds) filters.seed.append(new Option(seed, seed));
    filters.seed.append(new Option("all", "all"));
  };

  const OBJECT_KEY_GUARD = /\u00a0$/; // chart data end with it if they are called like a key of an object
  addEventListener("headroom-cell", ({ detail }) => {
    const [label, predicted] = [detail.label, detail.predicted].map((name) =>
      String(data.classes.findIndex((each) => each === name || each === String(name).replace(OBJECT_KEY_GUARD, "")))
    );
    const head = String(detail.head).replace(OBJECT_KEY_GUARD, "");
    if (label === "-1" || predicted === "-1") return;
    const values = { show: "all", label, predicted, head, seed: "all", order: "dataset" };
    for (const [name, value] of Object.entries(values)) filters[name].value = value;
    for (let part = section; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    restart();
    section.querySelector("details").open = true;
    section.scrollIntoView();
    count.focus({ preventScroll: true });
  });

  addOptions();
  for (const filter of Object.values(filters)) filter.onchange = restart;
  more.onclick = () => {
    pages += 1;
    show();
  };
  document.getElementById("image-close").onclick = () => dialog.close();
  sheet.onload = show;
  sheet.src = data.sheet;
})();
