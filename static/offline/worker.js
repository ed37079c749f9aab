// The service worker of what `cargo xtask dist` makes, which fills in the two constants. It keeps the page's files, so that
// the page works without the network after one visit, and adds the headers that isolate the page on hosts that send none.
//
// The page itself is asked for on the network first, so that a new release is seen at once; all else has its content's
// hash in its name and comes from the cache. A new worker waits until no page of the old release is open.
"use strict";

const RELEASE = "{{release}}";
const FILES = {{files}};

// Other copies of the page may live on this origin.
const ours = `p2mscope ${registration.scope} `;
const CACHE = ours + RELEASE;
/// ms that the network has to answer when the page is asked for.
const PATIENCE = 3000;

const isolated = (response) => {
  // An opaque or failed answer cannot be copied, and one without a body need not be.
  if (!response.ok) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "cross-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
};

const kept = async (request) => (await caches.open(CACHE)).match(request, { ignoreSearch: true });

const page = async (request) => {
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE));
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (answer.ok) return answer;
  } catch {
    // No network, or too slow a one.
  }
  return (await kept("./")) ?? fetch(request);
};

const answer = async (request) => {
  const { pathname } = new URL(request.url);
  const root = new URL(registration.scope).pathname;
  const isPage = request.mode === "navigate" && [root, `${root}index.html`].includes(pathname);
  return isolated(isPage ? await page(request) : ((await kept(request)) ?? (await fetch(request))));
};

addEventListener("install", (event) => {
  // An older page in the browser's own cache would name files that are no more.
  const page = new Request("./", { cache: "no-cache" });
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([page, ...FILES])));
});

addEventListener("activate", (event) => {
  const clear = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith(ours) && name !== CACHE);
    await Promise.all(names.map((name) => caches.delete(name)));
    await clients.claim();
  };
  event.waitUntil(clear());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(registration.scope)) event.respondWith(answer(request));
});
