//! Tracking what a guest draws: a range of frame numbers whose writes a display asks for (Xen's
//! `hap_track_dirty_vram`, in the form of `fd91a2a662`, 2012-12-13).
//!
//! Protocol: entries alone remember. Those of the range are made `ram_logdirty`, and who asks again is told how many are
//! `ram_rw` by now. The bitmap and the flag of migration are not touched (S56): what ends first takes nothing from the
//! other. While migration notes all writes the entries stay `ram_logdirty` when tracking ends; what a harvest of
//! migration has protected again is missing in the display's next answer. The range stands in two words, which are read
//! and written under the whole table's lock (XSA-104 read them without one).

use super::is_on;
use crate::addr::{DomGfn, Gfn};
use crate::entry::P2mType::{RamLogdirty, RamRw};
use crate::lock::Hold;
use crate::machine::DomWord;
use crate::ops::Code;
use crate::ops::change_type::rewrite;
use crate::ops::needs::{Attempt, outermost, outermost_code};
use crate::ops::table::recalc;
use crate::step::{Step, Stop};

/// The range that is tracked: its first gfn, and the one behind its last; both 0 where there is none.
pub(super) fn range<S: Step>(s: &mut S, slot: u8) -> Result<(u64, u64), Stop> {
    let (begin, end) = (s.dom_word(slot, DomWord::VramBegin), s.dom_word(slot, DomWord::VramEnd));
    s.note("looks which range a display tracks");
    let first = s.load(begin)?;
    Ok((first, s.load(end)?))
}

fn set_range<S: Step>(s: &mut S, slot: u8, begin: u64, end: u64) -> Result<(), Stop> {
    let words = (s.dom_word(slot, DomWord::VramBegin), s.dom_word(slot, DomWord::VramEnd));
    s.note("notes the range that a display tracks");
    s.store(words.0, begin)?;
    s.store(words.1, end)
}

/// The entries of a range that is tracked no longer, unless migration wants them as they are.
fn forget<S: Step>(s: &mut S, slot: u8, (begin, end): (u64, u64)) -> Result<Code, Stop> {
    if end == 0 || is_on(s, slot)? {
        return Ok(Code::Ok);
    }
    Ok(rewrite(s, slot, (Gfn(begin), Gfn(end - 1)), (RamLogdirty, RamRw), None)?.0)
}

/// `track_vram g through h`: how many frame numbers of the range were written since the last answer; all of them where
/// the range is new. None if the range ends before it begins or in another domain (`EINVAL`), if there is no page to
/// split a superpage at its border (`ENOMEM`; then nothing is tracked), or for who holds a range of the table.
pub fn track<S: Step>(s: &mut S, g: DomGfn, through: DomGfn) -> Result<Option<u64>, Stop> {
    let slot = s.slot(g.dom)?;
    if through < g || through.dom != g.dom {
        return Ok(None);
    }
    let (begin, end) = (g.gfn.0, through.gfn.0 + 1);
    let dirty = outermost(s, Hold::whole(slot), |s, _| {
        recalc::finish(s, slot, (g.gfn, through.gfn))?;
        let old = range(s, slot)?;
        if old != (begin, end) {
            forget(s, slot, old)?;
            set_range(s, slot, begin, end)?;
        }
        let (code, written) = rewrite(s, slot, (g.gfn, through.gfn), (RamRw, RamLogdirty), None)?;
        if code != Code::Ok {
            forget(s, slot, (begin, end))?;
            set_range(s, slot, 0, 0)?;
            return Attempt::done(u64::MAX);
        }
        Attempt::done(if old == (begin, end) { written } else { end - begin })
    })?;
    Ok(dirty.filter(|&n| n != u64::MAX))
}

/// `untrack_vram d`: tracking ends. Nothing is done where there was none. `ERESTART` for who holds a range of the table.
pub fn stop<S: Step>(s: &mut S, slot: u8) -> Result<Code, Stop> {
    outermost_code(s, Hold::whole(slot), |s, _| {
        let old = range(s, slot)?;
        let code = forget(s, slot, old)?;
        set_range(s, slot, 0, 0)?;
        Attempt::done(code)
    })
}
