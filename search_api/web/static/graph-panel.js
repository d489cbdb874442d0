// The panel beside a graph: details of the selected node and how it is connected to the others.

const SHOWN = 8; // connections listed
// Words for a relation from its source and from its target, as in the table view.
const WORDS = {
  wrote: ["Author of", "By"],
  collaborates: ["Co-author of", "Co-author of"],
  about: ["Topic", "Topic of"],
  affiliated: ["Affiliation", "Affiliation of"],
};

export function panel(svg, select) {
  const box = svg.parentElement.querySelector(".graph-panel");
  const dots = new Map([...svg.querySelectorAll(".dot")].map((dot) => [dot.dataset.id, dot]));
  let graph = null; // a promise of the graph's nodes and edges
  let current = null;
  let closed = null;

  function close() {
    box.hidden = true;
    closed?.();
    current?.focus({ preventScroll: true });
    current = null;
  }

  async function connections(id) {
    graph ??= fetch(svg.dataset.json).then((response) => (response.ok ? response.json() : { edges: [] }));
    const { edges } = await graph;
    const joined = edges.flatMap(({ source, target, kind, weight }) => {
      if (source !== id && target !== id) return [];
      const other = dots.get(source === id ? target : source);
      return other ? [{ words: WORDS[kind][source === id ? 0 : 1], other, weight }] : [];
    });
    return joined.sort((a, b) => b.weight - a.weight);
  }

  function listed(joined) {
    const list = document.createElement("ul");
    list.className = "rows";
    for (const { words, other, weight } of joined.slice(0, SHOWN)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = other.querySelector("title").textContent;
      button.addEventListener("click", () => select(other));
      const item = document.createElement("li");
      const relation = document.createElement("span");
      relation.append(`${words} `, button);
      item.append(relation);
      if (weight > 1) item.append(Object.assign(document.createElement("span"), { className: "number", textContent: `${weight} works` }));
      list.append(item);
    }
    if (joined.length > SHOWN) list.append(Object.assign(document.createElement("li"), { textContent: `${joined.length - SHOWN} more` }));
    return list;
  }

  async function show(dot, byKeyboard, whenClosed) {
    current = dot;
    closed = whenClosed;
    const [kind] = [...dot.classList].filter((name) => name.startsWith("k-"));
    const address = `${svg.dataset.node}?${new URLSearchParams({ kind: kind.slice(2), id: dot.dataset.id })}`;
    try {
      const [html, joined] = await Promise.all([
        fetch(address).then((response) => {
          if (!response.ok) throw new Error(response.status);
          return response.text();
        }),
        connections(dot.dataset.id),
      ]);
      if (current !== dot) return; // another node was selected in the meantime
      box.innerHTML = html;
      box.querySelector("[data-connections]").replaceChildren(...(joined.length ? [listed(joined)] : []));
    } catch {
      if (current !== dot) return;
      location.assign(dot.getAttribute("href"));
      return;
    }
    box.hidden = false;
    if (byKeyboard) box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
  }

  box.addEventListener("click", (event) => event.target.closest("[data-close]") && close());
  box.addEventListener("keydown", (event) => event.key === "Escape" && close());
  svg.addEventListener("keydown", (event) => event.key === "Escape" && !box.hidden && close());
  return { show };
}
