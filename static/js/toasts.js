// One line at the edge of the page. The server asks for it with the header HX-Trigger: {"toast": {"text": …, "tone": "ok"|"bad"}}.
// Errors stay until closed. Words come from the data attributes of #toasts, never from here.
const LIFE = 8000;

function box() {
  return document.getElementById("toasts");
}

export function word(name) {
  return box()?.dataset[name] ?? "";
}

export function toast({ text, tone = "" }) {
  if (!text || !box()) return;
  const bad = tone === "bad";
  for (const old of box().children) {
    if (old.querySelector("p").textContent === text) old.remove();
  }

  const line = document.createElement("div");
  line.className = `toast ${tone}`;
  if (bad) line.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = text;
  line.append(words);
  line.append(closeButton(line));
  box().append(line);
  if (!bad) expire(line);
}

function expire(line) {
  let timer = setTimeout(() => line.remove(), LIFE);
  // reading or reaching for it stops the clock
  const hold = () => clearTimeout(timer);
  const resume = () => {
    clearTimeout(timer);
    timer = setTimeout(() => line.remove(), LIFE / 2);
  };
  line.addEventListener("pointerenter", hold);
  line.addEventListener("focusin", hold);
  line.addEventListener("pointerleave", resume);
  line.addEventListener("focusout", resume);
}

function closeButton(line) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "close";
  element.textContent = "×";
  element.addEventListener("click", () => line.remove());
  element.setAttribute("aria-label", word("close"));
  return element;
}

// on document: htmx falls back to it when the element that asked has left the page
document.addEventListener("toast", (event) => toast(event.detail));

for (const message of document.querySelectorAll("[data-toast]")) {
  const bad = ["error", "warning"].includes(message.dataset.toast);
  toast({ text: message.textContent, tone: bad ? "bad" : "" });
}

document.addEventListener("click", async (event) => {
  const source = event.target.closest("[data-copy], [data-copy-title]");
  if (!source) return;
  source.closest("[popover]")?.hidePopover();
  // a row holds its prompt once, as its title: fifty long prompts are the larger part of a page
  await copy(source.dataset.copy ?? source.closest(".row").querySelector(".title").textContent);
  toast({ text: source.dataset.copied });
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // plain http on a company network has no clipboard API
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "vh";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
