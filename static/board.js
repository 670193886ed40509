// All that the board does by itself. Every page works without it; the words are the page's own.
"use strict";

(() => {
  const words = document.getElementById("words")?.content;
  const word = (when) => words?.querySelector(`[data-when="${when}"]`)?.cloneNode(true) ?? "";
  const failure = document.getElementById("failure");

  // --- How old the page is: each answer says when it was true, one that changes nothing too ---

  const age = document.getElementById("age");
  let seen = "";
  let heard = Date.now();

  const look = () => {
    const live = document.getElementById("live");
    if (live?.hasAttribute("hx-get")) htmx.trigger(live, "look");
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
    if (!asOf) return;
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
})();
