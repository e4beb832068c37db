// Player, playhead and keyboard of the song page. Works without: the browser's own player shows.
(() => {
  "use strict";
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const root = document.documentElement;
  root.classList.remove("no-script");
  const audio = document.querySelector("audio");
  const by = (selector) => document.querySelector(selector);
  const canvas = by(".canvas"), head = by(".head"), seek = by(".seek"), scroll = by(".scroll");
  const now = by(".now"), time = by(".time"), play = by("button.play"), volume = by(".volume input");
  const clock = (s) => Math.floor(s / 60) + ":" + String(Math.floor(s % 60)).padStart(2, "0");
  const length = facts.duration;
  let wanted = 0;
  let dragging = false;

  function position() {
    return audio && audio.readyState > 0 ? audio.currentTime : wanted;
  }
  function show() {
    const at = Math.min(position(), length);
    const share = at / length;
    head.style.left = 100 * share + "%";
    if (!dragging) seek.value = String(at);
    const bar = Math.min(Math.floor(at / facts.bar) + 1, facts.bars);
    const section = facts.sections.find((s) => at >= s[1] && at < s[2]);
    const words = (section ? section[0] : "tail") + " \u00b7 bar " + bar;
    if (now.textContent !== words) now.textContent = words;
    const text = clock(at) + " / " + clock(length);
    if (time.textContent !== text) {
      time.textContent = text;
      seek.setAttribute("aria-valuetext", text + ", " + words);
      canvas.setAttribute("aria-valuenow", String(Math.round(at)));
      canvas.setAttribute("aria-valuetext", text + ", " + words);
    }
    for (const card of document.querySelectorAll(".card[data-slot]")) {
      const spans = facts.playing[card.dataset.slot] || [];
      const on = root.classList.contains("playing") && spans.some((s) => at >= s[0] && at < s[1]);
      card.classList.toggle("sounding", on);
    }
  }
  function follow() {
    const x = head.offsetLeft;
    if (scroll.scrollWidth > scroll.clientWidth &&
        (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth * 0.85))
      scroll.scrollLeft = x - scroll.clientWidth * 0.15;
  }
  function go(to) {
    wanted = Math.max(0, Math.min(to, length - 0.01));
    if (audio && audio.readyState > 0) audio.currentTime = wanted;
    show();
  }
  function toggle() {
    if (!audio) return;
    if (audio.paused) audio.play().catch(broken); else audio.pause();
  }
  function broken() {
    now.textContent = "The audio file is not beside this page.";
    now.classList.add("broken");
  }
  function frame() {
    show();
    follow();
    if (!audio.paused) requestAnimationFrame(frame);
  }
  if (audio) {
    audio.addEventListener("loadedmetadata", () => { audio.currentTime = wanted; show(); });
    audio.addEventListener("play", () => {
      root.classList.add("playing");
      play.setAttribute("aria-label", "Pause");
      requestAnimationFrame(frame);
    });
    for (const stop of ["pause", "ended"]) audio.addEventListener(stop, () => {
      root.classList.remove("playing");
      play.setAttribute("aria-label", "Play");
      show();
    });
    audio.addEventListener("error", broken);
    if (volume) volume.addEventListener("input", () => { audio.volume = Number(volume.value); });
    play.addEventListener("click", toggle);
  } else {
    play.disabled = true;
  }
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return length * (event.clientX - box.left) / box.width;
  };
  canvas.addEventListener("click", (event) => go(place(event)));
  seek.addEventListener("input", () => { dragging = true; go(Number(seek.value)); });
  seek.addEventListener("change", () => { dragging = false; });
  document.addEventListener("keydown", (event) => {
    const inField = event.target.closest("input, summary, button, a");
    const steps = { ArrowLeft: -facts.bar, ArrowRight: facts.bar };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === " " && !inField) toggle();
    else if (event.key in steps && !inField) go(position() + steps[event.key]);
    else if (event.key === "Home" && event.target === canvas) go(0);
    else if (event.key === "End" && event.target === canvas) go(length);
    else return;
    event.preventDefault();
  });
  show();
})();
