// Runs a job of the bench's own module, and tells what came out of it and how many ms it took.
import start, * as bench from "./p2mscope_bench.js";

const ready = start();

addEventListener("message", async ({ data: [job, argument] }) => {
  try {
    await ready;
    const begin = performance.now();
    const result = bench[job](argument);
    postMessage({ result, ms: performance.now() - begin });
  } catch (error) {
    postMessage({ failed: String(error) });
  }
});
