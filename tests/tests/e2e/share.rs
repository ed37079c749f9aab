//! What is handed out: links that lead another browser to the same state, and files.

use std::sync::{Arc, Mutex};

use p2mscope_tests::harness::{Page, with_page};

use super::lesson::choose;

const ESCAPE: &str = "\u{e00c}";
const LEFT: &str = "\u{e012}";

/// What there is to be compared of two pages.
pub async fn seen(page: &Page) -> String {
    page.keys("s").await;
    page.css("#state-hash").await;
    let all = page
        .eval(
            "['#state-hash', '#position', '#sentence', '#timeline .forks'].map((it) => document.querySelector(it)?.innerText)
               .concat([...document.querySelectorAll('[aria-label=Locks] option, [aria-label=Lesson] option')]
                 .filter((it) => it.selected).map((it) => it.innerText)).join('|')",
        )
        .await;
    page.keys(ESCAPE).await;
    page.until("!document.querySelector('#share')").await;
    all.as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_link_leads_another_browser_to_the_same_state() {
    let (link, was) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(String::new())));
    {
        let (link, was) = (link.clone(), was.clone());
        with_page("/", |page| async move {
            choose(&page, "Lesson", "S14").await;
            choose(&page, "Locks", "one for all").await;
            // Behind the list of locks comes that of versions, where keys would be the list's.
            choose(&page, "Version", "before").await;
            for key in ["1", "2", LEFT, "1"] {
                let before = page.eval("document.querySelector('#position').innerText").await;
                page.keys(key).await;
                page.until(&format!("document.querySelector('#position').innerText !== {before}")).await;
            }
            page.keys("s").await;
            page.css("#share-link").await;
            let value = page.eval("document.querySelector('#share-link').value").await;
            page.shot("share").await;
            page.keys(ESCAPE).await;
            page.until("!document.querySelector('#share')").await;
            *link.lock().unwrap() = value.as_str().unwrap().split_once('#').unwrap().1.to_owned();
            *was.lock().unwrap() = seen(&page).await;
            page.expect_no_errors().await;
        });
    }
    let (link, was) = (link.lock().unwrap().clone(), was.lock().unwrap().clone());
    assert!(link.len() < 2_000 && was.contains("one for all"), "{link} {was}");
    with_page(&format!("/#{link}"), |page| async move {
        assert_eq!(seen(&page).await, was);
        page.expect_no_errors().await;
    });
}

/// One of each form that was ever written, kept: whoever has it on a hand-out still gets there.
#[test]
fn links_of_old_releases_open() {
    let kept = include_str!("links.txt").lines().filter_map(|line| line.split_once(' '));
    let kept: Vec<(String, String)> = kept.map(|(at, link)| (at.to_owned(), link.to_owned())).collect();
    assert!(!kept.is_empty());
    with_page("/", |page| async move {
        let origin = page.eval("location.origin").await;
        for (at, link) in kept {
            page.goto("about:blank").await;
            page.goto(&format!("{}/#{link}", origin.as_str().unwrap())).await;
            page.until(&format!("document.querySelector('#position').innerText.startsWith('{at} ')")).await;
            page.until("!document.querySelector('#notice')").await;
        }
    });
}

#[test]
fn a_link_cut_off_is_told_and_the_page_works() {
    with_page("/#1.eJxz", |page| async move {
        page.until("document.querySelector('#notice').innerText.includes('damaged')").await;
        page.keys("1").await;
        page.until("document.querySelector('#position').innerText.startsWith('1 ')").await;
    });
}
