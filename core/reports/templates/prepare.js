// Preprocessing of drawings and image files, equal to that of the dashboard: integers as in Pillow, pixels 0 … 255.
const headroomImages = (() => {
  const FAINT = 0.2 * 255; // fainter pixels are background
  const LEAST_CONTRAST = 24;
  const BITS = 22; // of the fixed-point weights in Pillow's Resample.c

  const FILTERS = {
    box: { support: 0.5, weigh: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
    bilinear: { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)) },
  };

  const roundHalfEven = (x) => {
    const low = Math.floor(x);
    return x - low === 0.5 ? low + (low % 2) : Math.round(x);
  };

  // Windows and weights of each output pixel along one axis (precompute_coeffs in Resample.c).
  const listWindows = (from, to, { support, weigh }) => {
    const scale = from / to;
    const stretch = Math.max(scale, 1);
    const reach = support * stretch;
    return Array.from({ length: to }, (_, index) => {
      const center = (index + 0.5) * scale;
      const first = Math.max(Math.trunc(center - reach + 0.5), 0);
      const end = Math.min(Math.trunc(center + reach + 0.5), from);
      const weights = Array.from({ length: end - first }, (_, i) => weigh((i + first - center + 0.5) / stretch));
      const sum = weights.reduce((total, weight) => total + weight, 0);
      return { first, weights: weights.map((weight) => Math.trunc(0.5 + (weight / sum) * 2 ** BITS)) };
    });
  };

  const resizeAxis = (image, side, vertical, filter) => {
    const { height, width, channels, data } = image;
    const from = vertical ? height : width;
    if (side === from) return image;
    const out = vertical ? { height: side, width } : { height, width: side };
    const values = new Uint8Array(out.height * out.width * channels);
    const step = vertical ? width * channels : channels;
    listWindows(from, side, filter).forEach(({ first, weights }, position) => {
      for (let other = 0; other < (vertical ? width : height); other++) {
        for (let channel = 0; channel < channels; channel++) {
          const base = vertical ? other * channels + channel : other * width * channels + channel;
          let sum = 2 ** (BITS - 1);
          for (let i = 0; i < weights.length; i++) sum += weights[i] * data[base + (first + i) * step];
          const target = vertical
            ? (position * width + other) * channels + channel
            : (other * side + position) * channels + channel;
          values[target] = Math.min(255, sum >> BITS);
        }
      }
    });
    return { ...out, channels, data: values };
  };

  const resize = (image, height, width, filter = FILTERS.bilinear) =>
    resizeAxis(resizeAxis(image, width, false, filter), height, true, filter);

  const crop = ({ width, channels, data }, top, left, height, columns) => {
    const out = new Uint8Array(height * columns * channels);
    for (let row = 0; row < height; row++) {
      const start = ((top + row) * width + left) * channels;
      out.set(data.subarray(start, start + columns * channels), row * columns * channels);
    }
    return { height, width: columns, channels, data: out };
  };

  const paste = (image, height, width, top, left) => {
    const out = new Uint8Array(height * width * image.channels);
    for (let row = 0; row < image.height; row++) {
      const start = row * image.width * image.channels;
      const target = ((top + row) * width + left) * image.channels;
      out.set(image.data.subarray(start, start + image.width * image.channels), target);
    }
    return { height, width, channels: image.channels, data: out };
  };

  const median = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  };

  // The drawing white on black, scaled to 0 … 255; null if it is empty. The border determines the background.
  const findInk = (grey) => {
    const { height, width, data } = grey;
    const border = [...data.subarray(0, width), ...data.subarray((height - 1) * width)];
    for (let row = 0; row < height; row++) border.push(data[row * width], data[(row + 1) * width - 1]);
    const background = median(border);
    const ink = Float64Array.from(data, (value) => {
      const found = background < 128 ? value - background : background - value;
      return Math.min(Math.max(found, 0), 255);
    });
    const top = ink.reduce((most, value) => Math.max(most, value), 0);
    if (top < LEAST_CONTRAST) return null;
    return { ...grey, data: Uint8Array.from(ink, (value) => roundHalfEven(value * (255 / top))) };
  };

  // Position along one axis of a drawing in its field; mass is the sum of the pixels at each position.
  const placeAxis = (mass, { field, center }) => {
    const free = field - mass.length;
    const total = mass.reduce((sum, value) => sum + value, 0);
    if (center === null || !total) return free >> 1;
    const middle = mass.reduce((sum, value, index) => sum + value * index, 0) / total;
    return Math.min(Math.max(roundHalfEven(center - middle), 0), free);
  };

  const fitDrawing = (grey, drawing, side) => {
    const ink = findInk(grey);
    if (!ink) return null;
    const isInk = (row, column) => ink.data[row * ink.width + column] > FAINT;
    const range = (length) => Array.from({ length }, (_, index) => index);
    const rows = range(ink.height).filter((row) => range(ink.width).some((column) => isInk(row, column)));
    const columns = range(ink.width).filter((column) => rows.some((row) => isInk(row, column)));
    const [top, bottom, left, right] = [rows[0], rows[rows.length - 1], columns[0], columns[columns.length - 1]];
    const part = crop(ink, top, left, bottom - top + 1, right - left + 1);
    const scale = drawing.box / Math.max(part.height, part.width);
    const [height, width] = [part.height, part.width].map((edge) => Math.max(1, roundHalfEven(edge * scale)));
    const small = resize(part, height, width, FILTERS.box);
    const across = range(width).map((x) => range(height).reduce((sum, y) => sum + small.data[y * width + x], 0));
    const down = range(height).map((y) => range(width).reduce((sum, x) => sum + small.data[y * width + x], 0));
    const field = paste(small, drawing.field, drawing.field, placeAxis(down, drawing), placeAxis(across, drawing));
    return resize(field, side, side);
  };

  const fitPicture = (image, { height, width, fit }) => {
    if (height !== width || fit === "stretch") return resize(image, height, width);
    if (image.height === image.width) return resize(image, height, width);
    if (fit === "pad") {
      const longer = Math.max(image.height, image.width);
      const [rows, columns] = [image.height, image.width].map((edge) => Math.max(1, roundHalfEven((edge * height) / longer)));
      return paste(resize(image, rows, columns), height, width, (height - rows) >> 1, (width - columns) >> 1);
    }
    const edge = Math.min(image.height, image.width);
    const part = crop(image, (image.height - edge) >> 1, (image.width - edge) >> 1, edge, edge);
    return resize(part, height, width);
  };

  // Pixels of a canvas as 1 or 3 channels. Transparent ones become white, or black if the opaque ones are bright.
  const readPixels = ({ height, width, data }, channels) => {
    const grey = (at) => (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 32768) >> 16;
    let [top, sum, count] = [0, 0, 0];
    for (let at = 3; at < data.length; at += 4) top = Math.max(top, data[at]);
    for (let at = 0; at < data.length; at += 4) {
      if (top && data[at + 3] * 2 >= top) [sum, count] = [sum + grey(at), count + 1];
    }
    const ground = sum / Math.max(1, count) > 127.5 ? 0 : 255;
    const blended = data.map((value, at) => {
      const opacity = data[at | 3] / 255;
      return Math.round(value * opacity + ground * (1 - opacity));
    });
    const out = new Uint8Array(height * width * channels);
    for (let pixel = 0; pixel < height * width; pixel++) {
      const at = 4 * pixel;
      if (channels === 3) out.set(blended.subarray(at, at + 3), 3 * pixel);
      else out[pixel] = (blended[at] * 19595 + blended[at + 1] * 38470 + blended[at + 2] * 7471 + 32768) >> 16;
    }
    return { height, width, channels, data: out };
  };

  // Return the input of a model as pixels of { height, width, channels }; null for an empty drawing.
  const prepare = (pixels, input) => {
    const image = readPixels(pixels, input.channels);
    if (!input.drawing) return fitPicture(image, input);
    const drawn = fitDrawing(image, input.drawing, input.side);
    return drawn && fitPicture(drawn, input);
  };

  const toTensor = ({ data }) => Float32Array.from(data, (value) => value / 255);

  return { prepare, toTensor };
})();
