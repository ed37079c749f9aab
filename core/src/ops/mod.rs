//! The operations of the p2m, each written once over effects.
//!
//! Protocol: who looks an entry up and relies on it holds the entry's lock (`query::lock_entry`, or a get); who
//! changes one holds it too. Tables are split and installed under the structure lock, which nests inside; a replaced
//! table is freed after the flush. An operation releases what it takes, on every path. It knows neither how it is
//! run nor who watches.
//!
//! An operation that finds that it needs more than it holds says so before it has changed anything ([`needs`]).

pub mod access;
pub mod audit;
pub mod broken;
pub mod callers;
pub mod change_type;
mod code;
pub mod crash;
pub mod fault;
pub mod foreign;
pub mod grant;
pub mod guest;
pub mod ioreq;
pub mod log_dirty;
pub mod mmio;
pub mod monitor;
pub mod needs;
pub mod nested;
pub mod page;
pub mod paging;
pub mod physmap;
pub mod pod;
pub mod query;
pub mod refs;
pub mod sharing;
pub mod table;
pub mod teardown;

pub use code::Code;
