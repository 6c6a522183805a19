// "2 min ago" and "1:24" that stay true without asking the server. The exact moment stays in the title.
const STEPS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });

function ago(seconds) {
  for (const [unit, size] of STEPS) {
    // "2 min. ago" reads better without the point of the abbreviation
    if (seconds >= size) return words.format(-Math.floor(seconds / size), unit).replace(".", "");
  }
  return words.format(0, "second");
}

function clock(seconds) {
  const rest = String(seconds % 60).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

function since(element) {
  return Math.max(0, Math.floor((Date.now() - Date.parse(element.dateTime)) / 1000));
}

function show(selector, format) {
  for (const element of document.querySelectorAll(selector)) {
    const text = format(since(element));
    if (element.textContent !== text) element.textContent = text;
  }
}

// What usually takes that long is no comfort once it has taken longer.
function admitDelay() {
  for (const element of document.querySelectorAll("[data-late]")) {
    const started = element.parentElement.querySelector("time[data-elapsed]");
    if (since(started) > Number(element.dataset.usual) && element.textContent !== element.dataset.late) {
      element.textContent = element.dataset.late;
    }
  }
}

function refresh() {
  show("time[data-ago]", ago);
  show("time[data-elapsed]", clock);
  admitDelay();
}

refresh();
document.addEventListener("htmx:after:swap", refresh);
setInterval(() => {
  if (!document.hidden) refresh();
}, 1000);
