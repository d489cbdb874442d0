// Makes a graph movable: drag a node or the background, zoom, arrow keys; selecting a node shows its details.
// Links and table work without it.

import { panel } from "./graph-panel.js";

const STEP = 12; // units that an arrow key moves a node
const SLOP = 4; // pixels that a pointer may move during a click
const REACH = 12; // pixels around a pointer in which a node is selected: targets of 24 pixels
const ZOOM = [0.5, 8];
const FONT = 12.5; // pixels, as in the stylesheet
const LETTER = 0.56; // width of a letter as a share of the font size
const LONGEST = 30; // characters of a label
const FEW = 8; // labels on a screen on which a unit is less than half a pixel

function movable(svg) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const all = svg.querySelector(".all");
  // The centre, node 0, is drawn last, over the others.
  const nodes = [...svg.querySelectorAll(".dot")].reverse().map((dot) => {
    const [x, y] = dot.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
    const box = dot.querySelector(":not(title)").getBBox();
    return { dot, x, y, r: box.width / 2, name: dot.querySelector("title").textContent, text: dot.querySelector("text") };
  });
  const at = new Map(nodes.map((node) => [node.dot, node]));
  // Positions are distinct, so the ends of a line identify its nodes.
  const placed = new Map(nodes.map((node) => [`${node.x} ${node.y}`, node]));
  const strokes = [...svg.querySelectorAll(".lines path")].map((path) => ({
    path,
    pairs: path.getAttribute("d").split("M").filter(Boolean).map((line) => {
      const [x1, y1, x2, y2] = line.split(" ");
      return [placed.get(`${x1} ${y1}`), placed.get(`${x2} ${y2}`)];
    }),
  }));
  const near = create("path", { class: "near" });
  svg.querySelector(".lines").append(near);
  const view = { x: 0, y: 0, zoom: 1 };
  const details = panel(svg, (dot) => select(at.get(dot)));
  let selected = null;
  let pointed = null; // the node under the pointer or in focus

  function create(tag, attributes) {
    const element = document.createElementNS(svg.namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  // Nodes and labels keep their size on the screen, so that zooming makes space for more labels.
  function place(node) {
    node.dot.setAttribute("transform", `translate(${node.x.toFixed(1)} ${node.y.toFixed(1)}) scale(${(1 / view.zoom).toFixed(3)})`);
  }

  function move(node, x, y) {
    Object.assign(node, { x, y });
    place(node);
    for (const { path, pairs } of strokes) if (pairs.some((pair) => pair.includes(node))) draw(path, pairs);
    highlight(node);
  }

  function draw(path, pairs) {
    path.setAttribute("d", pairs.map(([a, b]) => `M${a.x.toFixed(1)} ${a.y.toFixed(1)} ${b.x.toFixed(1)} ${b.y.toFixed(1)}`).join(""));
  }

  function applyView() {
    all.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.zoom})`);
    svg.classList.toggle("zoomed", view.zoom > 1);
  }

  function zoom(factor, x = width / 2, y = height / 2) {
    const next = Math.min(ZOOM[1], Math.max(ZOOM[0], view.zoom * factor));
    view.x = x - ((x - view.x) * next) / view.zoom;
    view.y = y - ((y - view.y) * next) / view.zoom;
    view.zoom = next;
    applyView();
    nodes.forEach(place);
    label();
  }

  function scale() {
    const box = svg.getBoundingClientRect();
    return { box, pixels: Math.min(box.width / width, box.height / height) };
  }

  // Labels of the most important nodes first; a label covers no other label and no node of more importance.
  function label() {
    const { pixels } = scale();
    const size = Math.max(FONT, FONT / pixels); // at least FONT pixels on a small screen
    const taken = [];
    const shapes = nodes.map((node) => {
      const [x, y] = [view.x + node.x * view.zoom, view.y + node.y * view.zoom];
      return { left: x - node.r, right: x + node.r, top: y - node.r, bottom: y + node.r, x, y };
    });
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    nodes.forEach((node, n) => {
      const shown = node.name.length > LONGEST ? `${node.name.slice(0, LONGEST - 1).trimEnd()}…` : node.name;
      const [long, line, gap] = [shown.length * size * LETTER, size * 1.25, node.r + 4];
      const { x, y } = shapes[n];
      const sides = [
        { anchor: "start", dx: gap, dy: size * 0.35, left: x + gap, top: y - line / 2 },
        { anchor: "end", dx: -gap, dy: size * 0.35, left: x - gap - long, top: y - line / 2 },
        { anchor: "middle", dx: 0, dy: gap + size * 0.8, left: x - long / 2, top: y + gap },
        { anchor: "middle", dx: 0, dy: -gap, left: x - long / 2, top: y - gap - line },
      ].map((side) => ({ ...side, right: side.left + long, bottom: side.top + line }));
      const inside = sides.filter((side) => side.left >= 0 && side.right <= width && side.top >= 0 && side.bottom <= height);
      const free = inside.filter((side) => !taken.some((box) => meet(side, box)) && !shapes.slice(0, n).some((box) => meet(side, box)));
      const side = free.find((side) => !shapes.some((box) => meet(side, box))) ?? free[0];
      if (!side || (pixels < 0.5 && view.zoom < 2 && taken.length >= FEW)) return node.text?.setAttribute("display", "none");
      taken.push(side);
      if (!node.text) node.dot.append((node.text = create("text", { "aria-hidden": "true" })));
      node.text.textContent = shown;
      node.text.classList.remove("minor");
      for (const [name, value] of Object.entries({ x: side.dx, y: 0, dy: side.dy, "text-anchor": side.anchor })) node.text.setAttribute(name, value);
      node.text.style.fontSize = `${size}px`;
      node.text.removeAttribute("display");
    });
  }

  function units(event) {
    const { box, pixels } = scale();
    return [(event.clientX - box.left - (box.width - width * pixels) / 2) / pixels,
      (event.clientY - box.top - (box.height - height * pixels) / 2) / pixels];
  }

  // The node under the pointer, or the nearest one within reach.
  function hit(event) {
    const direct = event.target.closest?.(".dot");
    if (direct) return at.get(direct);
    const [x, y] = units(event);
    const reach = REACH / scale().pixels;
    const distance = (node) => Math.hypot(view.x + node.x * view.zoom - x, view.y + node.y * view.zoom - y) - node.r;
    const nearest = nodes.reduce((best, node) => (distance(node) < distance(best) ? node : best));
    return distance(nearest) < reach ? nearest : null;
  }

  const pointers = new Map(); // id: position in units
  let held = null; // { node (null for the background), from, was: [x, y], moved }
  let frame = 0;

  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pointers.set(event.pointerId, units(event));
    const node = hit(event);
    held = { node, from: units(event), at: [event.clientX, event.clientY], was: node ? [node.x, node.y] : [view.x, view.y], moved: pointers.size > 1 };
    svg.setPointerCapture?.(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held || !pointers.has(event.pointerId)) return highlight(hit(event));
    if (pointers.size === 2) return pinch(event);
    if (!held.moved && Math.hypot(event.clientX - held.at[0], event.clientY - held.at[1]) < SLOP) return;
    held.moved = true;
    svg.classList.add("moving"); // lines without dashes: drawing them takes a quarter of the time
    const [x, y] = units(event);
    pointers.set(event.pointerId, [x, y]);
    cancelAnimationFrame(frame);
    const { node, from, was } = held;
    frame = requestAnimationFrame(() => {
      if (node) return move(node, was[0] + (x - from[0]) / view.zoom, was[1] + (y - from[1]) / view.zoom);
      view.x = was[0] + x - from[0];
      view.y = was[1] + y - from[1];
      applyView();
    });
  });

  function pinch(event) {
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    const [before, now] = [pointers.get(event.pointerId), units(event)];
    const factor = Math.hypot(now[0] - other[0], now[1] - other[1]) / Math.max(1, Math.hypot(before[0] - other[0], before[1] - other[1]));
    pointers.set(event.pointerId, now);
    zoom(factor, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }

  function release(event) {
    pointers.delete(event.pointerId);
    const { node, moved } = held ?? {};
    held = null;
    svg.classList.remove("moving");
    return moved || event.type === "pointercancel" ? undefined : node;
  }
  // A captured pointer clicks on the picture instead of the node, so the node is found here.
  svg.addEventListener("pointerup", (event) => {
    const node = release(event);
    if (!node || event.button) return;
    if (event.ctrlKey || event.metaKey) return void window.open(node.dot.getAttribute("href"));
    select(node);
  });
  svg.addEventListener("pointercancel", release);
  svg.addEventListener("click", (event) => {
    const dot = event.target.closest(".dot");
    if (!dot && !event.detail) return;
    event.preventDefault();
    if (dot && !event.detail) select(at.get(dot), true); // Enter on a node in focus
  });
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls; Ctrl or a pinch zooms
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), ...units(event));
  }, { passive: false });

  function select(node, byKeyboard = false) {
    selected?.dot.classList.remove("selected");
    selected = node;
    node.dot.classList.add("selected");
    highlight(node);
    details.show(node.dot, byKeyboard, () => {
      node.dot.classList.remove("selected");
      selected = null;
      highlight(null);
    });
  }

  function highlight(node) {
    const shown = node ?? selected;
    draw(near, shown ? strokes.flatMap(({ pairs }) => pairs.filter((pair) => pair.includes(shown))) : []);
    if (node === pointed) return;
    pointed?.dot.classList.remove("pointed");
    node?.dot.classList.add("pointed");
    pointed = node;
    // The name of a node without a label is shown while it is pointed at.
    if (node && (!node.text || node.text.hasAttribute("display"))) hint(node);
    else tip.setAttribute("display", "none");
  }

  const tip = create("text", { class: "tip", "aria-hidden": "true", "text-anchor": "middle", display: "none" });
  svg.append(tip);
  function hint(node) {
    tip.textContent = node.name.length > 2 * LONGEST ? `${node.name.slice(0, 2 * LONGEST - 1)}…` : node.name;
    tip.style.fontSize = `${Math.max(FONT, FONT / scale().pixels)}px`;
    tip.removeAttribute("display");
    const half = tip.getBBox().width / 2;
    tip.setAttribute("x", Math.min(width - half - 2, Math.max(half + 2, view.x + node.x * view.zoom)));
    tip.setAttribute("y", Math.max(16, view.y + node.y * view.zoom - node.r - 6));
  }

  svg.addEventListener("pointerleave", () => highlight(null));
  svg.addEventListener("focusin", (event) => highlight(at.get(event.target.closest(".dot")) ?? null));
  svg.addEventListener("focusout", () => highlight(null));
  svg.addEventListener("keydown", (event) => {
    const node = at.get(event.target.closest(".dot"));
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (node && way) {
      event.preventDefault();
      move(node, node.x + way[0] * STEP, node.y + way[1] * STEP);
    } else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
  });

  svg.closest(".graph-box")?.querySelectorAll(".graph-tools").forEach((tools) => {
    tools.hidden = false;
    tools.addEventListener("click", (event) => {
      const factor = event.target.dataset.zoom;
      if (factor === undefined) return;
      if (!Number(factor)) Object.assign(view, { x: 0, y: 0, zoom: 1 });
      zoom(Number(factor) || 1);
    });
  });
  new ResizeObserver(label).observe(svg);
}

document.querySelectorAll("svg.graph").forEach(movable);
