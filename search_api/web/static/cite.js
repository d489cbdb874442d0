// Shows the reference of a work in the chosen style, and copies references of a work or of selected works.
// Without it, the forms download them.

const KEY = "citation-style";

function copyButton(text, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = label;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(await text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copying is not possible here";
    }
    setTimeout(() => (button.textContent = label), 2000);
  });
  return button;
}

async function read(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(response.status);
  return (await response.text()).trim();
}

function citing(form) {
  const style = form.elements.style;
  const reference = document.createElement("p");
  reference.className = "reference";
  reference.setAttribute("role", "status");
  const shown = () => `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
  const stored = localStorage.getItem(KEY);
  if ([...style.options].some(({ value }) => value === stored)) style.value = stored;

  async function show() {
    try {
      reference.textContent = await read(shown());
    } catch {
      reference.textContent = "The reference could not be loaded.";
    }
  }

  form.querySelector("button").remove();
  form.append(
    copyButton(async () => reference.textContent || read(shown()), "Copy"),
    copyButton(() => read(`${form.getAttribute("action")}?format=bibtex`), "Copy BibTeX"),
  );
  form.after(reference);
  style.addEventListener("change", () => {
    localStorage.setItem(KEY, style.value);
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  // The reference is loaded when it can be seen, so that a work that is only read costs no request.
  const seen = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    show();
  });
  seen.observe(form);
}

function selection(form) {
  const count = form.querySelector("[data-selected]");
  const address = () => `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
  form.append(copyButton(() => read(address()), "Copy"));
  const boxes = [...form.elements].filter(({ name }) => name === "id");
  const show = () => (count.textContent = `${boxes.filter(({ checked }) => checked).length} selected`);
  boxes.forEach((box) => box.addEventListener("change", show));
  show();
}

document.querySelectorAll("form[data-selection]").forEach(selection);
document.querySelectorAll("form[data-cite]").forEach(citing);
