//! The page's way to what happens elsewhere: workers and files. Nothing else of the page talks to workers.

mod clock;
mod coordinator;
mod explore;
mod file;
mod judge;
mod live;
mod picture;
mod scale;

pub use explore::Search;
pub use file::{embedded, page_address, save, text_of_file};
pub use judge::Judge;
pub use live::Threads;
pub use picture::save_png;
pub use scale::Computing;

/// Threads that this machine runs at once, as the browser says; at least one.
fn cores() -> usize {
    (gloo::utils::window().navigator().hardware_concurrency() as usize).max(1)
}

/// Milliseconds since the page was opened.
fn now() -> f64 {
    gloo::utils::window().performance().map_or(0.0, |clock| clock.now())
}
