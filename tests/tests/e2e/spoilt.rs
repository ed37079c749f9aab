//! Five hundred links and five hundred lesson texts, spoilt by chance, in one session: each gets its answer in words, the page
//! goes on, and the user's own text is what it was.

use p2mscope_tests::harness::with_page;
use serde_json::json;

use super::text::paste;

/// How many of each.
const MANY: usize = 500;

/// Opens spoilt links, one after the other, and gives how many were answered in words; then texts, each as a link that holds
/// it whole, and how many of those had faults. What could be wrong ends it with a reason.
const SPOIL: &str = r##"
const [letters, many, done] = arguments;
let seed = 20260801;
const below = (n) => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return Math.floor((seed / 2 ** 32) * n); };
const frame = () => new Promise(requestAnimationFrame);
const one = (selector) => document.querySelector(selector);
const signs = [..."{}()[]\"'=#,;:.~%\n\0\u{1f600}eJz09_-"];
const spoil = (text) => {
  for (let n = 1 + below(3); n > 0; n--) {
    const at = below(text.length + 1);
    const cut = below(4);
    const more = ["", signs[below(signs.length)], text.slice(at, at + below(40)), String(below(2 ** 31))][below(4)];
    text = text.slice(0, at) + more + text.slice(at + cut);
  }
  return text;
};
const open = async (link) => {
  const heard = new Promise((next) => addEventListener("hashchange", next, { once: true }));
  const before = location.hash;
  location.hash = "#" + link;
  if (location.hash === before) return false;
  await heard;
  await frame();
  if (one("#trouble")) throw one("#trouble").innerText + " after " + link;
  return true;
};
const packed = async (text) => {
  const stream = new Blob([JSON.stringify({ l: { t: text } })]).stream().pipeThrough(new CompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return "1." + btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
(async () => {
  const mine = one("#edit textarea").value;
  let told = 0;
  for (let i = 0; i < many; i++) {
    const link = spoil(letters);
    if (link === letters || !(await open(link))) continue;
    if ((one("#notice")?.innerText ?? "").length > 20) told++;
    if (one("#edit textarea").value !== mine) throw "the text was lost after " + link;
  }
  let faulty = 0;
  for (let i = 0; i < many; i++) {
    if (!(await open(await packed(spoil(mine))))) continue;
    const faults = [...document.querySelectorAll("#faults li")].map((it) => it.innerText);
    if (faults.some((it) => !/^\d+:\d+ ./.test(it))) throw "a fault without a place: " + faults.join();
    if (faults.length) faulty++;
    else if (!one("#step")) throw "neither faults nor a run";
  }
  return { told, faulty };
})().then(done, (error) => done({ failed: String(error) }));
"##;

#[test]
fn a_thousand_spoilt_links_and_texts_are_each_answered() {
    with_page("/", |page| async move {
        page.keys("t").await;
        let text = page.until("document.querySelector('#edit textarea').value").await;
        let mine = format!("# mine\n{}", text.as_str().unwrap());
        paste(&page, &mine).await;
        page.until("p2mscope.text.startsWith('# mine')").await;
        page.keys("\u{e00c}").await;
        page.keys("1123").await;
        page.keys("t").await;
        page.keys("s").await;
        let link = page.until("document.querySelector('#share-link, #share-long').value").await;
        let letters = link.as_str().unwrap().split_once('#').unwrap().1.to_owned();
        page.keys("\u{e00c}").await;
        page.until("!document.querySelector('#share')").await;
        let told = page.client().execute_async(SPOIL, vec![json!(letters), json!(MANY)]).await.unwrap();
        assert!(told["failed"].is_null(), "{told}");
        // Letters that were changed do not fit their check value, so nearly all are refused; of texts some are still good.
        assert!(told["told"].as_u64().is_some_and(|n| n > 450), "{told}");
        assert!(told["faulty"].as_u64().is_some_and(|n| n > 200), "{told}");
        // The page goes on.
        paste(&page, &mine).await;
        page.until("document.querySelectorAll('#faults li').length === 0").await;
        page.css("#step").await.click().await.unwrap();
        page.until("document.querySelector('#position').innerText.startsWith('1 ')").await;
        page.expect_no_errors().await;
    });
}
