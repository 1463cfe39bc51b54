"use strict";
{
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const store = "animatex-study-" + data.study;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const sides = ["left", "right"];

  let state = restore() || fresh();
  let order = [];       // places of data.pairs, in this person's order
  let place = 0;        // of the pair on the screen
  let question = 0;
  let shownSince = 0;
  let wantsPlay = !calm;
  let waiting = 0;

  // Who begins gets a random name; order and sides follow from it, so that a reload shows the same study.
  function fresh() {
    const bytes = crypto.getRandomValues(new Uint8Array(5));
    const rater = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return { rater, answers: {} };
  }

  function restore() {
    try {
      const kept = JSON.parse(localStorage.getItem(store));
      return kept && typeof kept.rater === "string" && kept.answers ? kept : null;
    } catch {
      return null;
    }
  }

  function keep() {
    try {
      localStorage.setItem(store, JSON.stringify(state));
    } catch {
      tell("kept", "This browser keeps nothing: do not close the page before you have downloaded the answers.");
    }
  }

  // Numbers from 0 to 1 that follow from a text.
  function stream(text) {
    let word = 0x9e3779b9;
    for (const sign of text) word = Math.imul(word ^ sign.codePointAt(0), 0x01000193);
    return () => {
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      return (word >>> 0) / 2 ** 32;
    };
  }

  function shuffle() {
    const random = stream(data.study + state.rater);
    for (let burn = 0; burn < 8; burn++) random();
    state.swap = random() < 0.5;
    order = data.pairs.map((_, index) => index);
    for (let last = order.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [order[last], order[other]] = [order[other], order[last]];
    }
  }

  const current = () => data.pairs[order[place]];
  const onSide = (pair, side) => pair.videos[(side === "left") === state.swap ? 1 : 0];
  const given = (pair) => state.answers[pair.id] || {};
  const isDone = (pair) => data.questions.every((name) => given(pair)[name]);
  const finished = () => data.pairs.filter(isDone).length;

  function show(id) {
    for (const screen of ["welcome", "trial", "thanks"]) byId(screen).hidden = screen !== id;
    scrollTo(0, 0);
  }

  function tell(id, text) {
    byId(id).textContent = text;
    byId(id).hidden = false;
  }

  function load(element, uri) {
    if (element.src !== uri) element.src = uri;
  }

  function showPair(ask) {
    clearTimeout(waiting);
    const pair = current();
    const context = data.contexts[pair.context];
    load(byId("reference"), context.reference);
    load(byId("driving"), context.driving);
    for (const side of sides) load(byId(side), data.videos[onSide(pair, side)]);
    byId("problem").hidden = true;
    question = ask === undefined ? Math.max(0, data.questions.findIndex((name) => !given(pair)[name])) : ask;
    shownSince = performance.now();
    show("trial");
    restart();
    paint();
    byId("told").textContent = "Pair " + (place + 1) + " of " + order.length;
  }

  function paint() {
    const pair = current();
    const done = finished();
    byId("bar").setAttribute("aria-valuemax", order.length);
    byId("bar").setAttribute("aria-valuenow", done);
    byId("filled").style.width = (100 * done) / order.length + "%";
    byId("count").textContent = "Pair " + (place + 1) + " of " + order.length;
    document.querySelectorAll("fieldset").forEach((box, index) => {
      box.classList.toggle("now", index === question);
      const answer = given(pair)[box.dataset.question];
      for (const input of box.querySelectorAll("input")) {
        input.checked = Boolean(answer) && answer.side === input.value;
      }
    });
    const now = given(pair)[data.questions[question]];
    document.querySelectorAll(".clip").forEach((clip) => {
      clip.classList.toggle("chosen", Boolean(now) && now.side === clip.dataset.side);
    });
    byId("playing").textContent = wantsPlay ? "Stop" : "Play";
  }

  function choose(asked, side) {
    const pair = current();
    const answers = (state.answers[pair.id] ??= {});
    answers[data.questions[asked]] = {
      chosen: onSide(pair, side),
      side,
      seconds: Math.round((performance.now() - shownSince) / 100) / 10,
    };
    keep();
    question = asked;
    paint();
    byId("told").textContent = side;
    const open = data.questions.findIndex((name) => !answers[name]);
    clearTimeout(waiting);
    // A short look at the choice before the page moves on.
    waiting = setTimeout(() => {
      if (open >= 0) {
        question = open;
        paint();
      } else if (finished() === order.length) {
        end();
      } else {
        forward();
      }
    }, 180);
  }

  function forward() {
    do place = (place + 1) % order.length;
    while (isDone(current()));
    showPair();
  }

  function back() {
    clearTimeout(waiting);
    if (question > 0) {
      question -= 1;
      paint();
    } else if (place > 0) {
      place -= 1;
      showPair(data.questions.length - 1);
    }
  }

  function restart() {
    for (const video of document.querySelectorAll("#trial video")) {
      video.currentTime = 0;
      if (wantsPlay) video.play().catch(() => {});
      else video.pause();
    }
  }

  function toggle() {
    wantsPlay = !wantsPlay;
    for (const video of document.querySelectorAll("#trial video")) {
      if (wantsPlay) video.play().catch(() => {});
      else video.pause();
    }
    paint();
  }

  function end() {
    for (const video of document.querySelectorAll("#trial video")) video.pause();
    tell("rater", "You are " + state.rater + " in the file; it holds no name and no address.");
    show("thanks");
    byId("download").focus();
  }

  function download() {
    const answers = data.pairs.flatMap((pair) =>
      data.questions
        .filter((name) => given(pair)[name])
        .map((name) => ({ pair: pair.id, question: name, ...given(pair)[name] })),
    );
    const file = {
      format: "animatex-answers/1",
      study: data.study,
      rater: state.rater,
      complete: finished() === data.pairs.length,
      answers,
    };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
    link.download = "answers-" + data.study + "-" + state.rater + ".json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function begin() {
    shuffle();
    keep();
    place = order.findIndex((index) => !isDone(data.pairs[index]));
    if (place < 0) {
      place = order.length - 1;
      end();
    } else {
      showPair();
    }
  }

  function welcome() {
    const done = finished();
    if (Object.keys(state.answers).length) {
      byId("begin").textContent = "Go on (" + done + " of " + data.pairs.length + " answered)";
      byId("anew").hidden = false;
    }
    show("welcome");
    byId("begin").focus();
  }

  byId("begin").onclick = begin;
  byId("anew").onclick = () => {
    state = fresh();
    begin();
  };
  byId("back").onclick = back;
  byId("play").onclick = toggle;
  byId("save").onclick = download;
  byId("download").onclick = download;
  byId("return").onclick = () => showPair(data.questions.length - 1);
  document.querySelectorAll("fieldset").forEach((box, index) => {
    for (const input of box.querySelectorAll("input")) input.onclick = () => choose(index, input.value);
  });
  for (const video of document.querySelectorAll("#trial video")) {
    video.onerror = () => tell("problem", "This browser cannot play the videos; please try another one.");
  }

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || byId("trial").hidden) return;
    const onButton = event.target instanceof HTMLButtonElement;
    const asked = "123456789".indexOf(event.key);
    if (event.key === "ArrowLeft") choose(question, "left");
    else if (event.key === "ArrowRight") choose(question, "right");
    else if (event.key === "Backspace") back();
    else if (event.key === " " && !onButton) toggle();
    else if (event.key.toLowerCase() === "r") restart();
    else if (event.key.toLowerCase() === "d") download();
    else if (asked >= 0 && asked < data.questions.length) {
      question = asked;
      paint();
    } else return;
    event.preventDefault();
  });

  welcome();
}
