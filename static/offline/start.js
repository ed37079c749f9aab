// Put before the script that starts the page, in what `cargo xtask dist` makes. It registers the service worker (worker.js).
// On a host that sends no isolation headers it waits for it, and loads the page once more through it, before anything has
// begun. Where there is no service worker (storage refused, not served securely, in a frame), the page starts as it is.
document.documentElement.dataset.offline = "";
{
  // In a frame isolation is the outer page's affair, and asking for service workers throws where storage is refused.
  const register = async () => top === window && (await navigator.serviceWorker?.register("./worker.js"));
  if (crossOriginIsolated) {
    // The page first, then its copy for later.
    addEventListener("TrunkApplicationStarted", () => register().catch(() => {}), { once: true });
  } else {
    let waits = true;
    const through = async () => {
      if (!(await register()) || history.state?.through) return;
      await navigator.serviceWorker.ready;
      if (!waits) return;
      // Noted in this entry of the history, which is kept where storage is not: it is never done a second time.
      history.replaceState({ through: true }, "");
      location.reload();
      await new Promise(() => {});
    };
    // Whoever has waited that long gets the page on one thread.
    const patience = new Promise((over) => setTimeout(over, 8000));
    await Promise.race([through().catch(() => {}), patience]);
    waits = false;
  }
}
