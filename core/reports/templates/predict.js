// Forward pass of the models of this report. Tensors are Float32Arrays of one image: height × width × channels.
const headroomModels = (() => {
  const decodeBytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

  const decodeHalf = (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
  };

  const decodeHalves = (base64) => {
    const view = new DataView(decodeBytes(base64).buffer);
    return Float32Array.from({ length: view.byteLength / 2 }, (_, index) => decodeHalf(view.getUint16(2 * index, true)));
  };

  // weights are float16 values, and where that is not precise enough the sum of two
  const decodeWeights = ({ high, low }) => {
    const values = decodeHalves(high);
    if (low) decodeHalves(low).forEach((rest, index) => (values[index] += rest));
    return values;
  };

  const ACTIVATIONS = {
    relu: (x) => (x > 0 ? x : 0),
    relu6: (x) => Math.min(Math.max(x, 0), 6),
    tanh: Math.tanh,
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    hard_swish: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    exp: Math.exp,
    sqrt: Math.sqrt,
    rsqrt: (x) => 1 / Math.sqrt(x),
    neg: (x) => -x,
  };
  const BINARY = {
    add: (x, y) => x + y,
    sub: (x, y) => x - y,
    mul: (x, y) => x * y,
    div: (x, y) => x / y,
    max: Math.max,
    min: Math.min,
  };

  const activate = (values, name) => (name ? values.map(ACTIVATIONS[name]) : values);

  // Start of each window along an axis; with same padding, one zero more after the axis than before it if they are odd.
  const startOf = (side, positions, window, stride, same) =>
    same ? -Math.floor(Math.max((positions - 1) * stride + window - side, 0) / 2) : 0;

  // Call visit(position of the output, [position of the input, index in the window]…) for each window.
  const slide = ({ from, to, size, stride, dilation = [1, 1], same }, visit) => {
    const [top, left] = [0, 1].map((axis) =>
      startOf(from[axis], to[axis], (size[axis] - 1) * dilation[axis] + 1, stride[axis], same)
    );
    const inputs = new Int32Array(size[0] * size[1]);
    const taps = new Int32Array(size[0] * size[1]);
    for (let y = 0; y < to[0]; y++) {
      for (let x = 0; x < to[1]; x++) {
        let count = 0;
        for (let i = 0; i < size[0]; i++) {
          const row = top + y * stride[0] + i * dilation[0];
          if (row < 0 || row >= from[0]) continue;
          for (let j = 0; j < size[1]; j++) {
            const column = left + x * stride[1] + j * dilation[1];
            if (column < 0 || column >= from[1]) continue;
            inputs[count] = row * from[1] + column;
            taps[count++] = i * size[1] + j;
          }
        }
        visit(y * to[1] + x, inputs, taps, count);
      }
    }
  };

  const dot = (a, atA, b, atB, length) => {
    let [first, second, third, fourth] = [0, 0, 0, 0]; // independent sums, which a processor adds in parallel
    let i = 0;
    for (; i + 3 < length; i += 4) {
      first += a[atA + i] * b[atB + i];
      second += a[atA + i + 1] * b[atB + i + 1];
      third += a[atA + i + 2] * b[atB + i + 2];
      fourth += a[atA + i + 3] * b[atB + i + 3];
    }
    for (; i < length; i++) first += a[atA + i] * b[atB + i];
    return first + second + third + fourth;
  };

  const conv = ([x, kernel, bias], op, [from, kernelShape], to) => {
    const [filters, rows, columns, depth] = kernelShape;
    const channels = from[2];
    const perGroup = filters / (channels / depth);
    const window = rows * columns * depth;
    const patch = new Float32Array(window);
    const out = new Float32Array(to[0] * to[1] * filters);
    slide({ ...op, from, to, size: [rows, columns] }, (position, inputs, taps, count) => {
      for (let first = 0; first < channels; first += depth) {
        if (count < rows * columns) patch.fill(0);
        for (let n = 0; n < count; n++) {
          const start = inputs[n] * channels + first;
          for (let i = 0; i < depth; i++) patch[taps[n] * depth + i] = x[start + i];
        }
        const group = (first / depth) * perGroup;
        for (let filter = group; filter < group + perGroup; filter++) {
          out[position * filters + filter] = (bias ? bias[filter] : 0) + dot(patch, 0, kernel, filter * window, window);
        }
      }
    });
    return out;
  };

  const depthwise = ([x, kernel, bias], op, [from, kernelShape], to) => {
    const [, rows, columns, filters] = kernelShape;
    const channels = from[2];
    const multiplier = filters / channels;
    const out = new Float32Array(to[0] * to[1] * filters);
    slide({ ...op, from, to, size: [rows, columns] }, (position, inputs, taps, count) => {
      for (let filter = 0; filter < filters; filter++) {
        const channel = Math.floor(filter / multiplier);
        let sum = bias ? bias[filter] : 0;
        for (let n = 0; n < count; n++) sum += x[inputs[n] * channels + channel] * kernel[taps[n] * filters + filter];
        out[position * filters + filter] = sum;
      }
    });
    return out;
  };

  const pool = ([x], op, [from], to) => {
    const channels = from[2];
    const out = new Float32Array(to[0] * to[1] * channels);
    slide({ ...op, from, to }, (position, inputs, taps, count) => {
      for (let channel = 0; channel < channels; channel++) {
        let found = op.average ? 0 : -Infinity;
        for (let n = 0; n < count; n++) {
          const value = x[inputs[n] * channels + channel];
          found = op.average ? found + value : Math.max(found, value);
        }
        out[position * channels + channel] = op.average ? found / count : found;
      }
    });
    return out;
  };

  const dense = ([x, kernel, bias], op, [, [units, width]]) => {
    const out = new Float32Array((x.length / width) * units);
    for (let index = 0; index < out.length; index++) {
      const unit = index % units;
      const start = Math.floor(index / units) * width;
      out[index] = (bias ? bias[unit] : 0) + dot(x, start, kernel, unit * width, width);
    }
    return out;
  };

  const softmax = ([x], op, shapes, to) => {
    const out = new Float32Array(x.length);
    const classes = to[to.length - 1];
    for (let start = 0; start < x.length; start += classes) {
      const row = x.subarray(start, start + classes);
      const top = Math.max(...row);
      const powers = Array.from(row, (value) => Math.exp(value - top));
      const sum = powers.reduce((total, power) => total + power, 0);
      out.set(powers.map((power) => power / sum), start);
    }
    return out;
  };

  const pad = ([x], { pads }, [from], to) => {
    const out = new Float32Array(to[0] * to[1] * to[2]);
    for (let row = 0; row < from[0]; row++) {
      const start = row * from[1] * from[2];
      const target = ((row + pads[0][0]) * to[1] + pads[1][0]) * to[2];
      out.set(x.subarray(start, start + from[1] * from[2]), target);
    }
    return out;
  };

  const concat = (parts, { axis }, shapes, to) => {
    const product = (sides) => sides.reduce((total, side) => total * side, 1);
    const sizes = shapes.map((shape) => product(shape.slice(axis)));
    const out = new Float32Array(product(to));
    for (let outer = 0, at = 0; outer < product(to.slice(0, axis)); outer++) {
      parts.forEach((part, index) => {
        out.set(part.subarray(outer * sizes[index], (outer + 1) * sizes[index]), at);
        at += sizes[index];
      });
    }
    return out;
  };

  const binary = ([x, y], combine) => {
    const out = new Float32Array(Math.max(x.length, y.length));
    return out.map((_, index) => combine(x[index % x.length], y[index % y.length]));
  };

  const LAYERS = {
    conv, depthwise, pool, dense, softmax, pad, concat,
    global_pool: (inputs, op, [from]) =>
      pool(inputs, { ...op, size: [from[0], from[1]], stride: [1, 1], same: false }, [from], [1, 1]),
    reshape: ([x]) => x,
    leaky_relu: ([x], { slope }) => x.map((value) => (value > 0 ? value : slope * value)),
  };

  const compute = (op, inputs, shapes, to) => {
    if (op.kind in LAYERS) return LAYERS[op.kind](inputs, op, shapes, to);
    return op.kind in BINARY ? binary(inputs, BINARY[op.kind]) : activate(inputs[0], op.kind);
  };

  // Gradient of the logit of one class with respect to each channel of the feature maps, averaged over the positions.
  const averageGradient = (model, values, target) => {
    const { dense: layers, pooling, shape } = model.head_layers;
    const [positions, channels] = [shape[0] * shape[1], shape[2]];
    const units = layers.length ? model.shapes[layers[layers.length - 1].kernel][0] : channels;
    const sign = units === 1 && target === 0 ? -1 : 1; // a model with one logit z has the logits −z and z
    let gradient = new Float32Array(units);
    gradient[units === 1 ? 0 : target] = sign;
    for (const { kernel, output, rectified } of [...layers].reverse()) {
      const [outputs, width] = model.shapes[kernel];
      const before = new Float32Array(width);
      for (let unit = 0; unit < outputs; unit++) {
        if (!gradient[unit] || (rectified && values[output][unit] <= 0)) continue;
        for (let i = 0; i < width; i++) before[i] += gradient[unit] * values[kernel][unit * width + i];
      }
      gradient = before;
    }
    const sums = new Float32Array(channels);
    gradient.forEach((value, index) => (sums[index % channels] += value));
    return pooling === "average" && model.head_layers.exact ? sums : sums.map((value) => value / positions);
  };

  // Class activation map of a class (see core/architecture/activation_map.py), scaled to −1 … 1.
  const mapClass = (model, values, target, classes) => {
    const features = values[model.features];
    const channels = model.head_layers.shape[2];
    const compute = (about) => {
      const weights = averageGradient(model, values, about);
      return Float32Array.from({ length: features.length / channels }, (_, position) => {
        let sum = 0;
        for (let i = 0; i < channels; i++) sum += weights[i] * features[position * channels + i];
        return model.head_layers.exact ? sum : Math.max(sum, 0);
      });
    };
    const map = compute(target);
    const maps = model.head_layers.exact ? Array.from({ length: classes }, (_, about) => compute(about)) : [map];
    const largest = Math.max(...maps.map((each) => each.reduce((top, value) => Math.max(top, Math.abs(value)), 0)));
    return largest > 0 ? map.map((value) => value / largest) : map;
  };

  const weights = new WeakMap();

  // Return the probability of each class, and a function that returns the map of one class if the head has maps.
  const predict = (model, image) => {
    if (!weights.has(model)) {
      weights.set(model, Object.fromEntries(Object.entries(model.weights).map(([id, each]) => [id, decodeWeights(each)])));
    }
    const values = { ...weights.get(model), [model.input]: image };
    for (const op of model.operations) {
      const shapes = op.inputs.map((id) => model.shapes[id]);
      const found = compute(op, op.inputs.map((id) => values[id]), shapes, model.shapes[op.output]);
      values[op.output] = activate(found, op.activation);
    }
    const probabilities = values[model.probabilities];
    const map = model.head_layers && ((target) => mapClass(model, values, target, probabilities.length));
    return { probabilities, map };
  };

  return { decodeBytes, predict };
})();
