//! Drives the page in headless Chromium through WebDriver.
//!
//! One call of [`with_page`] is one browser: a static server with the isolation headers over the built page, a
//! chromedriver on a free port, and a session with a fresh profile; all end with the test, also when it fails. The page
//! is what `P2MSCOPE_DIST` names, `dist` if unset. With `P2MSCOPE_SHOTS` set to a folder, [`Page::shot`] writes
//! screenshots there, and a failing test leaves one named after itself.

mod browser;
mod page;
mod server;

use std::future::Future;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

pub use browser::Browser;
pub use page::{PATIENCE, Page};
pub use server::Server;

/// Opens the built page at `path` (such as `/` or `/#selftest`) and runs `test` on it.
///
/// # Panics
/// When there is no built page or no browser; and with whatever `test` panics with.
pub fn with_page<F: Future<Output = ()> + 'static>(path: &str, test: impl FnOnce(Page) -> F) {
    let server = Server::start(&dist(), true);
    with_url(&format!("{}{path}", server.url()), test);
}

/// The same on a plain static host, which sends no isolation headers.
///
/// # Panics
/// As [`with_page`].
pub fn with_plain_page<F: Future<Output = ()> + 'static>(path: &str, test: impl FnOnce(Page) -> F) {
    let server = Server::start(&dist(), false);
    with_url(&format!("{}{path}", server.url()), test);
}

/// Opens `url` in a browser of its own and runs `test` on it.
///
/// # Panics
/// When there is no browser; and with whatever `test` panics with.
pub fn with_url<F: Future<Output = ()> + 'static>(url: &str, test: impl FnOnce(Page) -> F) {
    let browser = Browser::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let page = Page::open(&browser, url).await;
        // As a task, so that a panic comes back here and the browser is closed.
        let result = tokio::task::spawn_local(test(page.clone())).await;
        if result.is_err() {
            page.shot(&name).await;
            eprintln!("the page shows: {}", page.text().await);
            eprintln!("the console says: {:#?}", page.console().await);
        }
        page.close().await;
        if let Err(failure) = result {
            resume_unwind(failure.into_panic());
        }
    });
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a folder of the checkout").to_path_buf()
}

/// The folder of the built page.
///
/// # Panics
/// When there is no page in it.
pub fn dist() -> PathBuf {
    let dist = std::env::var_os("P2MSCOPE_DIST").map_or_else(|| root().join("dist"), PathBuf::from);
    assert!(dist.join("index.html").is_file(), "no page in {}; build it: cargo xtask test --only e2e", dist.display());
    dist
}
