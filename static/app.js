// All that the diner's pages do by themselves. Every page works without it; the words are the page's own.
"use strict";

(() => {
  const words = document.getElementById("words")?.content;
  const word = (attribute, value) => words?.querySelector(`[data-${attribute}="${value}"]`)?.cloneNode(true);

  // --- A request of htmx that failed is said where the diner looks (F04, F05) ---

  const box = () => document.getElementById("failure") ?? document.getElementById("alert");

  // What is sent with a key cannot be sent twice; a change of the cart can.
  const unclear = new Set(["lost", "timeout", "500", "busy"]);

  // Nobody has tapped anything: what it cannot ask now, it asks in a few seconds. Its answer may have replaced it.
  const isLive = ({ detail }) => (detail.requestConfig?.elt ?? detail.elt)?.id === "live";

  const say = (what, event, again = false) => {
    if (isLive(event)) return;
    const place = box();
    const when = word("when", what) ? what : "500";
    const frame = document.createElement("div");
    frame.className = "box bad";
    frame.append(word("when", when) ?? "");
    if (unclear.has(when)) frame.append(word("then", again ? "again" : event.detail.elt?.id) ?? word("then", "change") ?? "");
    if (!place || place.textContent === frame.textContent) return;
    place.replaceChildren(frame);
    place.scrollIntoView({ block: "nearest" });
  };

  // Only what began without a network is surely not there: one that goes away may take the answer with it.
  const offline = new WeakSet();

  // What a guest filters the carte by stands in its address, and is told to nobody, not to ourselves (P22).
  document.addEventListener("htmx:configRequest", (event) => { delete event.detail.headers["HX-Current-URL"]; });

  document.addEventListener("htmx:beforeSend", (event) => {
    if (!navigator.onLine) offline.add(event.detail.xhr);
  });
  document.addEventListener("htmx:sendError", (event) => {
    const asked = event.detail.elt?.id === "status"; // and sent nothing
    const { surely, again } = keep(event);
    say(asked || !surely ? "lost" : again ? "offline" : "given-up", event, again);
  });
  document.addEventListener("htmx:timeout", (event) => say("timeout", event, keep(event).again));
  document.addEventListener("htmx:swapError", (event) => say("500", event));
  document.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    // A proxy's 503 may come after the order has.
    say(status === 503 && !event.detail.xhr.getResponseHeader("X-Nothing-Sent") ? "busy" : String(status), event);
  });
  document.addEventListener("htmx:afterOnLoad", (event) => {
    const { status } = event.detail.xhr;
    if (isLive(event)) return;
    if (status < 400) box()?.replaceChildren();
    // What was refused stands in the alert; that there was no answer is no longer true.
    if (status === 422) document.getElementById("failure")?.replaceChildren();
  });

  // What the server refused is shown, wherever the page was scrolled to; the focus never falls out of the cart.
  let next = null; // the place, among the lines, of the one that was removed
  let held = null; // what had the focus last; in Safari a button that is tapped has none

  document.addEventListener("focusin", (event) => { held = event.target; });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.xhr?.status === 422) {
      document.querySelector("[role=alert]:not(:empty)")?.scrollIntoView({ block: "center" });
    }
    if (document.activeElement !== document.body || (next === null && (!held || held.isConnected))) return;
    const left = next === null ? [] : [...document.querySelectorAll("#lines button[name=remove]")];
    (left[Math.min(next, left.length - 1)] ?? document.querySelector("#cart h1"))?.focus({ preventScroll: true });
    next = null;
  });

  // --- What the others of the table do: nobody asks for a page that nobody sees ---

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isLive(event) && document.hidden) event.preventDefault();
  });
  const look = () => {
    if (!document.hidden && document.getElementById("live")) window.htmx?.trigger("#live", "look");
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("pageshow", (event) => { if (event.persisted) look(); });

  // --- The cart: numbers count on the phone at once and are saved together; Order waits for what is under way ---

  const cart = window.htmx && document.getElementById("cart");
  if (cart) {
    const away = new Set(); // lines to remove with the next request
    let timer; // until what was tapped is saved
    let unsaved = false;
    let seen = null; // an order button was tapped, looking at this

    const save = () => {
      clearTimeout(timer);
      if (seen === null) htmx.trigger("#save", "save");
    };

    const changed = () => {
      unsaved = true;
      clearTimeout(timer);
      timer = setTimeout(save, 400);
    };

    cart.addEventListener("input", () => { unsaved = true; }); // half a number is not judged
    cart.addEventListener("change", changed);

    // Whoever leaves the page at once takes the last tap along.
    addEventListener("pagehide", () => {
      if (unsaved && seen === null) navigator.sendBeacon(cart.elements.save.formAction, new FormData(cart));
    });

    // On the way down, so that htmx does not take one of them for the button that sends the form.
    document.addEventListener("click", (event) => {
      const button = event.target.closest("#cart button:is([name=less], [name=more], [name=remove])");
      if (!button) return;
      event.preventDefault();
      event.stopPropagation();
      if (button.name === "remove") {
        next = [...document.querySelectorAll("#lines button[name=remove]")].indexOf(button);
        away.add(button.value);
        document.getElementById(`line-${button.value}`)?.classList.add("going");
        unsaved = true;
        save();
      } else {
        step(button.parentElement.querySelector("input"), button.name === "more" ? 1 : -1);
        changed();
      }
    }, true);

    document.addEventListener("submit", (event) => {
      if (event.target !== cart) return;
      clearTimeout(timer);
      if (seen !== null) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      const { elements } = cart;
      seen = { seen: elements.seen.value, seen_mine: elements.seen_mine.value, whose: event.submitter?.value ?? "" };
      event.submitter?.classList.add("htmx-request");
    }, true);

    cart.addEventListener("htmx:configRequest", (event) => {
      const { elt, formData } = event.detail;
      clearTimeout(timer);
      unsaved = false;
      if (elt === cart) {
        // While the order waited, htmx may have taken another button for the one that sent it.
        event.detail.path = cart.getAttribute("action");
        for (const name of ["more", "less", "remove"]) formData.delete(name);
        // Whatever was saved meanwhile: only what was on the screen is ordered (P13).
        for (const [name, value] of Object.entries(seen ?? {})) formData.set(name, value);
      }
      for (const line of away) if (document.getElementById(`line-${line}`)) formData.append("remove", line);
      away.clear();
    });

    cart.addEventListener("htmx:afterRequest", () => {
      for (const line of cart.querySelectorAll(".going")) if (!away.has(line.id.slice(5))) line.classList.remove("going");
    });

    // What was not saved is saved with the next request (see "Without a network").
    const unanswered = (event) => {
      if (!event.detail.requestConfig.path.endsWith("/line/")) return;
      for (const line of event.detail.requestConfig.formData.getAll("remove")) away.add(line);
      unsaved = true;
    };
    cart.addEventListener("htmx:sendError", unanswered);
    cart.addEventListener("htmx:timeout", unanswered);

    const done = (event) => {
      if (event.detail.elt !== cart) return;
      seen = null;
      for (const button of cart.querySelectorAll("button.htmx-request")) button.classList.remove("htmx-request");
      if (unsaved) save();
    };
    cart.addEventListener("htmx:afterRequest", done);
    cart.addEventListener("htmx:validation:halted", done);

    // A part that shows the same things stays where it is, under the finger; only its sums are new.
    const shape = (part) => {
      const copy = part.cloneNode(true);
      for (const live of copy.querySelectorAll("[data-live], .notice")) live.replaceChildren();
      const ids = [...copy.querySelectorAll("[id]")].map((each) => each.id);
      return `${copy.tagName} ${ids} ${copy.textContent.replace(/\s+/g, " ")}`;
    };

    cart.addEventListener("htmx:oobBeforeSwap", (event) => {
      const { target, fragment } = event.detail;
      if (!target.matches("[data-steady]")) return;
      const fresh = fragment.firstElementChild;
      const same = shape(fresh) === shape(target);
      for (const number of fresh.querySelectorAll("input[type=number]")) {
        const shown = document.getElementById(number.id);
        if (!shown) continue;
        const kept = shown.value === shown.defaultValue ? number.value : shown.value;
        if (same) shown.defaultValue = number.defaultValue;
        (same ? shown : number).value = kept;
      }
      if (!same) return;
      event.detail.shouldSwap = false;
      for (const live of fresh.querySelectorAll("[data-live]")) {
        document.getElementById(live.id).replaceChildren(...live.childNodes);
      }
    });
  }

  // --- Back does what back does, and the keyboard hides no button ---

  // The page before this one, where the browser tells it: a carte that is gone back to is where it was.
  const before = () => {
    const { navigation } = window;
    const entry = navigation?.entries()[navigation.currentEntry.index - 1];
    return entry?.url ? new URL(entry.url).pathname : "";
  };

  // What an answer leads to stands in the place of the page that asked: nobody comes back to what was sent.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const where = event.detail.xhr.getResponseHeader("HX-Redirect");
    if (!where) return;
    event.preventDefault();
    const { pathname, hash } = new URL(where, location);
    // Come from the carte by its link: it knows where it was.
    const from = document.referrer && new URL(document.referrer).pathname;
    if (hash.startsWith("#dish-") && pathname === before() && pathname === from) history.back();
    else location.replace(where);
  });

  const plain = (event) => event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || !plain(event)) return;
    if (link.closest(".lang")) {
      event.preventDefault();
      location.replace(link.href);
    } else if (/^\/v\/[^/]+\/$/.test(link.pathname) && !link.search && link.pathname !== location.pathname
        && link.pathname === before()) {
      event.preventDefault();
      history.back();
    }
  });

  // Where the page does not shrink for the keyboard, the bar moves above it. Who has zoomed in sees less, too.
  const seenPart = window.visualViewport;
  seenPart?.addEventListener("resize", () => {
    const hidden = seenPart.scale > 1.01 ? 0 : Math.max(0, innerHeight - seenPart.height - seenPart.offsetTop);
    document.documentElement.style.setProperty("--keyboard", `${Math.round(hidden)}px`);
  });

  // --- Steppers and the price on the button, where nothing is sent before the diner says so ---

  // Made where it is needed: it takes as long as all else of this file together.
  let format;
  const money = (euros) => {
    format ??= new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" });
    return format.format(euros);
  };

  const reckon = (form) => {
    const shown = document.querySelector("[data-total]");
    if (!shown || !form?.dataset.price) return;
    // The options of a choice that was not made cost nothing.
    const counts = (input) => {
      const inner = input.closest("[data-of]");
      return !inner || document.getElementById(inner.dataset.of).checked;
    };
    const chosen = [...form.querySelectorAll("input:checked")].filter(counts);
    const unit = chosen.reduce((sum, input) => sum + Number(input.dataset.price ?? 0), Number(form.dataset.price));
    shown.textContent = money((unit * (Number(form.elements.quantity.value) || 1)) / 100);
  };

  const step = (input, by) => {
    const wanted = Number(input.value) + by;
    input.value = Math.min(Number(input.max), Math.max(Number(input.min), wanted));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=step]");
    if (!button) return;
    event.preventDefault();
    step(button.parentElement.querySelector("input"), Number(button.value));
    reckon(button.form);
  }, true);

  document.addEventListener("input", (event) => reckon(event.target.form));
  reckon(document.getElementById("choices"));

  // --- Without a network: what was tapped is sent again by itself, as the same tap, which is heard once (F02, F04) ---

  const AS_LONG = 120_000; // whoever has waited longer has told the team
  const AS_MANY = 100; // and who has tapped more; the server knows twice as many again (services/taps.py)
  const kept = new Map(); // what got no answer, by the key of its tap
  const retried = new Map(); // and is under way again
  let timer;
  let pause;

  const keep = ({ detail: { requestConfig, elt, xhr } }) => {
    const { formData, path, verb } = requestConfig;
    if (verb !== "post") return { surely: false, again: false };
    const tap = formData.get("tap");
    const before = retried.get(tap) ?? { since: Date.now(), surely: true };
    retried.delete(tap);
    const tried = { ...before, elt, path, formData, surely: before.surely && offline.has(xhr) };
    if (Date.now() - tried.since > AS_LONG || kept.size >= AS_MANY) return { surely: tried.surely, again: false };
    kept.set(tap, tried);
    pause = Math.min((pause ?? 1500) * 2, 20_000);
    clearTimeout(timer);
    timer = setTimeout(tryAgain, pause);
    return { surely: tried.surely, again: true };
  };

  // A dish that has run out has no button any more, and htmx sends nothing for one that is gone.
  const place = (elt) => document.getElementById(elt.id) ?? document.getElementById("carte") ?? elt;

  const tryAgain = () => {
    clearTimeout(timer);
    const tries = [...kept];
    kept.clear();
    for (const [tap, tried] of tries) {
      retried.set(tap, tried);
      if (Date.now() - tried.since > AS_LONG) say(tried.surely ? "given-up" : "lost", { detail: tried }); // it slept
      // The numbers as they are now.
      else if (tried.path.endsWith("/line/")) htmx.trigger("#save", "save");
      else htmx.ajax("POST", tried.path, { source: place(tried.elt), values: { tap } });
    }
  };
  addEventListener("online", tryAgain);

  // carte.js names by it what it takes along.
  window.tapKey = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  const said = (form) => new URLSearchParams([...form].filter(([name]) => name !== "tap")).toString();

  document.addEventListener("htmx:configRequest", ({ detail: { elt, formData, verb } }) => {
    if (verb !== "post") return;
    const before = retried.get(formData.get("tap"));
    if (before) {
      // As it was, whatever stands in the form by now.
      for (const name of new Set(formData.keys())) formData.delete(name);
      for (const [name, value] of before.formData) formData.append(name, value);
      return;
    }
    let tap = window.tapKey();
    // A form sent anew takes the place of what was not sent; each + on the carte is one more.
    for (const [key, tried] of kept) {
      if (elt.matches(".add") || tried.elt.matches(".add")) continue;
      kept.delete(key);
      if (said(tried.formData) !== said(formData)) continue;
      tap = key;
      retried.set(tap, tried);
    }
    formData.set("tap", tap);
  });
  document.addEventListener("htmx:afterOnLoad", () => { pause = undefined; });

  // Whoever leaves takes along what was to be added; an order is sent from its own page only.
  addEventListener("pagehide", () => {
    for (const { path, formData } of kept.values()) if (path.endsWith("/add/")) navigator.sendBeacon(path, formData);
  });

  // --- After the page: how it is installed, and the worker of a visit. Where it is refused, the rest works (F07) ---

  const later = document.getElementById("words")?.dataset ?? {};
  const idle = window.requestIdleCallback ?? ((run) => setTimeout(run, 2000));

  // After a visit nothing of it is on the phone (P21); a phone that refuses its storage has none.
  const forget = async () => {
    for (const name of await caches.keys()) if (name.startsWith("tablee-")) await caches.delete(name);
    for (const each of await navigator.serviceWorker.getRegistrations()) {
      if (each.active?.scriptURL.endsWith("/worker.js")) await each.unregister();
    }
    sessionStorage.clear();
  };
  const refused = () => {}; // no storage, no workers, or none without HTTPS: the page is all there is
  const ended = () => document.querySelector("[data-ended]");

  const settle = async () => {
    if (later.manifest) {
      const link = document.createElement("link");
      Object.assign(link, { rel: "manifest", href: later.manifest });
      document.head.append(link);
    }
    if (ended()) return forget();
    if (!later.worker) return undefined;
    await navigator.serviceWorker.register(later.worker);
    const { active } = await navigator.serviceWorker.ready;
    if (ended()) return forget();
    return active.postMessage({ keep: later.keep.split(" ") });
  };

  addEventListener("load", () => idle(() => settle().catch(refused)));
  document.addEventListener("htmx:afterSettle", () => { if (ended()) forget().catch(refused); });
  // In the place of a page that did not load (worker.js): it is asked for again.
  if (document.querySelector("[data-no-network]")) {
    let leaving = false; // nobody is called back from where they go
    addEventListener("click", () => { leaving = true; });
    const again = () => leaving || location.reload();
    addEventListener("online", again);
    setTimeout(again, 15_000);
  }
  // Nobody is asked to install anything.
  addEventListener("beforeinstallprompt", (event) => event.preventDefault());
})();
