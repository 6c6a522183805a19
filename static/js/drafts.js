// Keeps what is being typed on the server: a form with data-draft sends its fields there shortly after each change, and at
// once when the page goes. Nothing is kept in the browser, where the next person could read it.
const DELAY = 500;
const waiting = new Map();

const draftForm = (element) => element?.closest?.("form[data-draft]");

function save(form) {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") fields.append(name, value);
  }
  // a draft is a kindness: without a connection the text still stands in the field
  return fetch(form.dataset.draft, { method: "POST", body: fields, keepalive: true, redirect: "error" }).catch(() => {});
}

const flush = () => Promise.all([...waiting.keys()].map(save));

function later(event) {
  const form = draftForm(event.target);
  if (!form) return;
  clearTimeout(waiting.get(form));
  waiting.set(
    form,
    setTimeout(() => save(form), DELAY),
  );
}

document.addEventListener("input", later);
document.addEventListener("change", later);
addEventListener("pagehide", flush);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) flush();
});

// What is sent may find the session ended; then the draft is what is left. Of a form that was taken, it counts for nothing.
document.addEventListener("htmx:before:request", flush);

// A page that shows the draft must not be asked for before it is kept.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain || !waiting.size || event.defaultPrevented || link.target || link.origin !== location.origin) return;
  event.preventDefault();
  const gone = new Promise((resolve) => setTimeout(resolve, 1000));
  Promise.race([flush(), gone]).then(() => location.assign(link.href));
});

// Older versions kept drafts in the browser.
try {
  for (const key of Object.keys(localStorage)) if (key.startsWith("draft:")) localStorage.removeItem(key);
} catch {
  // storage may be forbidden
}
