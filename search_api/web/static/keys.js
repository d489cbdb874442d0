// Keyboard shortcuts: / to the search box, j and k through results, ? for the list. They can be turned off.

const KEY = "shortcuts";
const RESULTS = "article.hit :is(h2, h3) a, .cards article h3 a";
const dialog = document.querySelector("#shortcuts");
const enabled = dialog.querySelector("input[type=checkbox]");
const isOn = () => localStorage.getItem(KEY) !== "off";

function step(by) {
  const links = [...document.querySelectorAll(RESULTS)];
  if (!links.length) return;
  const current = links.indexOf(document.activeElement);
  const next = links[Math.min(links.length - 1, Math.max(0, current + by))];
  next.focus();
  next.scrollIntoView({ block: "center" });
}

const ACTIONS = {
  "/": () => document.querySelector("input[type=search]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  "?": () => dialog.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  // The list opens even if shortcuts are off, since it is where they are turned on.
  const action = isOn() || event.key === "?" ? ACTIONS[event.key] : null;
  if (!action) return;
  event.preventDefault();
  action();
});

enabled.checked = isOn();
enabled.addEventListener("change", () => localStorage.setItem(KEY, enabled.checked ? "on" : "off"));
for (const opener of document.querySelectorAll("[data-shortcuts]")) {
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
}
