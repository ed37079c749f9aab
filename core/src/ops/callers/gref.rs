//! Nominating a page for sharing by a grant of it (Xen's `mem_sharing_nominate_page` behind `mem_sharing_gref_to_gfn`).
//!
//! Protocol: the granter's grant lock comes before any of the p2m's, and is put before the page is looked at, as a grant
//! says which frame number, and not which frame, is meant.

use crate::addr::DomGfn;
use crate::lock::{Lock, Mode};
use crate::machine::grants::GrantWord;
use crate::ops::{Code, sharing};
use crate::step::{Step, Stop};

/// References that are in order on a page which is nominated by a grant, beyond its owner's.
pub const EXPECTED: u64 = 3;

/// `nominate_gref G`: as `share_nominate` of the frame number that the grant names, but that [`EXPECTED`] references
/// more are in order, those of who has mapped it. Its errors; `E2BIG` if there are more or fewer.
pub fn nominate_gref<S: Step>(s: &mut S, grant: u64) -> Result<Code, Stop> {
    let word = s.world().map.grant(grant, GrantWord::From as u32).ok_or(Stop::Bad { what: "a grant", value: grant })?;
    s.note("reads the grant");
    let g = DomGfn::from_word(s.load(word)?);
    let lock = Lock::Grant(s.slot(g.dom)?);
    s.lock(lock, Mode::Exclusive)?;
    s.note("reads which frame number is granted");
    let g = DomGfn::from_word(s.load(word)?);
    s.unlock(lock, Mode::Exclusive)?;
    Ok(sharing::nominate(s, g, EXPECTED)?.0)
}
