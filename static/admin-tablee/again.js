// The list of undelivered orders shows itself anew, and leaves the reader, the focus and what was said where they are.
// Without JavaScript the page is loaded again (WCAG 2.2.1: nobody who reads it has to begin anew).
const every = Number(document.getElementById("content-main").dataset.again) * 1000;

async function look() {
  const list = document.getElementById("content-main");
  let answer;
  try {
    answer = await fetch(location.href, { signal: AbortSignal.timeout(every) });
  } catch {
    document.getElementById("old").hidden = false;
    return;
  }
  // Somebody logged out meanwhile: the page of the login is another page.
  if (answer.redirected) location.reload();
  document.getElementById("old").hidden = answer.ok;
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("content-main");
  const banner = document.getElementById("banner"), now = page.getElementById("banner");
  if (banner?.outerHTML !== now?.outerHTML) {
    banner?.remove();
    if (now) document.getElementById("content-start").prepend(now);
  }
  if (fresh && fresh.innerHTML !== list.innerHTML) {
    const focus = list.contains(document.activeElement) ? document.activeElement.id : "";
    list.replaceChildren(...fresh.childNodes);
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  }
}

setInterval(look, every);
