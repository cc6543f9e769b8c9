// Drawing on a canvas with touch, pen or mouse: white strokes on black, as in MNIST. Used by the Draw page and by HTML
// reports. `onChange` is called after each stroke with the canvas, or with null while it is empty.
function openDrawingCanvas(canvas, onChange) {
  const [side, width] = [280, 22]; // pixels: side length of the image, width of the pen
  canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const strokes = [];
  let stroke = null;
  const draw = () => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, side, side);
    pen.strokeStyle = "#fff";
    pen.lineWidth = width;
    pen.lineCap = pen.lineJoin = "round";
    for (const points of strokes) {
      pen.beginPath();
      pen.moveTo(...points[0]);
      for (const point of points) pen.lineTo(...point);
      pen.stroke();
    }
  };
  const send = () => onChange(strokes.length ? canvas : null);
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * side) / box.width, ((event.clientY - box.top) * side) / box.height];
  };
  canvas.onpointerdown = (event) => {
    if (stroke || event.button > 0) return; // ignore multitouch
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    stroke = { pointer: event.pointerId, points: [at(event)] };
    strokes.push(stroke.points);
    draw();
  };
  canvas.onpointermove = (event) => {
    if (!stroke || event.pointerId !== stroke.pointer) return;
    for (const move of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(at(move));
    draw();
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!stroke || event.pointerId !== stroke.pointer) return;
    stroke = null;
    send();
  };
  draw();
  const change = (edit) => () => {
    edit();
    draw();
    send();
  };
  return { undo: change(() => strokes.pop()), clear: change(() => strokes.splice(0)) };
}
