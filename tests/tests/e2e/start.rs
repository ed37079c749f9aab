//! The page comes up, isolated and quiet, and has threads.

use p2mscope_tests::harness::{with_page, with_plain_page};
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
