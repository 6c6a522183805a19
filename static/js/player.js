// Our own controls around a native <video>: frame-exact steps, a scrub bar in frames, a running time code.
//
//   <div data-player data-fps="24">       one video inside
//     [data-play] [data-step="-1"] [data-mute] [data-fullscreen]    buttons
//     <input type="range" data-pos>  <select data-rate>  <output data-tc>
//   [data-seek="59"] anywhere on the page: jump to that frame
//   event "player:frame" {frame, fps, timecode} on the player whenever the shown frame changes
//
// Adding 1/fps to currentTime lands on a neighbour most of the time; the middle of the wanted frame is always inside it.
const TYPING = "input:not([type='range']), textarea, select, [contenteditable]";

function timecode(frame, fps) {
  const seconds = Math.floor(frame / fps);
  return [Math.floor(seconds / 60), seconds % 60, Math.floor(frame % fps)].map((part) => String(part).padStart(2, "0")).join(":");
}

class Player {
  constructor(root) {
    this.root = root;
    this.video = root.querySelector("video");
    this.fps = Number(root.dataset.fps) || 24;
    this.frame = -1;
    this.video.removeAttribute("controls");
    for (const part of root.querySelectorAll("[data-controls]")) part.hidden = false;
    this.listen();
    if (this.video.readyState > 0) this.measure();
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  get last() {
    return Math.max(0, Math.round(this.video.duration * this.fps) - 1);
  }

  listen() {
    const { video } = this;
    video.addEventListener("loadedmetadata", () => this.measure());
    video.addEventListener("play", () => this.playing(true));
    video.addEventListener("pause", () => this.playing(false));
    video.addEventListener("click", () => this.toggle());
    this.find("[data-pos]")?.addEventListener("input", (event) => this.seek(Number(event.target.value)));
    this.find("[data-rate]")?.addEventListener("change", (event) => (video.playbackRate = Number(event.target.value)));
    this.root.addEventListener("click", (event) => this.pressed(event.target.closest("button")));
    if (video.requestVideoFrameCallback) this.follow();
    else video.addEventListener("timeupdate", () => this.show(Math.floor(video.currentTime * this.fps)));
  }

  // The callback runs once per frame that reached the screen, so the time code never runs ahead of the picture.
  follow() {
    this.video.requestVideoFrameCallback((_now, picture) => {
      // a picture from before a seek that is under way would take back quick steps
      if (!this.video.seeking) this.show(Math.round(picture.mediaTime * this.fps));
      this.follow();
    });
  }

  measure() {
    const position = this.find("[data-pos]");
    if (position) position.max = this.last;
    this.show(Math.floor(this.video.currentTime * this.fps));
  }

  pressed(button) {
    if (!button) return;
    if (button.hasAttribute("data-play")) this.toggle();
    else if (button.dataset.step) this.step(Number(button.dataset.step));
    else if (button.hasAttribute("data-mute")) this.mute(button);
    else if (button.hasAttribute("data-fullscreen")) this.fullscreen();
  }

  toggle() {
    if (this.video.paused) this.video.play();
    else this.video.pause();
  }

  step(frames) {
    this.video.pause();
    this.seek(Math.max(0, this.frame) + frames);
  }

  seek(frame) {
    const wanted = Math.min(Math.max(0, frame), this.last);
    this.video.currentTime = (wanted + 0.5) / this.fps;
    this.show(wanted);
  }

  mute(button) {
    this.video.muted = !this.video.muted;
    button.setAttribute("aria-pressed", String(this.video.muted));
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.();
  }

  playing(isPlaying) {
    this.find("[data-play]")?.setAttribute("aria-pressed", String(isPlaying));
  }

  show(frame) {
    if (frame === this.frame) return;
    this.frame = frame;
    const code = timecode(frame, this.fps);
    const output = this.find("[data-tc]");
    if (output) output.value = code;
    const position = this.find("[data-pos]");
    if (position) {
      position.value = frame;
      position.setAttribute("aria-valuetext", code);
    }
    this.root.dispatchEvent(new CustomEvent("player:frame", { bubbles: true, detail: { frame, fps: this.fps, timecode: code } }));
  }
}

const players = [...document.querySelectorAll("[data-player]")].map((root) => new Player(root));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-seek]");
  if (!button || !players.length) return;
  players[0].video.pause();
  players[0].seek(Number(button.dataset.seek));
});

const second = (player) => Math.round(player.fps);
const KEYS = {
  " ": (player) => player.toggle(),
  k: (player) => player.toggle(),
  j: (player) => player.step(-second(player)),
  l: (player) => player.step(second(player)),
  ArrowLeft: (player, event) => player.step(event.shiftKey ? -10 : -1),
  ArrowRight: (player, event) => player.step(event.shiftKey ? 10 : 1),
};

document.addEventListener("keydown", (event) => {
  const action = KEYS[event.key];
  if (!action || !players.length || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open], [popover]:popover-open")) return;
  // Space presses a focused button or follows a focused summary: leave it to them
  if (event.key === " " && event.target.closest("button, a, summary")) return;
  event.preventDefault();
  action(players[0], event);
});
