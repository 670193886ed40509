// Without a network, a carte can be read. No order is kept, sent or sent again here: no POST is touched, and no page
// of a visit is kept. All is asked of the network first, so nothing old is shown where there is one.
"use strict";

const FILES = {{ files|safe }};
const SHELL = "tablee-files-{version}"; // hashed names, and nothing of a guest
const HOUSE = "tablee-carte"; // the public carte, as everybody sees it; forgotten with the visit
const A_DAY = 24 * 3600 * 1000; // no visit is longer; who never came back to see its end leaves no more behind

const MAY_KEEP = /^\/r\/[a-z0-9-]+\/(carte\/|offline\/|brand\.[0-9a-f]{8}\.css|photo\/[0-9a-f]{64}\/logo\.webp)$/;
const OF_HOUSE = /\/(brand\.[0-9a-f]{8}\.css|logo\.webp)$/;
const OF_PHONES = /^\/(v|r|t)\//;

const forgetOld = async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("tablee-files-") && name !== SHELL) await caches.delete(name);
  }
  const house = await caches.open(HOUSE);
  for (const request of await house.keys()) {
    const kept = await house.match(request);
    if (Date.now() - Date.parse(kept.headers.get("Date") ?? 0) > A_DAY) await house.delete(request);
  }
};

addEventListener("install", (event) => {
  skipWaiting();
  // What a page sends as it goes is lost where it would wait for the worker (Chromium).
  event.addRoutes?.({ condition: { requestMethod: "POST" }, source: "network" });
  event.waitUntil(caches.open(SHELL).then((shell) => shell.addAll(FILES)));
});

addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([forgetOld(), clients.claim(), registration.navigationPreload?.enable()]));
});

// Of what is only kept, it says from when it is: in the page's own words, which are hidden while there is a network.
const dated = async (answer) => {
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name); // of what came
  return new Response((await answer.text()).replace(" hidden data-kept", " data-kept"), { headers });
};

// A page of a visit says what to keep. It is fetched without cookies: what comes is what everybody may read.
addEventListener("message", (event) => {
  event.waitUntil((async () => {
    await forgetOld();
    const house = await caches.open(HOUSE);
    for (const address of event.data.keep) {
      const url = new URL(address, location.origin);
      if (url.origin !== location.origin || !MAY_KEEP.test(url.pathname)) continue;
      const answer = await fetch(url, { credentials: "omit", cache: event.data.anew ? "reload" : "default" });
      if (answer.ok && !answer.redirected) await house.put(url, url.pathname.endsWith("/carte/") ? await dated(answer) : answer);
    }
    event.ports[0]?.postMessage("kept");
  })());
});

// In another language rather than not at all; but whole where it was to be without something, it would be a lie (P22).
const carte = async (house, url) => {
  if (!/^\/r\/[^/]+\/carte\/$/.test(url.pathname)) return undefined;
  if ([...url.searchParams].some(([name, value]) => value && name !== "lang")) return undefined;
  return await house.match(url) ?? house.match(url, { ignoreSearch: true });
};

const instead = async (house) => {
  const pages = (await house.keys()).filter(({ url }) => new URL(url).pathname.endsWith("/offline/"));
  return pages.length ? house.match(pages.at(-1)) : undefined;
};

const asked = async (event) => await event.preloadResponse ?? await fetch(event.request);

const page = async (event) => {
  try {
    return await asked(event);
  } catch (error) {
    await forgetOld();
    const house = await caches.open(HOUSE);
    const shown = await carte(house, new URL(event.request.url)) ?? await instead(house);
    if (!shown) throw error;
    return shown;
  }
};

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && OF_PHONES.test(url.pathname)) event.respondWith(page(event));
  // The browser has asked already, and would ask once more: a waiter's phone has been a guest's, too.
  else if (request.mode === "navigate") event.respondWith(asked(event));
  else if (FILES.includes(url.pathname) || OF_HOUSE.test(url.pathname)) {
    event.respondWith(fetch(request).catch(async () => await caches.match(url) ?? Response.error()));
  }
});
