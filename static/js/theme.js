// The choice lives on the account and is rendered as data-theme by the server, so a page never flashes the wrong colours.
import { post } from "./csrf.js";

const root = document.documentElement;

function isDark() {
  if (root.dataset.theme) return root.dataset.theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function apply(choice) {
  if (choice) root.dataset.theme = choice;
  else delete root.dataset.theme;
  for (const button of document.querySelectorAll("[data-theme-form] [aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.value === choice));
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-form]");
  const button = event.submitter;
  if (!form || !button) return;
  event.preventDefault();
  const toggles = button.hasAttribute("data-theme-toggle");
  const choice = toggles ? (isDark() ? "light" : "dark") : button.value;
  apply(choice);
  // a choice that could not be stored still holds for this page; the next page shows the stored one
  post(form.action, { theme: choice }).catch(() => {});
});
