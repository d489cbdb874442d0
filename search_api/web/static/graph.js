// Makes the graph movable: drag a node or the background, zoom, arrow keys. Links and table work without it.

const STEP = 12; // units that an arrow key moves a node
const SLOP = 4; // pixels that a pointer may move during a click
const ZOOM = [0.5, 6];

function movable(svg) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const all = svg.querySelector(".all");
  // The centre, node 0, is drawn last, over the others.
  const dots = [...svg.querySelectorAll(".dot")].reverse().map((dot) => {
    const [x, y] = dot.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
    return { dot, x, y };
  });
  const at = new Map(dots.map((node) => [node.dot, node]));
  // Positions are distinct, so the ends of a line identify its nodes.
  const placed = new Map(dots.map((node) => [`${node.x} ${node.y}`, node]));
  const strokes = [...svg.querySelectorAll(".lines path")].map((path) => ({
    path,
    pairs: path.getAttribute("d").split("M").filter(Boolean).map((line) => {
      const [x1, y1, x2, y2] = line.split(" ");
      return [placed.get(`${x1} ${y1}`), placed.get(`${x2} ${y2}`)];
    }),
  }));
  const near = document.createElementNS(svg.namespaceURI, "path");
  near.setAttribute("class", "near");
  svg.querySelector(".lines").append(near);
  const view = { x: 0, y: 0, zoom: 1 };

  function place(node, x, y) {
    Object.assign(node, { x, y });
    node.dot.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    for (const { path, pairs } of strokes) if (pairs.some((pair) => pair.includes(node))) draw(path, pairs);
    highlight(node.dot);
  }

  function draw(path, pairs) {
    path.setAttribute("d", pairs.map(([a, b]) => `M${a.x.toFixed(1)} ${a.y.toFixed(1)} ${b.x.toFixed(1)} ${b.y.toFixed(1)}`).join(""));
  }

  function applyView() {
    all.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.zoom})`);
  }

  function zoom(factor, x = width / 2, y = height / 2) {
    const next = Math.min(ZOOM[1], Math.max(ZOOM[0], view.zoom * factor));
    view.x = x - ((x - view.x) * next) / view.zoom;
    view.y = y - ((y - view.y) * next) / view.zoom;
    view.zoom = next;
    applyView();
  }

  function units(event) {
    const box = svg.getBoundingClientRect();
    const scale = Math.min(box.width / width, box.height / height);
    return [(event.clientX - box.left - (box.width - width * scale) / 2) / scale,
      (event.clientY - box.top - (box.height - height * scale) / 2) / scale];
  }

  let held = null; // { node (null for the background), from: [x, y], was: [x, y], moved }
  let frame = 0;

  svg.addEventListener("pointerdown", (event) => {
    if (event.button || (event.pointerType === "touch" && !event.target.closest(".dot"))) return;
    const target = event.target.closest(".dot");
    const node = target ? at.get(target) : null;
    held = { node, from: units(event), at: [event.clientX, event.clientY], was: node ? [node.x, node.y] : [view.x, view.y], moved: false };
    svg.setPointerCapture?.(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held) return highlight(event.target.closest(".dot"));
    if (!held.moved && Math.hypot(event.clientX - held.at[0], event.clientY - held.at[1]) < SLOP) return;
    held.moved = true;
    const [x, y] = units(event);
    cancelAnimationFrame(frame);
    const { node, from, was } = held;
    frame = requestAnimationFrame(() => {
      if (node) return place(node, was[0] + (x - from[0]) / view.zoom, was[1] + (y - from[1]) / view.zoom);
      view.x = was[0] + x - from[0];
      view.y = was[1] + y - from[1];
      applyView();
    });
  });
  // A captured pointer clicks on the picture instead of the node, so follow the node's link here.
  svg.addEventListener("pointerup", (event) => {
    const { node, moved } = held ?? {};
    held = null;
    if (!node || moved || event.button) return;
    if (event.ctrlKey || event.metaKey) return void window.open(node.dot.getAttribute("href"));
    location.assign(node.dot.getAttribute("href"));
  });
  svg.addEventListener("pointercancel", () => (held = null));
  svg.addEventListener("click", (event) => event.detail && event.preventDefault());
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls; Ctrl or a pinch zooms
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), ...units(event));
  }, { passive: false });

  function highlight(dot) {
    const node = at.get(dot);
    draw(near, node ? strokes.flatMap(({ pairs }) => pairs.filter((pair) => pair.includes(node))) : []);
  }

  svg.addEventListener("pointerleave", () => highlight(null));
  svg.addEventListener("focusin", (event) => highlight(event.target.closest(".dot")));
  svg.addEventListener("focusout", () => highlight(null));
  svg.addEventListener("keydown", (event) => {
    const dot = event.target.closest(".dot");
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (dot && way) {
      event.preventDefault();
      const node = at.get(dot);
      place(node, node.x + way[0] * STEP, node.y + way[1] * STEP);
    } else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
  });

  const tools = svg.parentElement.querySelector(".graph-tools");
  if (tools) {
    tools.hidden = false;
    tools.addEventListener("click", (event) => {
      const factor = event.target.dataset.zoom;
      if (factor === undefined) return;
      if (Number(factor)) return zoom(Number(factor));
      Object.assign(view, { x: 0, y: 0, zoom: 1 });
      applyView();
    });
  }
}

document.querySelectorAll("svg.graph").forEach(movable);
