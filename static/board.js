// All that the board does by itself. Every page works without it; the words are the page's own.
"use strict";

(() => {
  const words = document.getElementById("words")?.content;
  const word = (when) => words?.querySelector(`[data-when="${when}"]`)?.cloneNode(true) ?? "";
  const failure = document.getElementById("failure");
  const live = () => document.getElementById("live");

  // --- How old the page is: each answer says when it was true, one that changes nothing too ---

  const age = document.getElementById("age");
  let seen = "";
  let heard = Date.now();
  let kept = false; // the last answer was not shown: a finger or a pen was on the page

  const look = () => {
    if (live()?.hasAttribute("hx-get")) htmx.trigger(live(), "look");
  };

  const isOld = () => {
    if (!age) return;
    const old = Date.now() - heard > Number(age.dataset.oldAfter) * 1000;
    if (old === age.classList.contains("old")) return;
    age.classList.toggle("old", old);
    failure.replaceChildren(old ? word("old") : "");
  };
  setInterval(isOld, 1000);

  // A tablet that wakes up, and a network that is there again, do not wait for the next turn.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  addEventListener("online", look);

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id === "live" && seen) event.detail.headers["X-Seen"] = seen;
  });
  document.addEventListener("htmx:afterOnLoad", (event) => {
    const { xhr } = event.detail;
    const asOf = xhr.getResponseHeader("X-As-Of");
    if (!asOf || kept) return;
    seen = xhr.getResponseHeader("X-Seen");
    heard = Date.now();
    const clock = document.getElementById("as-of");
    if (clock) clock.textContent = asOf;
    isOld();
    if (event.detail.requestConfig.verb !== "get") failure.replaceChildren();
  });

  // What was pressed and did not come through is said; that a look had no answer, the clock says.
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      if (event.detail.requestConfig?.verb === "post") failure.replaceChildren(word("failed"));
    });
  }

  // --- A refresh moves nothing under a finger, closes nothing that is open, and takes nothing that is being typed ---

  let down = false;
  let lifted; // a moment after the finger: the tap itself comes later than that
  let open = [];

  document.addEventListener("pointerdown", () => {
    clearTimeout(lifted);
    down = true;
  });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => { lifted = setTimeout(() => { down = false; }, 300); });
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "live") return;
    const posted = event.detail.requestConfig.verb === "post";
    const types = live().contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    kept = !posted && (down || types);
    if (kept) event.detail.shouldSwap = false;
    const done = posted && event.detail.requestConfig.elt.closest("details");
    open = [...live().querySelectorAll("details[open][id]")].filter((each) => each !== done).map((each) => each.id);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "live") return;
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    filter();
    ring();
  });

  // --- Sound, after one tap: once for each thing that is new, and every minute while one of them waits ---

  const button = document.getElementById("sound");
  const WISH = "tablee-sound";
  let audio = null;
  let known = new Set();
  let last = 0;

  const beep = () => {
    if (audio?.state !== "running") return;
    last = Date.now();
    for (const [start, pitch] of [[0, 880], [0.18, 1175], [0.36, 880]]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const from = audio.currentTime + start;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.25, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + 0.16);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.17);
    }
  };

  const ring = () => {
    const now = new Set([...document.querySelectorAll("[data-loud]")].map((each) => each.id));
    const fresh = [...now].some((id) => !known.has(id));
    if (fresh || (now.size && Date.now() - last > 60_000)) beep();
    // For the ear: the list itself is another one after each refresh.
    if (fresh) document.getElementById("news").textContent = document.getElementById("h-needs").textContent;
    known = now;
  };

  const show = () => button?.setAttribute("aria-pressed", String(audio?.state === "running"));

  // What this browser may not keep is asked for again at the next start.
  const wish = (value) => {
    try {
      if (value === undefined) return localStorage.getItem(WISH);
      localStorage.setItem(WISH, value);
    } catch { /* private browsing */ }
    return null;
  };

  // A tablet that sleeps rings for nobody (F72). Where the battery says no, it sleeps.
  const wake = () => navigator.wakeLock?.request("screen").catch(() => null);

  const start = async () => {
    audio ??= new AudioContext();
    await audio.resume();
    show();
    wake();
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && audio?.state === "running") wake();
  });

  if (button && window.AudioContext) {
    button.hidden = false;
    button.addEventListener("click", async (event) => {
      event.stopPropagation();
      if (audio?.state === "running") {
        await audio.suspend();
        wish("off");
        show();
      } else {
        await start();
        wish("on");
        beep();
      }
    });
    // Browsers let a page sound only after a tap: any will do where sound was on before.
    document.addEventListener("click", () => {
      if (wish() === "on" && audio?.state !== "running") start();
    });
    ring();
    setInterval(ring, 10_000);
  }

  // --- The list of what is sold out: what is typed leaves the rest away at once ---

  const plain = (text) => text.normalize("NFKD").replace(/\p{Mn}/gu, "").replace(/œ/gi, "oe").toLowerCase();

  const filter = () => {
    const input = document.querySelector("input[data-filter]");
    if (!input) return;
    const asked = plain(input.value).split(/\s+/);
    for (const row of document.querySelectorAll("#sell [data-name]")) {
      const name = plain(row.dataset.name);
      row.hidden = !asked.every((part) => name.includes(part));
    }
    for (const section of document.querySelectorAll("#sell section")) {
      section.hidden = !section.querySelector("[data-name]:not([hidden])");
    }
  };
  document.addEventListener("input", filter);
})();
