// What a worker of ours runs, as a module made from this text: it loads the page's own module over the page's own
// memory, and then is told in Rust what to do. Messages are arrays, kind first; see worker.rs.
addEventListener("message", async ({ data: { url, module, memory, stack, job } }) => {
  const fail = (error) => postMessage(["failed", String(error)]);
  addEventListener("unhandledrejection", (event) => fail(event.reason));
  try {
    postMessage(["alive"]);
    const page = await import(url);
    postMessage(["alive"]);
    await page.default({ module_or_path: module, memory, thread_stack_size: stack });
    postMessage(["alive"]);
    await page.worker_entry(job);
  } catch (error) {
    fail(error);
  }
}, { once: true });
