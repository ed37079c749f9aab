//! Which memory a domain has, and where.
//!
//! Protocol: who changes an entry holds it; who changes two holds both, taken in their order, or says what it needs
//! ([`needs`](super::needs)). A frame is mapped once: m2p names its gfn, and is claimed before the entry is written.

mod add;
mod exchange;
mod moving;
pub mod old;
mod remove;
mod reservation;

pub use add::{add_page, p2m_add_page};
pub use exchange::{grant_transfer, memory_exchange};
pub use moving::{map_special, move_page};
pub use remove::{guest_remove, guest_remove_page, p2m_remove_entry, remove_from_physmap, remove_page};
pub use reservation::{decrease, increase};

use crate::addr::Mfn;
use crate::step::{Act, Step, Stop};

/// `free F`: tests and clears the allocated bit and drops its reference; false if it was clear.
pub fn give_back<S: Step>(s: &mut S, mfn: Mfn) -> Result<bool, Stop> {
    Ok(s.act(Act::PutAllocation(mfn))? != 0)
}
