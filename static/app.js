// All that the diner's pages do by themselves. Every page works without it; the words are the page's own.
"use strict";

(() => {
  const words = document.getElementById("words")?.content;
  const word = (attribute, value) => words?.querySelector(`[data-${attribute}="${value}"]`)?.cloneNode(true);

  // --- A request of htmx that failed is said where the diner looks (F04, F05) ---

  const box = () => document.getElementById("failure") ?? document.getElementById("alert");

  // What is sent with a key cannot be sent twice; a change of the cart can.
  const unclear = new Set(["lost", "timeout", "500"]);

  const say = (what, event) => {
    const place = box();
    const when = word("when", what) ? what : "500";
    const frame = document.createElement("div");
    frame.className = "box bad";
    frame.append(word("when", when) ?? "");
    if (unclear.has(when)) frame.append(word("then", event.detail.elt?.id) ?? word("then", "cart") ?? "");
    if (!place || place.textContent === frame.textContent) return;
    place.replaceChildren(frame);
    place.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("htmx:sendError", (event) => {
    const asked = event.detail.elt?.id === "status"; // and sent nothing
    say(navigator.onLine || asked ? "lost" : "offline", event);
  });
  document.addEventListener("htmx:timeout", (event) => say("timeout", event));
  document.addEventListener("htmx:swapError", (event) => say("500", event));
  document.addEventListener("htmx:responseError", (event) => say(String(event.detail.xhr.status), event));
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.xhr.status < 400) box()?.replaceChildren();
  });

  // What the server refused is shown, wherever the page was scrolled to; the focus never falls out of the cart.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.xhr?.status === 422) {
      document.querySelector("[role=alert]:not(:empty)")?.scrollIntoView({ block: "center" });
    }
    if (document.activeElement === document.body) document.querySelector("#cart h1")?.focus();
  });

  // --- Steppers and the price on the button, where nothing is sent before the diner says so ---

  const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: "EUR" });

  const reckon = (form) => {
    const shown = document.querySelector("[data-total]");
    if (!shown || !form?.dataset.price) return;
    const chosen = [...form.querySelectorAll("input:checked")];
    const unit = chosen.reduce((sum, input) => sum + Number(input.dataset.price ?? 0), Number(form.dataset.price));
    shown.textContent = money.format((unit * (Number(form.elements.quantity.value) || 1)) / 100);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=step]");
    if (!button || button.closest("[hx-trigger]")) return;
    event.preventDefault();
    const input = button.parentElement.querySelector("input");
    const wanted = Number(input.value) + Number(button.value);
    input.value = Math.min(Number(input.max), Math.max(Number(input.min), wanted));
    reckon(button.form);
  }, true);

  document.addEventListener("input", (event) => reckon(event.target.form));
  reckon(document.getElementById("choices"));

  // --- The category strip: where the browser does not mark the current one itself ---

  const links = new Map([...document.querySelectorAll(".strip a")].map((link) => [link.hash.slice(1), link]));
  if (links.size && !CSS.supports("scroll-target-group: auto")) {
    const mark = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        const link = links.get(entry.target.id);
        link.setAttribute("aria-current", "true");
        link.parentElement.parentElement.scrollLeft = link.offsetLeft - 40;
      }
    }, { rootMargin: "-20% 0px -75% 0px" });
    for (const id of links.keys()) mark.observe(document.getElementById(id));
  }
})();
