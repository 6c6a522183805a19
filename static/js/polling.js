// The list asks every few seconds; this decides when it may, what an answer may touch, and what is said about it.
// htmx trigger filters need eval, which our content policy forbids: hence the gate lives in events.
import { toast, word } from "./toasts.js";

const IDLE_TICKS = 5;
const ANNOUNCE_GAP = 10000;
const ticks = new WeakMap();
let leaving = false;

addEventListener("pagehide", () => (leaving = true));
addEventListener("pageshow", () => (leaving = false));

// --- when a poll may go out ---------------------------------------------------------------------------------------

document.addEventListener("htmx:before:request", (event) => {
  const { sourceElement, sourceEvent } = event.detail.ctx;
  if (!sourceElement.matches?.("[data-poll]")) return;
  const resting = document.hidden || !navigator.onLine;
  if (resting || (sourceEvent.type === "every" && isIdleTick(sourceElement))) event.preventDefault();
});

// With nothing under way only every fifth tick asks: somebody else may still have started something.
function isIdleTick(list) {
  if (list.querySelector(".is-live")) return false;
  const count = (ticks.get(list) ?? 0) + 1;
  ticks.set(list, count);
  return count % IDLE_TICKS !== 0;
}

// --- what an answer may touch ------------------------------------------------------------------------------------

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const status = ctx.response?.status ?? 200;
  if (status >= 400 && status !== 422 && !asksFor(ctx.sourceElement, status)) {
    event.preventDefault();
    // a failing poll would say so every few seconds: it gets the bar, everything else a toast
    if (status >= 500 && ctx.sourceElement?.matches?.("[data-poll]")) showBar("trouble");
    else if (!ctx.hx?.trigger?.includes('"toast"')) toast({ text: explain(ctx, status), tone: "bad" });
    return;
  }
  for (const task of tasks) {
    refreshInsteadOfDoubling(task);
    announce(task);
    noticeCredits(task);
  }
});

// An element may take an error answer itself by naming the status: hx-status:409="…".
function asksFor(element, status) {
  const code = String(status);
  return [code, `${code.slice(0, 2)}x`, `${code[0]}xx`].some((pattern) => element?.hasAttribute?.(`hx-status:${pattern}`));
}

function explain(ctx, status) {
  const refusal = new DOMParser().parseFromString(ctx.text ?? "", "text/html").querySelector("[data-refusal]");
  if (refusal) return refusal.textContent.trim();
  if (status === 403) return word("denied");
  if (status === 404 || status === 410) return word("missing");
  if (status === 409) return word("refused");
  if (status === 429) return word("busy");
  return word("trouble");
}

// A row can arrive twice: once with the answer to the submit, once with the next poll. The second one refreshes the first.
function refreshInsteadOfDoubling(task) {
  if (task.type !== "partial" || task.swapSpec.style !== "afterbegin") return;
  for (const row of [...task.fragment.children].filter((element) => element.id)) {
    const present = document.getElementById(row.id);
    if (!present) continue;
    task.target = present;
    task.swapSpec = { ...task.swapSpec, style: "outerMorph" };
  }
}

// The price line says what is left: when that figure moves, it asks again.
function noticeCredits(task) {
  if (task.target?.id !== "nav-credits" || task.target.textContent.trim() === task.fragment.textContent.trim()) return;
  setTimeout(() => document.body.dispatchEvent(new CustomEvent("credits-changed")));
}

// --- what is said about it ---------------------------------------------------------------------------------------

let lastSaid = 0;
let waiting = 0;

// Changes to my own videos only, and at most one sentence in ten seconds: the newest wins.
function announce(task) {
  if (task.type !== "partial") return;
  const row = task.fragment.querySelector("[data-announce]");
  const present = row && document.getElementById(row.id);
  if (!present || present.dataset.announce === row.dataset.announce) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    lastSaid = Date.now();
    document.getElementById("announcer").textContent = row.dataset.announce;
  }, Math.max(0, lastSaid + ANNOUNCE_GAP - Date.now()));
}

// --- the connection ----------------------------------------------------------------------------------------------

// reason: "offline", "trouble", or nothing to take the bar away
function showBar(reason) {
  const bar = document.getElementById("offline");
  const text = reason ? bar.dataset[reason] : "";
  if (bar.textContent !== text) bar.textContent = text;
}

document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  if (leaving || !ctx || ctx.response) return;
  if (ctx.sourceElement.matches?.("[data-poll]")) showBar("offline");
  else toast({ text: word("offline"), tone: "bad" });
});

document.addEventListener("htmx:after:request", (event) => {
  // an answer that was on its way when the connection went does not bring it back
  if (event.detail.ctx.response.status < 500 && navigator.onLine) showBar();
});
addEventListener("offline", () => showBar("offline"));
addEventListener("online", () => {
  showBar();
  document.body.dispatchEvent(new CustomEvent("generations-changed"));
});
