// Section "Try the models": predictions of all heads for a drawing, an image file or a test image.
const headroomTry = (() => {
  const section = document.getElementById("try");
  const { models, classes } = JSON.parse(document.getElementById("models").textContent);
  const [answers, summary, about] = ["answers", "summary", "about"].map((id) => document.getElementById(`try-${id}`));
  const MOST_CLASSES = 12;
  const [ORANGE, VIOLET] = [[255, 150, 20], [150, 110, 255]]; // evidence for and against a class
  let shown = null; // pixels of the last image, and whether they are a test image

  const make = (tag, name, text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });
  const percent = (share) => `${(100 * share).toFixed(1)}%`;
  const quote = (name) => `"${name}"`;

  const paint = (canvas, height, width, color) => {
    [canvas.height, canvas.width] = [height, width];
    const image = new ImageData(width, height);
    for (let at = 0; at < height * width; at++) image.data.set(color(at), 4 * at);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  };

  const paintImage = ({ height, width, channels, data }) =>
    paint(make("canvas", ""), height, width, (at) =>
      channels === 1 ? [data[at], data[at], data[at], 255] : [...data.subarray(3 * at, 3 * at + 3), 255]
    );

  const paintMap = (map, [height, width]) =>
    paint(make("canvas", "map"), height, width, (at) => [
      ...(map[at] < 0 ? VIOLET : ORANGE),
      Math.round(255 * Math.min(Math.abs(map[at]), 1)),
    ]);

  const describeMap = (map, [height, width], name) => {
    const top = map.reduce((best, value, at) => (value > map[best] ? at : best), 0);
    if (map[top] < 0.05) return `no evidence for ${quote(name)}`;
    const [row, column] = [Math.floor(top / width) / height, (top % width) / width].map((at) => Math.floor(3 * at));
    const place = `${["top", "middle", "bottom"][row]} ${["left", "center", "right"][column]}`;
    return `strongest evidence for ${quote(name)} at the ${place === "middle center" ? "center" : place}`;
  };

  const addMap = (card, model, image, found, target) => {
    const figure = make("figure", "view");
    const stack = figure.appendChild(make("div", "stack"));
    stack.setAttribute("role", "img");
    stack.append(paintImage(image));
    if (found.map) {
      const map = found.map(target);
      stack.append(paintMap(map, model.head_layers.shape));
      const kind = model.head_layers.exact ? "CAM" : "Grad-CAM";
      figure.append(make("figcaption", "", `${kind}: ${describeMap(map, model.head_layers.shape, classes[target])}`));
    } else {
      figure.append(make("figcaption", "", "model input; no activation map"));
    }
    stack.setAttribute("aria-label", figure.lastChild.textContent);
    card.append(figure);
  };

  const addBars = (card, model, probabilities) => {
    const order = Array.from(probabilities.keys());
    if (classes.length > MOST_CLASSES) order.sort((a, b) => probabilities[b] - probabilities[a]);
    const list = card.appendChild(make("div", "bars"));
    for (const index of order.slice(0, MOST_CLASSES)) {
      const row = list.appendChild(make("div", "bar-row"));
      row.append(make("bdi", "", classes[index]));
      const bar = row.appendChild(make("span", "track")).appendChild(make("span", "fill"));
      bar.style.width = percent(probabilities[index] || 0);
      bar.style.background = model.color;
      row.append(make("span", "share", percent(probabilities[index])));
    }
    if (classes.length > MOST_CLASSES) {
      list.append(make("p", "facts", `and ${classes.length - MOST_CLASSES} less probable classes`));
    }
  };

  const addName = (card, model) => {
    const name = card.appendChild(make("div", "name"));
    const mark = name.appendChild(make("i", "", model.mark));
    mark.style.color = model.color;
    name.append(make("bdi", "", model.head));
  };

  const showAnswer = (card, model, image) => {
    card.replaceChildren();
    delete card.dataset.prediction;
    addName(card, model);
    if (!image) return "";
    const found = headroomModels.predict(model, headroomImages.toTensor(image));
    const valid = found.probabilities.every(Number.isFinite);
    const best = found.probabilities.reduce((top, prob, index) => (prob > found.probabilities[top] ? index : top), 0);
    const answer = valid ? classes[best] : "no prediction";
    if (valid) card.dataset.prediction = answer;
    card.append(make("div", "value", answer), make("div", "", valid ? percent(found.probabilities[best]) : ""));
    const row = card.appendChild(make("div", "details"));
    addMap(row, model, image, found, about.value === "" ? best : Number(about.value));
    addBars(row, model, found.probabilities);
    return `${model.head}: ${valid ? `${quote(answer)} (${percent(found.probabilities[best])})` : answer}`;
  };

  const prepare = (model) => {
    if (!shown) return null;
    return shown.isTestImage
      ? headroomImages.prepare(shown.pixels, { ...model.picture, drawing: null })
      : headroomImages.prepare(shown.pixels, model.picture);
  };

  const update = () => {
    const images = models.map(prepare);
    const lines = models.map((model, index) => showAnswer(answers.children[index], model, images[index]));
    const empty = shown ? "The image is empty. Draw something, or use an image with more contrast." : "";
    summary.textContent = images.every(Boolean) ? lines.join(" · ") : empty || summary.dataset.empty;
    about.parentElement.hidden = !images.some(Boolean);
  };

  const show = (pixels, isTestImage = false) => {
    shown = pixels && { pixels, isTestImage };
    update();
  };

  const readCanvas = (canvas) =>
    canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);

  const readFile = async (file) => {
    try {
      const options = { colorSpaceConversion: "none" };
      const bitmap = await createImageBitmap(file, options);
      const shrink = Math.min(1, 4096 / Math.max(bitmap.width, bitmap.height));
      const canvas = make("canvas", "");
      canvas.width = Math.max(1, Math.round(bitmap.width * shrink));
      canvas.height = Math.max(1, Math.round(bitmap.height * shrink));
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      show(readCanvas(canvas));
    } catch {
      show(null);
      summary.textContent = `This browser cannot read ${quote(file.name)} as an image. Use a PNG or JPEG file.`;
    }
  };

  const connect = () => {
    const canvas = document.getElementById("try-canvas");
    if (canvas) {
      const board = openDrawingCanvas(canvas, (drawn) => show(drawn && readCanvas(drawn)));
      document.getElementById("try-undo").onclick = board.undo;
      document.getElementById("try-clear").onclick = board.clear;
    }
    const input = document.getElementById("try-file");
    input.onchange = () => input.files.length && readFile(input.files[0]);
    section.ondragover = (event) => event.preventDefault();
    section.ondrop = (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) readFile(event.dataTransfer.files[0]);
    };
    about.onchange = update;
    for (const model of models) {
      const card = answers.appendChild(make("div", "answer"));
      card.dataset.head = model.head;
      addName(card, model);
    }
    classes.forEach((name, index) => about.append(new Option(name, index)));
    summary.dataset.empty = summary.textContent;
  };
  connect();

  return { models, show, section };
})();
