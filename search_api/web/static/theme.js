// Applies the reader's choice of a light or dark theme before the page is drawn. Without it, the system decides.

(() => {
  const KEY = "theme";
  const root = document.documentElement;
  const apply = (theme) => (theme ? (root.dataset.theme = theme) : delete root.dataset.theme);
  apply(localStorage.getItem(KEY));
  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.querySelector("[data-theme-choice]");
    const select = choice.querySelector("select");
    choice.hidden = false;
    select.value = root.dataset.theme ?? "";
    select.addEventListener("change", () => {
      if (select.value) localStorage.setItem(KEY, select.value);
      else localStorage.removeItem(KEY);
      apply(select.value);
    });
  });
})();
