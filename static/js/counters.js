// How long a text is, near its limit. Counted as the server does: code points, a line break as one (web/text.py).
const COUNT_FROM = 0.8;

export const lengthOf = (text) => [...text].length;

export function showCount(output, used, limit) {
  output.textContent = limit && used >= limit * COUNT_FROM ? `${used.toLocaleString()} / ${limit.toLocaleString()}` : "";
  output.classList.toggle("over", Boolean(limit) && used > limit);
}

function count(field) {
  const output = field.closest(".field")?.querySelector("[data-count]");
  if (output) showCount(output, lengthOf(field.value), Number(field.dataset.longest));
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-longest]")) count(event.target);
});
