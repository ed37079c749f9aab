//! Drives the page through WebDriver, in headless Chromium unless another engine is asked for.
//!
//! One call of [`with_page`] is one browser: a static server with the isolation headers over the page as trunk built it,
//! a driver on a free port, and a session with a fresh profile; all end with the test, also when it fails. What is
//! published is made of that page and lies in [`dist`]. With `P2MSCOPE_SHOTS` set to a folder, [`Page::shot`] writes
//! screenshots there, and a failing test leaves one named after itself.

mod browser;
mod page;
mod server;

use std::future::Future;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

pub use browser::{Browser, Engine};
pub use page::{PATIENCE, Page};
pub use server::Server;

/// Opens the built page at `path` (such as `/` or `/#selftest`) and runs `test` on it.
///
/// # Panics
/// When there is no built page or no browser; and with whatever `test` panics with.
pub fn with_page<F: Future<Output = ()> + 'static>(path: &str, test: impl FnOnce(Page) -> F) {
    let server = Server::start(&built(), true);
    with_url(&format!("{}{path}", server.url()), test);
}

/// The same on a plain static host, which sends no isolation headers.
///
/// # Panics
/// As [`with_page`].
pub fn with_plain_page<F: Future<Output = ()> + 'static>(path: &str, test: impl FnOnce(Page) -> F) {
    let server = Server::start(&built(), false);
    with_url(&format!("{}{path}", server.url()), test);
}

/// Opens `url` in a browser of its own and runs `test` on it.
///
/// # Panics
/// When there is no browser; and with whatever `test` panics with.
pub fn with_url<F: Future<Output = ()> + 'static>(url: &str, test: impl FnOnce(Page) -> F) {
    in_engine(Engine::Chromium, url, test);
}

/// The same in another engine.
///
/// # Panics
/// As [`with_url`].
pub fn in_engine<F: Future<Output = ()> + 'static>(engine: Engine, url: &str, test: impl FnOnce(Page) -> F) {
    let browser = Browser::start(engine);
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

/// The folder of the page as trunk builds it: `target/served-page`, unless `P2MSCOPE_DIST` names another.
///
/// # Panics
/// When there is no page in it.
pub fn built() -> PathBuf {
    page_in(std::env::var_os("P2MSCOPE_DIST").unwrap_or_else(|| "target/served-page".into()))
}

/// The folder of the page as it is published: with a service worker, a content security policy, and what it says of itself.
///
/// # Panics
/// When there is no page in it.
pub fn dist() -> PathBuf {
    page_in("dist".into())
}

fn page_in(folder: std::ffi::OsString) -> PathBuf {
    let folder = root().join(folder);
    assert!(folder.join("index.html").is_file(), "no page in {}; build it: cargo xtask dist", folder.display());
    folder
}

/// Copies a folder with all that is in it.
///
/// # Panics
/// When that cannot be done.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder to copy").map(|entry| entry.expect("its entries")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
