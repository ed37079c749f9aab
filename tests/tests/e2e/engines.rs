//! The same page in other engines: a link made in Chromium leads each of them to the same state, and from there it steps,
//! explores, and says what it cannot do. Firefox has threads; WebKitGTK shares no memory with workers, so there all is on one.

use std::sync::LazyLock;

use p2mscope_tests::harness::{Engine, Page, Server, built, in_engine, with_page};
use serde_json::json;
use std::sync::mpsc;

use super::lesson::choose;
use super::share::seen;
use super::text::paste;

const HOME: &str = "\u{e011}";
const LEFT: &str = "\u{e012}";
const RIGHT: &str = "\u{e014}";
const ESCAPE: &str = "\u{e00c}";

/// Steps of the schedule that is handed on, and how many of them are taken back before it is.
const STEPS: usize = 200;
const BACK: usize = 7;

/// A link's letters, and what was seen of the page that it was made of.
struct Made {
    letters: String,
    seen: String,
}

/// Made once for all tests here.
static MADE: LazyLock<Made> = LazyLock::new(make);

/// Eight actors who meet in three ranges.
fn eight() -> String {
    let mut text = "id = \"eight\"\ntitle = \"Eight\"\ngoal = \"Meet.\"\n\n[[domain]]\nid = 1\ntables = 8\n\
                    map = \"0 = ram_rw; 0x200 = ram_rw; 0x400 = ram_rw\"\n"
        .to_owned();
    for (i, name) in ["V0", "V1", "V2", "V3", "V4", "V5", "V6", "V7"].into_iter().enumerate() {
        let page = 0x200 * (i % 3);
        text += &format!(
            "\n[[actor]]\nname = \"{name}\"\nkind = \"vcpu\"\ndomain = 1\nprogram = \"\"\"\nrepeat 40 {{\n  e = get_gfn 1:{page:#x}\n  \
             put_gfn 1:{page:#x}\n}}\n\"\"\"\n"
        );
    }
    text
}

/// Two hundred steps by chance, some of them taken back; with things picked and panels chosen.
fn make() -> Made {
    let (tell, told) = mpsc::channel();
    with_page("/", move |page| async move {
        choose(&page, "Lesson", "S14").await;
        page.keys("t").await;
        page.css("#edit textarea").await;
        paste(&page, &eight()).await;
        page.until("p2mscope.text.startsWith('id = \"eight\"') && !document.querySelector('#faults li')").await;
        page.keys(ESCAPE).await;
        page.css("[data-testid=actor-V7]").await;
        choose(&page, "Locks", "2 MB").await;
        page.click("button", "effect").await;
        turn(&page).await;
        let script = format!(
            "const done = arguments[0];
             const at = () => document.querySelector('#position').innerText.split(' ')[0];
             (async () => {{
               while (at() !== '{STEPS}') {{
                 const before = at();
                 document.querySelector('#step').click();
                 while (at() === before) await new Promise(requestAnimationFrame);
               }}
             }})().then(done);"
        );
        page.client().execute_async(&script, vec![]).await.unwrap();
        page.keys(&LEFT.repeat(BACK)).await;
        page.until(&format!("document.querySelector('#position').innerText === '{} / {STEPS}'", STEPS - BACK)).await;
        // What is picked, and what stands below the waits and beside the walk.
        page.css("[data-testid=actor-V5] button").await.click().await.unwrap();
        page.keys("w").await;
        page.css("#watchers").await;
        choose(&page, "Beside", "one for all").await;
        page.css("#beside").await;
        page.keys("s").await;
        let link = page.until("document.querySelector('#share-link').value").await;
        page.keys(ESCAPE).await;
        page.until("!document.querySelector('#share')").await;
        let letters = link.as_str().unwrap().split_once('#').unwrap().1.to_owned();
        tell.send(Made { seen: laid_out(&page).await, letters }).unwrap();
    });
    told.recv().expect("a link was made")
}

/// What there is to be compared: the state, what is marked, and which panels there are.
async fn laid_out(page: &Page) -> String {
    let panels = page
        .eval(
            "[...document.querySelectorAll('.app .panel')].map((it) => it.id).join()
               + '|' + [...document.querySelectorAll('[data-testid^=actor-]')].filter((it) => it.matches('.picked'))
                 .map((it) => it.dataset.testid).join()
               + '|' + [...document.querySelectorAll('.app button[aria-pressed=true]')].map((it) => it.innerText.replace(/\\s+/g, ' ').trim()).join()",
        )
        .await;
    format!("{} {}", seen(page).await, panels.as_str().unwrap())
}

/// The short group that is tried in each engine.
async fn works(page: &Page, threads: bool) {
    // Opened with empty storage, from a link of another engine.
    page.until(&format!("document.querySelector('#position').innerText === '{} / {STEPS}'", STEPS - BACK)).await;
    page.until("!document.querySelector('#notice')").await;
    assert_eq!(laid_out(page).await, MADE.seen);
    assert!(MADE.letters.len() < 2_000, "{}", MADE.letters.len());

    // Stepped into a deadlock.
    choose(page, "Lesson", "S14").await;
    page.keys(ESCAPE).await;
    choose(page, "Beside", "nothing").await;
    let ring = "document.querySelector('#waits .words').innerText.startsWith('TS1 -> TS2 -> TS1: ')";
    page.click("button", "lock event").await;
    turn(page).await;
    for _ in 0..20 {
        if page.eval(ring).await == json!(true) {
            break;
        }
        let before = page.eval("document.querySelector('#position').innerText").await;
        page.keys(RIGHT).await;
        page.until(&format!("document.querySelector('#position').innerText !== {before}")).await;
    }
    assert_eq!(page.eval(ring).await, json!(true), "{}", page.text().await);

    // Found by a search, on all threads or on this one; Live runs, or says what is missing.
    page.keys(HOME).await;
    page.keys("ee").await;
    page.until("document.querySelector('#verdict').innerText.startsWith('Deadlock: the shortest way there')").await;
    let alone = page.eval("document.body.innerText.includes('On this thread alone')").await;
    assert_eq!(alone, json!(!threads));
    page.keys("ll").await;
    let says = if threads { "deadlock, for real: TS1 -> TS2 -> TS1" } else { "the browser refuses a thread" };
    page.until(&format!("document.querySelector('#live-says').innerText.includes('{says}')")).await;
    assert_eq!(page.eval("document.querySelector('#trouble')").await, json!(null));
}

/// Has the next one chosen in the other way; a narrow page has no room for that button.
async fn turn(page: &Page) {
    let before = page.eval("document.querySelector('.turn').ariaLabel").await;
    page.eval("document.querySelector('.turn').click()").await;
    page.until(&format!("document.querySelector('.turn').ariaLabel !== {before}")).await;
}

fn opens(engine: Engine, threads: bool) {
    let server = Server::start(&built(), true);
    let address = format!("{}/#{}", server.url(), MADE.letters);
    in_engine(engine, &address, move |page| async move {
        works(&page, threads).await;
        page.shot(&format!("in-{engine:?}")).await;
        drop(server);
    });
}

#[test]
fn a_link_opens_and_all_works_in_firefox() {
    opens(Engine::Firefox, true);
}

#[test]
fn a_link_opens_and_all_but_live_works_in_webkit() {
    opens(Engine::WebKit, false);
}
