//! Making two shareable frames one (`mem_sharing_share_pages`), also for a range of frame numbers.

use super::{Code, Handle, LESS, handle_of, leaf_at, lock_page, nominate, record, rewrite, shared, tally, unlock_page};
use crate::addr::{DomGfn, DomId, Gfn, Mfn, Order};
use crate::entry::P2mType;
use crate::lock::Hold;
use crate::machine::XenWord;
use crate::machine::refs::PageType;
use crate::machine::sharing::{Kept, SharingAct};
use crate::ops::needs::{self, Attempt};
use crate::ops::nested;
use crate::ops::refs::{get_page_and_type, put_page_alloc_ref, put_page_and_type};
use crate::step::{Act, Plain, Step, Stop};
use std::ops::ControlFlow::{Break, Continue};

/// `share g with h`: all that share the frame at `h`, the client's, share the one at `g` from now on, the source's;
/// the client's frame is freed. Done, and nothing has changed, if both are one frame already.
///
/// `S_HANDLE_INVALID`, `C_HANDLE_INVALID`: the source's, the client's entry does not share, or the frame's handle is
/// another by now. Of two errors the one of the lower frame comes first, since its page is locked first; handles are
/// compared after that, the source's first. `ERESTART`: a further frame number shares the client's frame, and the
/// caller holds locks from outside, so that it cannot wait for that one's. Contents are not compared: that is the
/// toolstack's to know.
///
/// Xen of today rewrites the entries of third domains without their locks (S29).
pub fn share<S: Step>(s: &mut S, g: DomGfn, sh: Handle, h: DomGfn, ch: Handle) -> Result<Code, Stop> {
    let (of, with) = (s.slot(g.dom)?, s.slot(h.dom)?);
    let first = Hold::entry(s.world(), of, g.gfn, Order::K4);
    let first = first.and(s.world(), Hold::entry(s.world(), with, h.gfn, Order::K4));
    needs::outermost_code(s, first, |s, hold| attempt(s, (g, sh), (h, ch), hold))
}

fn attempt<S: Step>(
    s: &mut S,
    (g, sh): (DomGfn, Handle),
    (h, ch): (DomGfn, Handle),
    hold: Hold,
) -> Result<Attempt<Code>, Stop> {
    let (source, client) = (leaf_at(s, g)?, leaf_at(s, h)?);
    let (source_at, client_at) = (source.map_or(Mfn::INVALID, |l| l.mfn), client.map_or(Mfn::INVALID, |l| l.mfn));
    if source_at == client_at && source_at.is_valid() {
        return Attempt::done(Code::Ok);
    }
    let mut both = [(shared(source), Code::SHandleInvalid), (shared(client), Code::CHandleInvalid)];
    if client_at < source_at {
        both.reverse();
    }
    let [(Some(lower), _), (Some(upper), _)] = both else {
        let wrong = both.iter().find(|b| b.0.is_none()).map_or(Code::SHandleInvalid, |b| b.1);
        return Attempt::done(wrong);
    };
    lock_page(s, lower)?;
    lock_page(s, upper)?;
    let out = s.scope(|s| pages(s, (source_at, sh), (client_at, ch), hold))?;
    unlock_page(s, upper)?;
    unlock_page(s, lower)?;
    let Attempt::Done(moved) = out else { return Ok(Attempt::Needs(needed(out))) };
    if let Some(code) = refusal(moved) {
        return Attempt::done(code);
    }
    for slot in hold.tables(s.world()) {
        nested::host_changed(s, slot)?;
    }
    s.note("gives the client's frame up");
    put_page_alloc_ref(s, client_at)?;
    s.fold(moved, |s, left| {
        if left == 0 {
            return Ok(Break(0));
        }
        put_page_and_type(s, client_at)?;
        Ok(Continue(left - 1))
    })?;
    tally(s, XenWord::NrShared, LESS)?;
    tally(s, XenWord::NrSaved, 1)?;
    Attempt::done(Code::Ok)
}

/// A refusal stands in the place of a number of tuples, above this.
const REFUSED: u64 = 1 << 32;

const fn refused(code: Code) -> Attempt<u64> {
    Attempt::Done(REFUSED + code.word())
}

fn refusal(moved: u64) -> Option<Code> {
    moved.checked_sub(REFUSED).and_then(Code::from_word)
}

fn needed(out: Attempt<u64>) -> Hold {
    match out {
        Attempt::Needs(hold) => hold,
        _ => Hold::NOTHING,
    }
}

/// With both pages locked: how many tuples have moved. All that share the client must be held; if not, nothing has
/// changed.
fn pages<S: Step>(
    s: &mut S,
    (source, sh): (Mfn, Handle),
    (client, ch): (Mfn, Handle),
    hold: Hold,
) -> Result<Attempt<u64>, Stop> {
    for (mfn, handle, code) in [(source, sh, Code::SHandleInvalid), (client, ch, Code::CHandleInvalid)] {
        if let Some(handle) = handle
            && handle_of(s, mfn)? != handle
        {
            return Ok(refused(code));
        }
    }
    let all = s.fold(Gathered { hold, next: 0 }, |s, Gathered { hold, next }| {
        let at = s.act(Act::Sharing(SharingAct::Nth { mfn: client, i: next as u64 }))?;
        if at == u64::MAX {
            return Ok(Break(Gathered { hold, next }));
        }
        let g = DomGfn::from_word(at);
        let slot = s.slot(g.dom)?;
        let hold = match hold.covers(s.world(), slot, g.gfn, Order::K4) {
            true => hold,
            false => hold.and(s.world(), Hold::entry(s.world(), slot, g.gfn, Order::K4)),
        };
        Ok(Continue(Gathered { hold, next: next + 1 }))
    })?;
    if all.hold != hold {
        return Ok(Attempt::Needs(all.hold));
    }
    let moved = s.fold(0, |s, moved| {
        let at = s.act(Act::Sharing(SharingAct::Nth { mfn: client, i: 0 }))?;
        if at == u64::MAX {
            return Ok(Break(moved));
        }
        let g = DomGfn::from_word(at);
        let more = get_page_and_type(s, source, DomId::COW, PageType::Shared)?;
        if !more || record(s, SharingAct::Move { from: client, to: source, g })? != Kept::Yes {
            return Err(Stop::Bad { what: "a shared frame that one more can share", value: source.0 });
        }
        rewrite(s, g, source, P2mType::RamShared)?;
        Ok(Continue(moved + 1))
    })?;
    record(s, SharingAct::Free(client))?;
    Ok(Attempt::Done(moved))
}

/// What the reverse list asks to be held, as far as it has been read.
#[derive(Clone, Copy)]
struct Gathered {
    hold: Hold,
    next: u32,
}

impl Plain for Gathered {
    const WORDS: usize = 4;

    fn to_words(self) -> [u64; 4] {
        let mut words = self.hold.to_words();
        words[3] |= (self.next as u64) << 32;
        words
    }

    fn from_words(w: [u64; 4]) -> Gathered {
        Gathered { hold: Hold::from_words(w), next: (w[3] >> 32) as u32 }
    }
}

/// `share g with h through k`: nominates and shares each frame number from `g` to `k` of the source with that of the
/// client from `h` on. One that cannot be shared is passed over. `EINVAL`: `k` lies below `g`, or the client's numbers
/// would leave its address space; `ENOMEM`: no memory for a record, and those before it are shared. The handles are
/// those of the nominations.
pub fn range_share<S: Step>(s: &mut S, g: DomGfn, last: Gfn, h: DomGfn) -> Result<Code, Stop> {
    let Some(n) = last.0.checked_sub(g.gfn.0) else { return Ok(Code::Einval) };
    if !last.fits() || !Gfn(h.gfn.0.saturating_add(n)).fits() {
        return Ok(Code::Einval);
    }
    let (_, code) = s.fold((0, Code::Ok.word()), |s, (i, _)| {
        if i > n {
            return Ok(Break((i, Code::Ok.word())));
        }
        let (g, h) = (DomGfn { gfn: Gfn(g.gfn.0 + i), ..g }, DomGfn { gfn: Gfn(h.gfn.0 + i), ..h });
        let code = s.scope(|s| {
            let nominated = |s: &mut S, of| s.scope(|s| nominate(s, of, 0).map(|(code, handle)| (code.word(), handle)));
            let (source, sh) = nominated(s, g)?;
            if source != Code::Ok.word() {
                return Ok(Code::from_word(source).unwrap_or(Code::Einval));
            }
            let (client, ch) = nominated(s, h)?;
            if client != Code::Ok.word() {
                return Ok(Code::from_word(client).unwrap_or(Code::Einval));
            }
            share(s, g, Some(sh), h, Some(ch))
        })?;
        Ok(match code {
            Code::Enomem | Code::Erestart => Break((i, code.word())),
            _ => Continue((i + 1, Code::Ok.word())),
        })
    })?;
    Ok(Code::from_word(code).unwrap_or(Code::Ok))
}
