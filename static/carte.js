// What the carte does by itself, beside app.js. Without it every dish is still added, and the page still a page.
"use strict";

(() => {
  const carte = document.getElementById("carte");
  const add = document.getElementById("add"); // only where something can be ordered
  const strip = document.querySelector(".strip ul");
  if (!carte) return;

  // --- A long carte is laid out from above, a category at a time: an old phone answers between two of them ---

  const categories = document.querySelectorAll("#carte section").length;
  if (categories && CSS.supports("content-visibility: auto")) {
    const STEP = 40;
    // Not a class: the carte is compared with a fresh one (below).
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    let laid = 0;
    const lay = (count) => {
      laid = count;
      sheet.replaceSync(`#carte section:nth-of-type(-n + ${count}) .dish {content-visibility: visible}`);
    };
    const step = () => {
      if (laid >= categories) return;
      lay(laid + 1);
      setTimeout(step, STEP);
    };
    // A place that is jumped to, or come back to, is where it is: nothing above it may still be a guess.
    const came = performance.getEntriesByType("navigation")[0]?.type;
    if (location.hash || came !== "navigate") lay(categories);
    else addEventListener("load", () => setTimeout(step, STEP));
    addEventListener("click", (event) => { if (event.target.closest("a[href*='#']")) lay(categories); }, true);
  }

  // --- The place is kept: which dish stood on top, and what had the focus, with the entry of the history ---

  const KEPT = "place";

  const keep = (link) => {
    const element = link ?? document.activeElement;
    const under = strip.parentElement.getBoundingClientRect().bottom;
    const dishes = [...carte.querySelectorAll("[id^=dish-]")];
    const dish = dishes.find((each) => each.getBoundingClientRect().top >= under);
    const place = {
      dish: scrollY > 0 && dish ? dish.id : "",
      top: dish?.getBoundingClientRect().top,
      focus: element?.id,
      ring: element?.matches(":focus-visible"),
      from: element?.closest("[id^=dish-]")?.id,
      left: Boolean(link),
      allergens: document.getElementById("show-allergens").checked,
    };
    history.replaceState({ ...history.state, [KEPT]: place }, "");
  };

  const anew = () => {
    keep();
    location.reload();
  };

  const back = () => {
    const { [KEPT]: place, ...others } = history.state ?? {};
    if (!place) return;
    // Once: who loads the page again has been elsewhere since. The dish stays in the address, as without a script.
    history.replaceState(others, "", place.left && place.from ? `#${place.from}` : location.href);
    history.scrollRestoration = "manual";
    document.getElementById("show-allergens").checked = place.allergens;
    const had = document.getElementById(place.focus) ?? document.getElementById(place.from)?.querySelector("a");
    had?.focus({ preventScroll: true });
    // Who came by a finger is shown no ring of the keyboard's, until there is a keyboard.
    if (had && !place.ring) {
      had.classList.add("tapped");
      for (const type of ["keydown", "focusout"]) addEventListener(type, () => had.classList.remove("tapped"), { once: true });
    }
    const move = () => {
      const dish = document.getElementById(place.dish);
      if (dish) scrollBy({ top: dish.getBoundingClientRect().top - place.top, behavior: "instant" });
    };
    move();
    // The browser would put its own place over it, also after the load.
    addEventListener("load", () => {
      move();
      setTimeout(() => { history.scrollRestoration = "auto"; }, 300);
    }, { once: true });
  };
  back();

  // The visit knows the language: an address that names one would bring it back with the page.
  const here = new URL(location);
  if (add && here.searchParams.has("lang")) {
    here.searchParams.delete("lang");
    history.replaceState(history.state, "", here);
  }

  // --- A tap on + counts at once; what it costs is the server's to say ---

  const under = new Map(); // a product's key: how many taps have no answer yet
  const told = new WeakMap(); // what the server has said there last
  const queued = new Map(); // of them, those that have not been sent
  const underWay = new Set(); // the forms of those that have, each with the key of its tap
  let leaving = null; // the link that waits for them
  let gone = false;

  const more = (taps, key, by) => taps.set(key, (taps.get(key) ?? 0) + by);
  const waiting = () => [...under.values()].reduce((sum, taps) => sum + taps, 0);

  const paint = (place, taps) => {
    if (!place) return;
    if (!place.querySelector("[data-hoped]")) told.set(place, [...place.childNodes]);
    const theirs = told.get(place);
    if (!taps) {
      place.replaceChildren(...theirs);
      return;
    }
    place.replaceChildren(...theirs.map((node) => node.cloneNode(true)));
    const shown = place.querySelector("b");
    const hoped = document.createElement("i");
    hoped.dataset.hoped = "";
    hoped.textContent = Number(shown?.textContent ?? 0) + taps;
    const sign = shown ?? place.querySelector("[aria-hidden]");
    if (place.matches(".add")) hoped.setAttribute("aria-hidden", "true"); // the ear is told what is true
    if (sign) sign.replaceWith(hoped);
    else {
      const words = document.createElement("span");
      words.append(...place.childNodes, " ", hoped);
      place.append(words);
    }
  };

  const show = () => {
    for (const [key, taps] of under) {
      for (const button of carte.querySelectorAll(`button.add[value="${CSS.escape(key)}"]`)) paint(button, taps);
    }
    paint(document.getElementById("cart-button"), waiting());
  };

  const answered = (key, { status }) => {
    more(under, key, -1);
    show();
    const failed = status < 200 || status >= 300;
    if (failed || !waiting()) {
      const link = leaving;
      leaving = null;
      link?.classList.remove("htmx-request");
      if (!failed) link?.click();
    }
    // It may have been added all the same: whatever is in the cart is shown as soon as it can be asked.
    if (failed && status !== 422) renew();
  };

  // app.js gives each tap its key; without it, each waits for its answer.
  if (add && window.htmx && window.tapKey) {
    document.addEventListener("click", (event) => {
      const button = event.target.closest("#carte button.add");
      if (!button) return;
      more(under, button.value, 1);
      more(queued, button.value, 1);
      show();
    }, true); // on the way down: before htmx sends it

    document.addEventListener("htmx:beforeRequest", (event) => {
      if (gone && event.detail.elt.matches(".add")) event.preventDefault();
    });
    document.addEventListener("htmx:beforeSend", (event) => {
      const { elt, xhr, requestConfig: { formData } } = event.detail;
      if (!elt.matches("#carte .add")) return;
      // What app.js sends again by itself was taken back before.
      if (queued.get(elt.value)) more(queued, elt.value, -1);
      else more(under, elt.value, 1);
      show();
      underWay.add(formData);
      xhr.addEventListener("loadend", () => {
        underWay.delete(formData);
        answered(elt.value, xhr);
      });
    });
    // What the others do is shown when the own taps are: it may hold some of them, or none.
    document.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.elt?.id === "live" && waiting()) event.detail.shouldSwap = false;
    });

    // Whoever closes the page takes along the taps that had to wait for another one, and those that have no answer:
    // with a key each, for they may arrive twice, and a page that was left and found again is left once more.
    addEventListener("pagehide", () => {
      gone = waiting() > 0;
      for (const [key, left] of queued) {
        queued.delete(key);
        if (!left) continue;
        const form = new FormData(add);
        form.set("product", key);
        form.set("quantity", left);
        form.set("tap", window.tapKey());
        underWay.add(form);
      }
      for (const form of underWay) navigator.sendBeacon(add.action, form);
    });
  }

  // --- It stays true while it is open: what has changed is changed where it stands (F16) ---

  const news = document.querySelector("[data-news]");
  const EVERY = 5000;
  let seen = news?.dataset.seen;
  let timer;

  // Nobody looks, somebody is searching, or a tap is under way: the next time.
  const busy = () => document.hidden || document.activeElement?.closest("#filter") || waiting()
    || document.querySelector(".htmx-request:not(#live)");

  const take = (fresh) => {
    const held = document.activeElement?.id;
    for (const dish of fresh.querySelectorAll("[id^=dish-]")) {
      const shown = document.getElementById(dish.id);
      if (!shown || shown.isEqualNode(dish)) continue;
      const gone = dish.querySelector(".gone");
      if (gone && !shown.querySelector(".gone")) {
        document.getElementById("said").textContent = `${dish.querySelector("h3").textContent}: ${gone.textContent}`;
      }
      const copy = dish.cloneNode(true);
      shown.replaceWith(copy);
      window.htmx?.process(copy);
    }
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
    // What is kept to read without a network is as true (P22); a page that is loaded again sees to it itself.
    const keep = document.getElementById("words").dataset.keep?.split(" ") ?? [];
    navigator.serviceWorker?.controller?.postMessage({ keep, anew: true });
    // A dish came, went or has moved, or something is filtered.
    if (!carte.isEqualNode(fresh)) anew();
  };

  const look = async () => {
    clearTimeout(timer);
    timer = setTimeout(look, EVERY);
    if (busy()) return;
    const answer = await fetch(`${news.dataset.news}&seen=${seen}`, { referrer: location.pathname }).catch(() => null);
    if (answer?.status === 200) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("carte");
      if (busy()) return; // a tap that has come meanwhile is not undone
      seen = answer.headers.get("X-Seen");
      if (fresh) take(fresh);
    } else if ([205, 403, 410].includes(answer?.status)) anew();
  };

  // Asked for whatever it was: the numbers on the buttons come with it.
  const renew = () => {
    seen = `${seen.split(".")[0]}.`;
    look();
    htmx.trigger("#live", "look");
  };

  if (news) {
    timer = setTimeout(look, EVERY);
    document.addEventListener("visibilitychange", look);
    addEventListener("pageshow", (event) => { if (event.persisted) anew(); });
  }

  // --- Links that stay on the carte, and links that leave it ---

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target) return;
    const stays = link.pathname === location.pathname;
    if (stays && link.search === location.search) return;
    if (waiting()) {
      event.preventDefault();
      event.stopPropagation();
      leaving?.classList.remove("htmx-request");
      leaving = link;
      link.classList.add("htmx-request");
      return;
    }
    keep(link);
    if (!stays) return;
    // Another language, or no filter any more: the same page, where it was.
    event.preventDefault();
    event.stopPropagation();
    history.replaceState(history.state, "", link.href);
    location.reload();
  }, true);

  // --- The category strip follows, and shows which one is read ---

  const links = new Map([...strip.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const sections = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  let wanted = null; // one that was tapped is the one, however short its section is, until somebody scrolls

  const mark = (link) => {
    if (link.hasAttribute("aria-current")) return;
    for (const each of links.values()) each.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    strip.scrollLeft += link.getBoundingClientRect().left - strip.getBoundingClientRect().left - 40;
  };

  // The browser's own mark would not move the strip.
  strip.parentElement.style.setProperty("scroll-target-group", "none");
  const band = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting && !wanted) mark(links.get(entry.target.id));
  }, { rootMargin: "-20% 0px -75% 0px" });
  for (const section of sections) band.observe(section);
  strip.addEventListener("click", (event) => {
    wanted = event.target.closest("a");
    if (wanted) mark(wanted);
  });
  if (performance.getEntriesByType("navigation")[0]?.type === "navigate") wanted = links.get(location.hash.slice(1));
  if (wanted) mark(wanted);
  for (const type of ["wheel", "touchmove", "keydown"]) {
    addEventListener(type, () => { wanted = null; }, { passive: true });
  }
})();
