// What the page is watched with while rows 15 and 17 are measured: put into its head, so that it is there before it.
// Times are ms since the navigation began.
window.bench = (() => {
  const one = (selector) => document.querySelector(selector);
  const said = (selector) => one(selector)?.innerText ?? "";
  const frame = () => new Promise(requestAnimationFrame);
  // After the frame that is drawn next: a message is taken when that has been painted.
  const painted = async () => {
    await frame();
    await new Promise((seen) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = seen;
      port2.postMessage(0);
    });
  };
  const key = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const until = async (so) => {
    while (!so()) await frame();
    return performance.now();
  };
  // Clicks a button of a panel; where the panel is not open, that key opens it.
  const press = async (panel, opens, name) => {
    const button = () => [...document.querySelectorAll(`${panel} button`)].find((it) => it.innerText.startsWith(name));
    if (!one(`${panel} .buttons`)) key(opens);
    await until(button);
    button().click();
  };
  const bench = { said, until, key };
  bench.threads = async (wish) => { await press("#live", "l", wish); return true; };
  bench.explore = async () => { await press("#explore", "e", "Explore"); return true; };

  // When a step is possible: its button is there, and works.
  const possible = () => one("#step") && !one("#step").disabled && document.documentElement.dataset.keys === "heard";
  until(possible).then((at) => { bench.possible = at; });

  // ms from a click on Step to its paint, so many times; back at the start whenever nobody can step.
  bench.steps = async (times) => {
    const all = [];
    while (all.length < times) {
      await painted();
      const before = said("#position");
      const begin = performance.now();
      one("#step").click();
      await painted();
      if (said("#position") !== before) all.push(performance.now() - begin);
      else { key("Home"); await until(() => said("#position").startsWith("0 ")); }
    }
    return all;
  };

  // ms of each frame for that long.
  bench.frames = async (ms) => {
    const all = [];
    let last = await frame();
    const end = last + ms;
    while (last < end) {
      const now = await frame();
      all.push(now - last);
      last = now;
    }
    return all;
  };

  // Starts threads; gives at most how many ms a deadlock had stood when it was shown. The page looks at its threads now
  // and then; the ring has closed after the last look but one at which somebody had done more than before.
  bench.deadlock = async () => {
    const counts = () => [...document.querySelectorAll(".threads .operations")].map((it) => it.innerText).join();
    let [seen, looks] = [counts(), [performance.now(), performance.now()]];
    const deadlocked = () => {
      const now = counts();
      if (now !== seen) [seen, looks] = [now, [looks[1], performance.now()]];
      return said("#live-says").includes("deadlock, for real");
    };
    await press("#live", "l", "Start threads");
    const shown = await until(deadlocked);
    return shown - looks[0];
  };

  // Stops the search that runs; gives how many ms later the page says so.
  bench.cancel = async () => {
    const begin = performance.now();
    await press("#explore", "e", "Stop");
    await until(() => said("#verdict").startsWith("Stopped"));
    await painted();
    return performance.now() - begin;
  };
  return bench;
})();
