"use strict";
{
  const videos = [...document.querySelectorAll("video")];
  const button = document.getElementById("play");
  let wantsPlay = !matchMedia("(prefers-reduced-motion: reduce)").matches;

  const ofCase = (video) => [...video.closest(".clips").querySelectorAll("video")].filter((one) => one.src);

  function setPlaying(video) {
    if (wantsPlay) video.play().catch(() => {});
    else video.pause();
  }

  // Browsers play only so many videos on one page: only those in sight have one loaded.
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting && !target.src) {
          target.src = target.dataset.src;
          target.currentTime = 0;
          for (const other of ofCase(target)) other.currentTime = 0;
          setPlaying(target);
        } else if (!isIntersecting && target.src) {
          target.removeAttribute("src");
          target.load();
        }
      }
    },
    { rootMargin: "150px" },
  );
  for (const video of videos) {
    watcher.observe(video);
    // The videos of a case begin again together.
    video.addEventListener("seeked", () => {
      const [first] = ofCase(video);
      if (video !== first || video.currentTime > 0.1) return;
      for (const other of ofCase(video)) if (other !== first) other.currentTime = 0;
    });
    video.addEventListener("click", () => (video.paused ? video.play() : video.pause()));
    video.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      video.click();
    });
  }

  function label() {
    button.textContent = wantsPlay ? "Stop all" : "Play all";
  }
  button.onclick = () => {
    wantsPlay = !wantsPlay;
    for (const video of videos) if (video.src) setPlaying(video);
    label();
  };
  label();
}
