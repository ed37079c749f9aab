//! Paging: a page goes out, is asked for, and comes back.
//!
//! | from | operation | to |
//! |---|---|---|
//! | memory that nobody uses | [`nominate`] | `ram_paging_out`, with its frame |
//! | `ram_paging_out` | [`evict`] | `ram_paged`, no frame |
//! | `ram_paging_out`, `ram_paged` | [`populate`] | asked for, with the frame or without |
//! | asked for, or `ram_paged` | [`prep`] | memory; in 2011 `ram_paging_in`, which [`resume`] makes memory |
//! | asked for, with a frame | [`resume`] | memory |
//! | all of these but memory | [`drop_page`] | nothing |
//!
//! *Asked for* is `ram_paging_in_start` in 2011; from February 2012 it is `ram_paging_in`, and what that had meant is
//! gone (af518d3ea1). An entry that was asked for names its frame if it still has one: then the eviction fails, nothing
//! needs to be loaded, and the page is not counted as paged out (Xen's own books do not tell the two apart).
//!
//! Protocol: every change of an entry is made under the entry's lock, from the look-up to the store (S06). Nobody
//! sleeps there: who asks the pager claims a slot of the ring before, and places its request after (S17). A frame that
//! comes back is filled before the entry says that it is there (S08). Memory is made of the type that
//! [`log_dirty::ram_type`](super::log_dirty::ram_type) names (S58).

mod drop;
mod load;
mod out;
mod populate;

pub use drop::{drop_page, tell_dropped};
pub use load::{prep, resume};
pub use out::{evict, nominate};
pub use populate::populate;

use crate::addr::DomGfn;
use crate::entry::{Era, Format, Leaf, P2mType};
use crate::ops::query::walk;
use crate::step::{Step, Stop};

/// The type of a page that somebody has asked for.
const fn asked(format: Format) -> P2mType {
    match format.era() {
        Era::Oct2011 => P2mType::RamPagingInStart,
        Era::Dec2012 | Era::Now => P2mType::RamPagingIn,
    }
}

/// The entry at `g`, if it is in the pager's hands.
fn look<S: Step>(s: &mut S, g: DomGfn) -> Result<Option<Leaf>, Stop> {
    let (entry, level) = walk(s, g)?;
    Ok(s.world().leaf_of(g, entry, level).filter(|l| l.ty.is_paging()))
}
