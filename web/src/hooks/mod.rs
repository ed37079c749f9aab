//! What components take from the browser, one hook to a file.

mod address;
mod copy;
mod drop;
mod judge;
mod kept;
mod keys;
mod lists;
mod motion;
mod player;
mod print;
mod scale;
mod search;
mod text;
mod theme;
mod threads;
mod ui;

pub use address::use_address;
pub use copy::copy;
pub use drop::use_drop;
pub use judge::use_judge;
pub use kept::{kept, use_kept};
pub use keys::use_keys;
pub use lists::use_lists_let_go;
pub use motion::moves;
pub use player::use_player;
pub use print::use_print;
pub use scale::use_scale;
pub use search::use_search;
pub use text::use_text;
pub use theme::use_theme;
pub use threads::use_threads;
pub use ui::{Ui, use_ui};
