// Our own controls around a native <video>: frame-exact steps, a scrub bar in frames, a running time code.
//
//   <div data-player data-fps="24" data-last="239">      one video inside; the number of its last frame
//     data-times="0 41667 …"     when each frame begins, in microseconds, where n / fps does not say it
//     [data-play] [data-step="-1"] [data-mute] [data-fullscreen]    buttons
//     <input type="range" data-pos>  <select data-rate>  <output data-tc>
//   [data-seek="59"] anywhere on the page: jump to that frame
//   event "player:frame" {frame, fps, timecode} on the player whenever the shown frame changes
//   data-picture="shown" once a picture was there, "missing" when this browser has none to show; event "player:picture"
//   [data-picture-missing] beside the player is then shown
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
    this.last = Number(root.dataset.last) || 0;
    this.times = (root.dataset.times ?? "").split(" ").filter(Boolean).map((time) => time / 1e6);
    this.frame = -1;
    this.video.removeAttribute("controls");
    for (const part of root.querySelectorAll("[data-controls]")) part.hidden = false;
    this.listen();
    this.watch();
    if (this.video.readyState > 0) this.measure();
  }

  // Sound and a running clock are no picture: a browser without the decoder plays on without one.
  watch() {
    const { video } = this;
    const look = () => this.picture(video.videoWidth > 0 ? "shown" : "missing");
    video.addEventListener("loadedmetadata", () => video.videoWidth || look());
    video.addEventListener("loadeddata", look);
    video.addEventListener("error", () => this.picture("missing"));
    if (video.error || video.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) this.picture("missing");
    else if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) look();
  }

  picture(state) {
    this.root.dataset.picture = state;
    const notice = this.root.parentElement.querySelector("[data-picture-missing]");
    if (notice) notice.hidden = state === "shown";
    this.root.dispatchEvent(new CustomEvent("player:picture", { bubbles: true }));
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  // The number of the frame that is shown at a moment on the video's clock. Both clocks have rounded differently.
  at(seconds) {
    if (!this.times.length) return Math.min(this.last, Math.floor(seconds * this.fps + 0.1));
    const following = this.times.findIndex((time) => time > seconds + 0.0005);
    return Math.max(0, (following < 0 ? this.times.length : following) - 1);
  }

  middle(frame) {
    if (!this.times.length) return (frame + 0.5) / this.fps;
    return (this.times[frame] + (this.times[frame + 1] ?? this.times[frame] + 1 / this.fps)) / 2;
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
    else video.addEventListener("timeupdate", () => video.videoWidth && this.show(this.at(video.currentTime)));
    // where the file ends before its head says so, a seek stops early
    video.addEventListener("seeked", () => this.show(this.at(video.currentTime)));
  }

  // The callback runs once per frame that reached the screen, so the time code never runs ahead of the picture.
  follow() {
    this.video.requestVideoFrameCallback((_now, picture) => {
      // a picture from before a seek that is under way would take back quick steps
      if (!this.video.seeking) this.show(this.at(picture.mediaTime));
      this.follow();
    });
  }

  measure() {
    const position = this.find("[data-pos]");
    if (position) position.max = this.last;
    this.show(this.at(this.video.currentTime));
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
    this.video.currentTime = this.middle(wanted);
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
