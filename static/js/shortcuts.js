// Single letters act only outside inputs and never destroy anything.
const TYPING = "input, textarea, select, [contenteditable]";

function move(step) {
  const titles = [...document.querySelectorAll(".row .title")];
  if (!titles.length) return;
  const here = titles.indexOf(document.activeElement?.closest(".row")?.querySelector(".title"));
  const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), titles.length - 1);
  titles[next].focus();
}

const PROMPT = "id_prompt";

function newVideo() {
  const prompt = document.getElementById(PROMPT);
  const studio = document.querySelector("a.brand");
  if (prompt) prompt.focus();
  else if (studio) window.location.assign(`${studio.pathname}#${PROMPT}`);
}

const ACTIONS = {
  "/": () => document.querySelector("[data-shortcut-search]")?.focus(),
  "?": () => document.getElementById("shortcuts")?.showModal(),
  n: newVideo,
  j: () => move(1),
  k: () => move(-1),
};

// asked for on another page
if (window.location.hash === `#${PROMPT}`) newVideo();

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  // on a page with a player j and k belong to the player
  if ("jk".includes(event.key) && document.querySelector("[data-player]")) return;
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
