// Suggestions below a search box, following the ARIA combobox pattern. Without it the box is a plain form.

const PAUSE = 150; // ms after the last key, about the gap between two keys of a fast typist
const KINDS = { researcher: "Researchers", topic: "Topics", institution: "Institutions", work: "Works" };

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function combobox(form) {
  const input = form.querySelector("input[type=search]");
  const list = element("ul", { role: "listbox", id: `${input.id}-list`, class: "suggestions", "aria-label": "Suggestions" });
  const status = element("p", { role: "status", class: "unseen" });
  list.hidden = true;
  form.append(list, status);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);

  let options = [];
  let active = -1;
  let timer = 0;
  let running = null;
  const known = new Map();

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(next) {
    options.forEach((option, n) => option.setAttribute("aria-selected", String(n === next)));
    active = next;
    if (next < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", options[next].id);
    options[next].scrollIntoView({ block: "nearest" });
  }

  function show(results) {
    list.replaceChildren();
    options = [];
    let group = null;
    for (const { kind, label, hint, links } of results) {
      if (group?.dataset.kind !== kind) {
        const id = `${list.id}-${kind}`;
        group = element("ul", { role: "group", "aria-labelledby": id, "data-kind": kind });
        list.append(element("li", { role: "presentation" }, element("span", { id, class: "group" }, KINDS[kind] ?? kind), group));
      }
      const option = element(
        "li", { role: "option", id: `${list.id}-${options.length}`, "aria-selected": "false" },
        element("span", {}, label), " ", element("span", { class: "number" }, hint),
      );
      option.addEventListener("pointerdown", (event) => event.preventDefault()); // keep the focus in the box
      option.addEventListener("click", () => location.assign(links.html));
      option.go = links.html;
      options.push(option);
      group.append(option);
    }
    status.textContent = results.length ? `${results.length} suggestions` : "No suggestions";
    if (!results.length) return close();
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(-1);
  }

  async function ask() {
    const text = input.value.trim();
    running?.abort();
    if (text.length < 2 || text.length > 100) return close();
    if (known.has(text)) return show(known.get(text));
    running = new AbortController();
    try {
      const address = `${form.dataset.suggest}?limit=8&q=${encodeURIComponent(text)}`;
      const response = await fetch(address, { signal: running.signal });
      if (!response.ok) return close();
      known.set(text, (await response.json()).results);
      if (input.value.trim() === text && document.activeElement === input) show(known.get(text));
    } catch {
      close(); // unavailable, or replaced by the next request; the form works without suggestions
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      return close();
    }
    if (event.key === "ArrowDown" && list.hidden && input.value.trim()) return void ask();
    if (list.hidden || !options.length) return;
    const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (turn) {
      event.preventDefault();
      // One position more than there are options: the box itself.
      mark(((active + 1 + turn + options.length + 1) % (options.length + 1)) - 1);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      location.assign(options[active].go);
    }
  });
}

document.querySelectorAll("form[data-suggest]").forEach(combobox);
