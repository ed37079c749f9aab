//! The page comes up, isolated and quiet, and has threads.

use std::fs;
use std::path::Path;

use p2mscope_tests::harness::{Page, Server, built, copy, with_page, with_plain_page, with_url};
use serde_json::json;

#[test]
fn the_page_opens_isolated_and_says_nothing_bad() {
    with_page("/", |page| async move {
        page.role("heading", "p2mscope").await;
        assert_eq!(page.eval("crossOriginIsolated").await, json!(true));
        assert_eq!(page.client().title().await.unwrap(), "p2mscope");
        page.expect_no_errors().await;
    });
}

#[test]
fn workers_and_the_pool_share_one_memory() {
    with_page("/#selftest", |page| async move {
        page.until_text("Three workers and a pool counted to 300000 of 300000.").await;
        page.expect_no_errors().await;
    });
}

#[test]
fn a_plain_host_gets_the_page_with_the_reason_for_one_thread() {
    with_plain_page("/#selftest", |page| async move {
        page.until_text("One thread only: the browser refuses a thread over shared memory: DataCloneError").await;
        assert_eq!(page.eval("crossOriginIsolated").await, json!(false));
    });
}

/// One that an older page left behind would go on serving that page.
#[test]
fn a_service_worker_of_the_loopback_is_unregistered() {
    let change = |folder: &Path| {
        fs::write(folder.join("old.js"), "").unwrap();
        fs::write(folder.join("old.html"), "<!doctype html><title>An older page</title>").unwrap();
    };
    with_changed_page(change, |page| async move {
        let origin = page.eval("location.origin").await;
        let origin = origin.as_str().unwrap();
        page.goto(&format!("{origin}/old.html")).await;
        page.eval("navigator.serviceWorker.register('/old.js'), 0").await;
        page.eval("navigator.serviceWorker.ready.then(() => window.active = true), 0").await;
        page.until("window.active").await;
        page.goto(origin).await;
        let count = "navigator.serviceWorker.getRegistrations().then((it) => window.count = it.length)";
        page.until(&format!("({count}, window.count === 0)")).await;
    });
}

#[test]
fn where_1_gib_is_refused_the_page_starts_with_256_mib() {
    let refuse = "<script>{ const { Memory } = WebAssembly; WebAssembly.Memory = function (it) {
        if (it.maximum > 4096) { window.refused = it.maximum; throw new RangeError(\"no\"); }
        return new Memory(it); }; WebAssembly.Memory.prototype = Memory.prototype; }</script>";
    let change = |folder: &Path| {
        let index = folder.join("index.html");
        let text = fs::read_to_string(&index).unwrap();
        fs::write(index, text.replacen("<head>", &format!("<head>{refuse}"), 1)).unwrap();
    };
    with_changed_page(change, |page| async move {
        page.role("heading", "p2mscope").await;
        assert_eq!(page.eval("window.refused").await, json!(16384));
    });
}

/// Opens a copy of the built page in which `change` has changed something.
fn with_changed_page<F: Future<Output = ()> + 'static>(change: impl FnOnce(&Path), test: impl FnOnce(Page) -> F) {
    let folder = tempfile::tempdir().unwrap();
    copy(&built(), folder.path());
    change(folder.path());
    let server = Server::start(folder.path(), true);
    with_url(&server.url(), test);
}
