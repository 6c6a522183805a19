// Pictures in the composer: choose, drop or paste, see them small, take them out again. Each is sent at once and comes back
// as a name of ours; the names and addresses stand in a textarea, which is what the form sends.
import { csrfToken } from "./csrf.js";
import { toast } from "./toasts.js";

const FIELD = "[data-pictures]";
const waiting = new Map();
const complaints = new Map();
let lately = null;

const fields = () => [...document.querySelectorAll(FIELD)];
const list = (field) => field.querySelector(".pictures-list");
const takesFiles = (field) => field?.querySelector("input[type=file]");

// The form may have been rendered anew while a picture was on its way.
const current = (name) => document.querySelector(`[data-pictures="${CSS.escape(name)}"]`);

function say(field, text) {
  field.querySelector("[data-pictures-said]").textContent = text;
}

function complain(field, text) {
  complaints.set(field.dataset.pictures, text);
  field.querySelector("[data-pictures-error]").textContent = text;
}

function focusOn(field, pick) {
  pick(field)?.focus();
  lately = { name: field.dataset.pictures, pick, until: Date.now() + 3000 };
}

// Where other settings depend on the pictures, a change has all of them rendered anew: what was said and typed, and where the
// focus was, have to be put back.
const typed = new Map();
// From taking the old settings away until the new ones live: htmx rests in between.
let rendering = false;

const rendersSettings = (event) => event.detail.ctx.target?.id === "composer-options";

document.addEventListener("htmx:before:swap", (event) => {
  if (!rendersSettings(event)) return;
  rendering = true;
  for (const field of fields()) {
    typed.set(field.dataset.pictures, addressOf(field).value);
    if (field.contains(document.activeElement)) focusOn(field, pickOf(document.activeElement));
  }
});

// How to find the same thing in a field that was rendered anew.
function pickOf(element) {
  const line = element.closest("li")?.dataset.line;
  if (line === undefined) {
    const kind = ["[data-pictures-address]", "[data-pictures-add]", "summary"].find((each) => element.matches(each));
    return kind ? (field) => field.querySelector(kind) : takesFiles;
  }
  return (field) => [...list(field).children].find((each) => each.dataset.line === line)?.querySelector("button");
}

// The new settings are in their place, and not alive yet.
document.addEventListener("htmx:before:settle", (event) => {
  if (event.target.id !== "composer-options") return;
  for (const field of fields()) {
    complain(field, complaints.get(field.dataset.pictures) ?? "");
    addressOf(field).value = typed.get(field.dataset.pictures) ?? "";
    if (opened.has(field.dataset.pictures)) addressOf(field).closest("details").open = true;
  }
  const field = lately && Date.now() < lately.until && current(lately.name);
  if (field && document.activeElement === document.body) lately.pick(field)?.focus();
  lately = null;
});

document.addEventListener("htmx:after:swap", (event) => {
  if (rendersSettings(event)) rendering = false;
});

// Also where rendering failed.
document.addEventListener("htmx:finally:request", (event) => {
  if (rendersSettings(event)) rendering = false;
});

// Whoever has opened the box for an address finds it open after a rendering of the settings.
const opened = new Set();

function addressOf(field) {
  return field.querySelector("[data-pictures-address]");
}

document.addEventListener(
  "toggle",
  ({ target }) => {
    const field = target.closest?.("[data-pictures]");
    if (!field || !target.contains(addressOf(field))) return;
    if (target.open) opened.add(field.dataset.pictures);
    else opened.delete(field.dataset.pictures);
  },
  true,
);

function room(field) {
  return Number(field.dataset.most) - list(field).children.length - (waiting.get(field.dataset.pictures) ?? 0);
}

// --- the list and the textarea -----------------------------------------------------------------------------------

function store(field) {
  const lines = field.querySelector("textarea");
  lines.value = [...list(field).children].map((item) => item.dataset.line).join("\n");
  field.classList.toggle("is-full", list(field).children.length >= Number(field.dataset.most));
  lines.dispatchEvent(new Event("change", { bubbles: true }));
}

function item(field, { line, text, thumb = "" }) {
  const made = field.querySelector("[data-pictures-new]").content.firstElementChild.cloneNode(true);
  made.dataset.line = line;
  const blank = made.querySelector(".pictures-blank");
  if (thumb) {
    const picture = new Image(84, 84);
    picture.src = thumb;
    picture.alt = text;
    blank.replaceWith(picture);
  } else {
    blank.title = line;
    blank.querySelector("small").textContent = text;
  }
  return made;
}

const lastButton = (field) => list(field).lastElementChild?.querySelector("button");

function show(field, pictures) {
  const inside = field.querySelector(".pictures-add").contains(document.activeElement);
  const made = pictures.map((picture) => item(field, picture));
  list(field).append(...made);
  store(field);
  say(field, field.dataset.added);
  // what was pressed may have gone, because there is no room for more
  if (inside) focusOn(field, field.classList.contains("is-full") ? lastButton : takesFiles);
}

// A change may have the settings rendered anew. What is changed before they are here would be lost.
async function settled() {
  const busy = "#composer-options.htmx-request, #composer-options .htmx-request:not(#quote)";
  while (rendering || document.querySelector(busy)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function remove(button) {
  const { pictures: name } = button.closest(FIELD).dataset;
  const { line } = button.closest("li").dataset;
  await settled();
  const field = current(name);
  const gone = field && [...list(field).children].find((each) => each.dataset.line === line);
  if (!gone) return;
  const place = [...list(field).children].indexOf(gone);
  gone.remove();
  complain(field, "");
  store(field);
  say(field, field.dataset.removed);
  focusOn(field, (now) => {
    const next = list(now).children[place] ?? list(now).lastElementChild;
    return next?.querySelector("button") ?? takesFiles(now) ?? now.querySelector("summary");
  });
}

// --- sending -----------------------------------------------------------------------------------------------------

function send(url, file) {
  const body = new FormData();
  body.append("picture", file);
  return fetch(url, { method: "POST", body, headers: { "x-csrftoken": csrfToken(), "x-requested-with": "fetch" } });
}

// The portal reads one picture of a person at a time, so they go one after the other. A picture from another tab, or those of
// other people, may have the turn: then it says when to come again.
const PATIENCE = 60_000;
let turn = Promise.resolve();

function sendInTurn(url, file) {
  const mine = turn.then(async () => {
    const end = Date.now() + PATIENCE;
    let response = await send(url, file);
    while (response.status === 429 && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * (Number(response.headers.get("retry-after")) || 1)));
      response = await send(url, file);
    }
    return response;
  });
  turn = mine.catch(() => {});
  return mine;
}

function wait(name, more) {
  waiting.set(name, (waiting.get(name) ?? 0) + more);
  current(name)?.classList.toggle("is-busy", waiting.get(name) > 0);
}

async function add(pressed, files) {
  const { pictures: name } = pressed.dataset;
  const field = current(name);
  if (!field) {
    toast({ text: pressed.dataset.gone });
    return;
  }
  // dropped or pasted on the page: what happens to it has to be seen
  const more = field.closest("details");
  if (more) more.open = true;
  const taken = files.slice(0, Math.max(0, room(field)));
  complain(field, taken.length < files.length ? field.dataset.full : "");
  if (!taken.length) return;
  wait(name, taken.length);
  const answers = await Promise.all(taken.map((file) => answer(field, file)));
  await settled();
  wait(name, -taken.length);
  const now = current(name);
  if (!now) return;
  const bad = answers.find(({ error }) => error);
  if (bad) complain(now, bad.error);
  const good = answers.filter(({ error }) => !error).map(({ choice, text, thumb }) => ({ line: choice, text, thumb }));
  if (good.length) show(now, good);
}

// What the portal said, or an error in the same shape.
async function answer(field, file) {
  try {
    const response = await sendInTurn(field.dataset.upload, file);
    if (response.redirected) return { error: field.dataset.session };
    return await response.json();
  } catch {
    return { error: field.dataset.trouble };
  }
}

// A video must not go out without the picture that was chosen for it.
document.addEventListener("htmx:before:request", (event) => {
  if (event.detail.ctx.sourceElement?.id !== "composer") return;
  const busy = fields().find((field) => (waiting.get(field.dataset.pictures) ?? 0) > 0);
  if (!busy) return;
  event.preventDefault();
  toast({ text: busy.dataset.wait });
});

// --- choosing, pasting, dropping ---------------------------------------------------------------------------------

function take({ target: input }) {
  const files = [...input.files];
  if (!files.length) return;
  // It has done its part: what stays in it would be sent a second time, with the form.
  input.value = "";
  add(input.closest(FIELD), files);
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.(`${FIELD} input[type=file]`)) take(event);
});

// While somebody looks for a file, the settings may be rendered anew: what is chosen then is told to the field that was
// pressed, which is no longer on the page.
document.addEventListener("click", ({ target }) => {
  if (target.matches?.(`${FIELD} input[type=file]`)) target.addEventListener("change", take);
});

const images = (data) => [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/") || !file.type);

// The field that was meant, or the first that takes files.
function meant(target) {
  const own = target.closest?.(FIELD);
  return takesFiles(own) ? own : fields().find(takesFiles);
}

document.addEventListener("paste", (event) => {
  const files = images(event.clipboardData);
  const field = files.length && meant(event.target);
  if (!field) return;
  event.preventDefault();
  add(field, files);
});

function carriesFiles(event) {
  return Boolean(document.getElementById("composer")) && [...(event.dataTransfer?.types ?? [])].includes("Files");
}

function light(field) {
  for (const each of fields()) each.classList.toggle("is-over", each === field);
}

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  // Without this, a picture dropped beside the field would take the place of the page, and of the prompt in it.
  event.preventDefault();
  const field = meant(event.target);
  event.dataTransfer.dropEffect = field ? "copy" : "none";
  light(field);
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) light(null);
});

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  light(null);
  const field = meant(event.target);
  if (field) add(field, [...event.dataTransfer.files]);
});

// --- addresses, and taking out -----------------------------------------------------------------------------------

function addressInput(field) {
  const input = addressOf(field);
  input.closest("details").open = true;
  return input;
}

async function addAddress({ dataset }) {
  await settled();
  const field = current(dataset.pictures);
  if (!field) return;
  const input = addressOf(field);
  const line = input.value.trim();
  complain(field, "");
  if (!URL.canParse(line) || new URL(line).protocol !== "https:") complain(field, field.dataset.address);
  else if (room(field) < 1) complain(field, field.dataset.full);
  else {
    input.value = "";
    show(field, [{ line, text: new URL(line).hostname }]);
  }
  if (!field.classList.contains("is-full")) focusOn(field, addressInput);
}

document.addEventListener("click", (event) => {
  const removing = event.target.closest?.("[data-pictures-remove]");
  if (removing) remove(removing);
  const adding = event.target.closest?.("[data-pictures-add]");
  if (adding) addAddress(adding.closest(FIELD));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches?.("[data-pictures-address]")) return;
  event.preventDefault();
  addAddress(event.target.closest(FIELD));
});
