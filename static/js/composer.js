// The prompt form: Ctrl/Cmd+Enter, a counter near the limit, example prompts.
import { lengthOf, showCount } from "./counters.js";

const DRAFT_DELAY = 1000;

const form = () => document.getElementById("composer");
const prompt = () => form()?.elements.prompt;

function count() {
  const output = form()?.querySelector("[data-counter]");
  if (!output) return;
  // the limit belongs to the chosen model and is re-rendered with its options
  const limit = Number(form().querySelector("[data-limit]")?.dataset.limit);
  showCount(output, lengthOf(prompt().value), limit);
}

document.addEventListener("input", (event) => {
  if (prompt() && event.target === prompt()) count();
});

// Until the price line has caught up with a changed setting, what it quotes is not what was asked for: do not send it along.
document.addEventListener("change", (event) => {
  const quoted = form()?.elements.quoted;
  if (quoted && event.target.form === form() && event.target !== prompt()) quoted.disabled = true;
});

// --- sending -----------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  if (event.target.form && event.target.form === form()) {
    event.preventDefault();
    // while the options of another model are on their way, the button is off and so is its key
    if (!form().querySelector("button[type=submit]").disabled) form().requestSubmit();
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (!form() || !["composer", "ask-send"].includes(ctx.sourceElement?.id)) return;
  count();
  if (ctx.response?.status === 422) form().querySelector("[aria-invalid='true']")?.focus();
  else if (ctx.response?.status < 300) {
    // "Use again" has done its job: a reload must not fill in a prompt that is on its way already
    if (new URLSearchParams(location.search).has("from")) history.replaceState(history.state, "", location.pathname);
  }
});

// --- changing the model, or a setting on which others depend, re-renders the options ------------------------------

document.addEventListener("change", (event) => {
  const options = document.getElementById("composer-options");
  if (!options?.contains(event.target) || !event.target.name) return;
  if (options.dataset.drivers.split(" ").includes(event.target.name)) options.dispatchEvent(new Event("options-changed"));
});

let moreOpen = false;

// toggle does not bubble
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.id === "composer-more") moreOpen = event.target.open;
  },
  true,
);

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id !== "composer-options") return;
  // by its name: the box for a picture's address looks the same and stands before it
  const more = document.getElementById("composer-more");
  if (more) more.open = moreOpen;
  count();
});

// --- example prompts ---------------------------------------------------------------------------------------------

// What stands in the field changes places with the example: pressed again, it comes back.
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-fill]");
  if (!chip || !prompt()) return;
  const typed = prompt().value;
  prompt().value = chip.dataset.fill;
  if (typed.trim() && typed !== chip.dataset.fill) {
    chip.dataset.fill = typed;
    chip.textContent = typed;
    chip.dir = "auto";
  }
  prompt().focus();
  prompt().dispatchEvent(new Event("input", { bubbles: true }));
});

count();
