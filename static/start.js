// What must stand before the page's module is loaded, and must go on when that module is dead.
"use strict";

// A device with little to spare may refuse a shared memory that could grow to 1 GiB; then 256 MiB have to do.
{
  const { Memory } = WebAssembly;
  WebAssembly.Memory = function (descriptor) {
    try {
      return new Memory(descriptor);
    } catch {
      return new Memory({ ...descriptor, maximum: 4096 });
    }
  };
  WebAssembly.Memory.prototype = Memory.prototype;
}

// Trouble: a program error of the page's own, in whatever thread. The page's module tells of it (p2mscope.trouble), and
// where it is too dead for that, the browser does. The sheet is made here, from plain elements, and needs nothing of the
// module; the module puts the lesson's text into p2mscope.text whenever it changes.
globalThis.p2mscope = {
  text: "",

  trouble(what) {
    if (document.getElementById("trouble")) return;
    const area = document.querySelector("#edit textarea");
    const text = area ? area.value : p2mscope.text;
    const make = (tag, words, more = {}) => Object.assign(document.createElement(tag), { textContent: words }, more);
    const said = make("p", "");
    said.setAttribute("role", "status");
    const kept = make("textarea", "", { value: text, readOnly: true, rows: 10, id: "trouble-text" });
    kept.setAttribute("aria-label", "Your text");
    const button = (words, act) => {
      const it = make("button", words, { type: "button" });
      it.addEventListener("click", act);
      return it;
    };
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(text);
        said.textContent = "Copied.";
      } catch {
        kept.select();
        said.textContent = "The browser does not let this page copy; the text is selected instead.";
      }
    };
    const save = () => {
      const href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
      make("a", "", { href, download: "lesson.toml" }).click();
      setTimeout(() => URL.revokeObjectURL(href), 10000);
    };
    const again = button("Load the page again", () => location.reload());
    again.className = "primary";
    const buttons = make("div", "", { className: "buttons" });
    buttons.append(button("Copy the text", copy), button("Save it as a file", save), again);
    const heading = make("h2", "p2mscope has made a mistake", { id: "trouble-heading" });
    const sheet = make("div", "", { className: "sheet" });
    sheet.setAttribute("role", "alertdialog");
    sheet.setAttribute("aria-modal", "true");
    sheet.setAttribute("aria-labelledby", heading.id);
    sheet.append(
      heading,
      make("p", "This is a fault of the program, not of your text. Nothing goes on from here; the page can be loaded again."),
      make("pre", what, { id: "trouble-what" }),
      make("p", "The lesson's text as it stands:"),
      kept,
      said,
      buttons,
    );
    const veil = make("div", "", { className: "veil", id: "trouble" });
    veil.append(sheet);
    document.body.append(veil);
    again.focus();
    // The page below hears nothing more: its module may not be called again.
    for (const kind of ["keydown", "keyup", "click", "input", "change", "focusin"]) {
      addEventListener(kind, (event) => veil.contains(event.target) || event.stopImmediatePropagation(), true);
    }
    addEventListener("keydown", (event) => {
      if (event.key !== "Tab") return event.stopPropagation();
      const all = [kept, ...buttons.children];
      const to = all.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
      event.preventDefault();
      event.stopPropagation();
      all.at(to % all.length).focus();
    }, true);
  },
};
{
  // What ends a module without a word of its own: a trap, a stack that is full, no memory.
  const deadly = (error) =>
    error instanceof WebAssembly.RuntimeError || /recursion|call stack|out of memory/i.test(error?.message ?? "");
  const starting = (why) => {
    const loading = document.querySelector(".loading");
    if (loading) loading.textContent = `p2mscope cannot be started here: ${why}`;
    return loading;
  };
  addEventListener("error", (event) => {
    if (event.target instanceof HTMLScriptElement) starting(`${event.target.src} cannot be loaded.`);
    else if (!starting(event.message) && deadly(event.error)) p2mscope.trouble(String(event.error));
  }, true);
  addEventListener("unhandledrejection", ({ reason }) => {
    if (!starting(String(reason)) && deadly(reason)) p2mscope.trouble(String(reason));
  });
}
