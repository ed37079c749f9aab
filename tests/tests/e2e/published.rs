//! What `cargo xtask dist` makes: isolated on a plain host under any address, whole without the network after one visit,
//! shown in a frame of another origin, and at work where nothing may be stored.

use std::fs;

use p2mscope_tests::harness::{Engine, Page, Server, copy, dist, in_engine, with_url};
use serde_json::{Value, json};

use super::lesson::choose;

/// The published page under an address of some depth, on a host that sends no headers of its own; and that address.
fn hosted() -> (tempfile::TempDir, Server, String) {
    let folder = tempfile::tempdir().unwrap();
    copy(&dist(), &folder.path().join("of/a/course"));
    let server = Server::start(folder.path(), false);
    let address = format!("{}/of/a/course/", server.url());
    (folder, server, address)
}

/// What the console has said of the policy: each line is something that was refused.
async fn refused(page: &Page) -> Vec<String> {
    let lines = page.console().await;
    lines.into_iter().filter(|line| line.contains("Content Security Policy")).collect()
}

/// Opens each built-in lesson and takes a step; how many there are.
async fn all_lessons(page: &Page) -> Value {
    let script = "const done = arguments[0];
        const frame = () => new Promise(requestAnimationFrame);
        const position = () => document.querySelector('#position').innerText;
        (async () => {
          const list = document.querySelector('select[aria-label=Lesson]');
          const all = list.options.length;
          for (let i = 0; i < all; i++) {
            list.selectedIndex = i;
            list.dispatchEvent(new Event('change', { bubbles: true }));
            while (!position().startsWith('0 ') || list.selectedIndex !== i) await frame();
            document.querySelector('#step').click();
            while (position().startsWith('0 ')) await frame();
          }
          return all;
        })().then(done, (error) => done(String(error)));";
    page.client().execute_async(script, vec![]).await.unwrap()
}

#[test]
fn on_a_plain_host_it_isolates_itself_and_needs_no_network_after_one_visit() {
    let (folder, server, address) = hosted();
    with_url(&format!("{address}#selftest"), |page| async move {
        // The host sends no headers: the service worker supplies them, and the page is loaded once more.
        page.eventually("document.body.innerText.includes('Three workers and a pool counted to 300000 of 300000.')")
            .await;
        assert_eq!(page.eval("crossOriginIsolated").await, json!(true));
        assert_eq!(page.eval("performance.getEntriesByType('navigation')[0].type").await, json!("reload"));
        assert_eq!(refused(&page).await, [""; 0]);

        drop(server);
        drop(folder);
        page.goto("about:blank").await;
        page.goto(&address).await;
        page.css("#step").await;
        let cut = "fetch('about.txt', { cache: 'no-store' }).then(() => window.cut = false, () => window.cut = true)";
        page.until(&format!("({cut}, window.cut)")).await;
        let lessons = all_lessons(&page).await;
        assert!(lessons.as_u64().is_some_and(|n| n >= 30), "{lessons}");
        // Workers too come from what was kept: a search, and live threads.
        choose(&page, "Lesson", "S14").await;
        page.keys("ee").await;
        page.until("document.querySelector('#verdict').innerText.startsWith('Deadlock: ')").await;
        assert_eq!(page.eval("document.body.innerText.includes('On this thread alone')").await, json!(false));
        page.keys("ll").await;
        page.until("document.querySelector('#live-says').innerText.includes('deadlock, for real')").await;
        assert_eq!(refused(&page).await, [""; 0]);
    });
}

#[test]
fn the_frame_that_is_handed_out_shows_the_same_state_on_another_origin() {
    let (_folder, server, address) = hosted();
    let outside = tempfile::tempdir().unwrap();
    let other = Server::start(outside.path(), false);
    with_url(&address.clone(), |page| async move {
        page.eventually("crossOriginIsolated && document.querySelector('#step')").await;
        choose(&page, "Lesson", "S14").await;
        page.keys("12").await;
        page.until("document.querySelector('#position').innerText.startsWith('2 ')").await;
        let sentence = page.eval("document.querySelector('#sentence').innerText").await;
        page.keys("s").await;
        let frame = page.until("document.querySelector('#share-embed').value").await;
        let frame = frame.as_str().unwrap();
        fs::write(
            outside.path().join("index.html"),
            format!("<!doctype html><title>Slides</title><h1>Slides</h1>{frame}"),
        )
        .unwrap();

        page.goto(&other.url()).await;
        page.client().clone().enter_frame(0).await.unwrap();
        page.until("document.querySelector('#position').innerText.startsWith('2 ')").await;
        assert_eq!(page.eval("document.querySelector('#sentence').innerText").await, sentence);
        let outer = "(() => { try { return top.document.title; } catch { return 'another origin'; } })()";
        assert_eq!(page.eval(outer).await, json!("another origin"));
        assert_eq!(page.eval("crossOriginIsolated").await, json!(false));
        // Nothing of what surrounds the stage; it steps, and leads to the whole page in the state that it has then.
        let more = "[...document.querySelectorAll('.head select, .head .segments, #edit, #timeline')]
            .map((it) => it.outerHTML.slice(0, 200)).join()";
        assert_eq!(page.eval(more).await, json!(""));
        page.shot("embed").await;
        page.css("#step").await.click().await.unwrap();
        page.until("document.querySelector('#position').innerText.startsWith('3 ')").await;
        let sentence = page.eval("document.querySelector('#sentence').innerText").await;
        let full = page.eval("document.querySelector('#open-full').href").await;
        let full = full.as_str().unwrap().to_owned();
        assert!(full.starts_with(&format!("{address}#1.")), "{full}");
        page.client().clone().enter_parent_frame().await.unwrap();
        page.goto(&full).await;
        page.eventually("document.querySelector('#position').innerText.startsWith('3 ')").await;
        page.css("#timeline").await;
        assert_eq!(page.eval("document.querySelector('#sentence').innerText").await, sentence);
        drop(server);
    });
}

#[test]
fn where_nothing_may_be_stored_everything_works() {
    let (_folder, server, address) = hosted();
    in_engine(Engine::Forgetful, &address, |page| async move {
        page.css("#step").await;
        let storage = "(() => { try { return localStorage.length; } catch (error) { return error.name; } })()";
        assert_eq!(page.eval(storage).await, json!("SecurityError"));
        choose(&page, "Lesson", "S14").await;
        page.keys("1").await;
        page.until("document.querySelector('#position').innerText.startsWith('1 ')").await;
        // What would be kept from visit to visit lasts as long as the page is open.
        let theme = page.eval("document.documentElement.dataset.theme").await;
        page.css("button[aria-label$=' theme']").await.click().await.unwrap();
        page.until(&format!("document.documentElement.dataset.theme !== {theme}")).await;
        page.keys("ee").await;
        page.until("document.querySelector('#verdict').innerText.startsWith('Deadlock: ')").await;
        page.keys("s").await;
        page.until("document.querySelector('#share-link').value.includes('#1.')").await;
        let link = page.eval("document.querySelector('#share-link').value").await;
        page.goto("about:blank").await;
        page.goto(link.as_str().unwrap()).await;
        page.until("document.querySelector('#position').innerText.startsWith('1 ')").await;
        page.expect_no_errors().await;
        drop(server);
    });
}
