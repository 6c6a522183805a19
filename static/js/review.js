// The review screen: notes know which frame is shown, and single letters reach what carries them as data-key.
// The player's own keys are in player.js; both leave typing alone.
const TYPING = "input:not([type='range']), textarea, select, [contenteditable]";

const noteText = () => document.getElementById("id_note-text");
const noteAt = () => document.getElementById("id_note-at");
const reason = () => document.getElementById("id_reason");

// --- the frame that a note is about -------------------------------------------------------------------------------

// A pause takes effect up to a frame later, and the frame that then stands still is the one that is meant.
const SETTLE = 200;
let shown = "00:00:00";
let settling = false;

// Once somebody writes, the note stays at the frame where they began; the field can still be edited by hand.
function follow() {
  if (!noteAt() || (noteText().value && !settling) || document.activeElement === noteAt()) return;
  noteAt().value = shown;
}

document.addEventListener("player:frame", (event) => {
  shown = event.detail.timecode;
  follow();
});

document.addEventListener("input", (event) => {
  const video = document.querySelector("[data-player] video");
  if (event.target !== noteText() || !video || video.paused) return;
  settling = true;
  setTimeout(() => (settling = false), SETTLE);
  video.pause();
});

// --- a decision waits for a picture -----------------------------------------------------------------------------------

// Where this browser shows none, for the word of the person who has watched the video elsewhere.
function guard() {
  const form = document.querySelector("form#decision");
  const picture = document.querySelector("[data-player]")?.dataset.picture;
  const watched = form?.querySelector("[data-watched]");
  if (!watched) return;
  if (picture === "missing") watched.hidden = false;
  const ready = watched.hidden ? picture === "shown" : watched.querySelector("input").checked;
  form.querySelector("[data-picture-awaited]").hidden = ready || !watched.hidden;
  for (const button of form.querySelectorAll("button[name=verdict]:not([value=reopen])")) button.disabled = !ready;
}

document.addEventListener("player:picture", guard);
document.addEventListener("htmx:after:swap", guard);
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-watched]")) guard();
});
guard();

// --- keys -----------------------------------------------------------------------------------------------------------

function press(target) {
  if (target.matches("textarea")) target.focus();
  else if (target.hasAttribute("data-needs-reason") && !hasGround()) reason().focus();
  else target.click();
}

// A request for changes says something: a reason, or a note that is still open.
function hasGround() {
  return Boolean(reason()?.value.trim() || document.querySelector(".notes > li:not(.resolved)"));
}

// Before the page's general shortcuts: here N is the next video in the queue.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
    if (event.target.closest(TYPING) || document.querySelector("dialog[open], [popover]:popover-open")) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    press(target);
  },
  true,
);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches("#notes textarea, #decision textarea")) event.target.blur();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === noteText()) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

// --- after an answer, the focus is where the next thing is to be done --------------------------------------------------

document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  const status = ctx.response?.status;
  if (ctx.sourceElement?.closest("#notes, .note-form") || ctx.target?.id === "notes") {
    follow();
    // on the section, so that the keys work again at once
    focusOn("#notes", status);
  } else if (ctx.target?.id === "decision" || ctx.sourceElement?.id === "decision") {
    focusOn("#decision button", status);
  }
});

function focusOn(selector, status) {
  const scope = selector.split(" ")[0];
  const bad = status === 422 && document.querySelector(`${scope} [aria-invalid='true']`);
  (bad || document.querySelector(selector))?.focus();
}
