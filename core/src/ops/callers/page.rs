//! A guest's page in the hypervisor's hands.
//!
//! Protocol: [`open`] looks a frame number up and gives its page with a reference of the caller's, taken while the
//! look-up's lock was held; [`close`] drops it. In between the frame is there, whatever its frame number maps by then:
//! it may have been ballooned out, but it is nobody else's. Who wants to write breaks sharing first. What is paged out
//! is asked for when nothing is held (S17). A store that the hypervisor makes is noted for log-dirty after it is made,
//! so that a harvest in between loses nothing.

use crate::addr::{DomGfn, Mfn};
use crate::entry::P2mType;
use crate::machine::refs::PageType;
use crate::ops::Code;
use crate::ops::log_dirty::mark_dirty;
use crate::ops::page::check_page;
use crate::ops::paging;
use crate::ops::refs::{get_page_type, put_page_type};
use crate::step::{Act, Step, Stop};

/// A page that is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// Where it was found.
    pub g: DomGfn,
    /// Its frame.
    pub mfn: Mfn,
    /// What it was then.
    pub ty: P2mType,
}

/// What became of [`open`].
pub type Opened = Result<Page, Code>;

/// The page at a frame number, to read or to write it. Errors in their order: `EINVAL` no such frame number; `EAGAIN`
/// it is paged out or on its way, and the pager was asked; `ENODEV` so, and there is no pager; `EAGAIN` it is shared, to
/// be written, and there is no memory for a copy; `EPERM` it is a device's; `EINVAL` there is none, or it is another's
/// by a grant.
pub fn open<S: Step>(s: &mut S, g: DomGfn, write: bool) -> Result<Opened, Stop> {
    match get(s, g, write)? {
        Err((Code::Eagain, ty)) if ty.is_paging() => Ok(Err(ask(s, g)?)),
        got => Ok(got.map_err(|(code, _)| code)),
    }
}

/// The same for who holds something, so that nobody is asked: `EAGAIN` for whatever is not there.
pub fn open_held<S: Step>(s: &mut S, g: DomGfn, write: bool) -> Result<Opened, Stop> {
    Ok(get(s, g, write)?.map_err(|(code, _)| code))
}

fn get<S: Step>(s: &mut S, g: DomGfn, write: bool) -> Result<Result<Page, (Code, P2mType)>, Stop> {
    if !g.gfn.fits() {
        return Ok(Err((Code::Einval, P2mType::Invalid)));
    }
    let (code, ty, mfn) = s.scope(|s| {
        let (code, ty, mfn) = check_page(s, g, !write)?;
        Ok((code.word(), ty as u64, mfn.0))
    })?;
    let code = Code::from_word(code).unwrap_or(Code::Einval);
    let ty = P2mType::all().get(ty as usize).copied().unwrap_or(P2mType::Invalid);
    Ok(if code == Code::Ok { Ok(Page { g, mfn: Mfn(mfn), ty }) } else { Err((code, ty)) })
}

/// An open page to be written gets a typed reference too: `EACCES`, and it is closed, if somebody counts on another
/// type.
pub fn typed<S: Step>(s: &mut S, opened: Opened) -> Result<Opened, Stop> {
    let Ok(page) = opened else { return Ok(opened) };
    if get_page_type(s, page.mfn, PageType::Writable)? {
        return Ok(opened);
    }
    close(s, page)?;
    Ok(Err(Code::Eacces))
}

/// [`open`] to write, with a typed reference too ([`typed`]).
pub fn open_typed<S: Step>(s: &mut S, g: DomGfn) -> Result<Opened, Stop> {
    let opened = open(s, g, true)?;
    typed(s, opened)
}

/// Has the pager asked for a page; who asks holds nothing. `EAGAIN`, or `ENODEV` if there is none to ask: a vCPU's own
/// domain has crashed then. Nobody sleeps here, but a vCPU of the domain is paused until the page is there.
pub fn ask<S: Step>(s: &mut S, g: DomGfn) -> Result<Code, Stop> {
    Ok(match s.scope(|s| paging::populate(s, g, true))? {
        Code::Enodev => Code::Enodev,
        _ => Code::Eagain,
    })
}

/// Drops the reference.
pub fn close<S: Step>(s: &mut S, page: Page) -> Result<(), Stop> {
    s.act(Act::PutPage(page.mfn)).map(|_| ())
}

/// Drops both, the typed one first.
pub fn close_typed<S: Step>(s: &mut S, page: Page) -> Result<(), Stop> {
    put_page_type(s, page.mfn)?;
    close(s, page)
}

impl Page {
    /// Whether a write is dropped without a sound.
    pub fn discards(&self) -> bool {
        self.ty == P2mType::RamRo
    }

    /// Reads a word of it.
    pub fn read<S: Step>(self, s: &mut S, i: u64) -> Result<u64, Stop> {
        let word = s.page_word(self.mfn, i)?;
        s.note("reads the guest's page");
        s.load(word)
    }

    /// Writes a word of it, and notes the write.
    pub fn write<S: Step>(self, s: &mut S, i: u64, value: u64) -> Result<(), Stop> {
        if self.discards() {
            return Ok(());
        }
        let word = s.page_word(self.mfn, i)?;
        s.note("writes to the guest's page");
        s.store(word, value)?;
        self.written(s)
    }

    /// Notes that it was written.
    pub fn written<S: Step>(self, s: &mut S) -> Result<(), Stop> {
        let slot = s.slot(self.g.dom)?;
        mark_dirty(s, slot, self.g.gfn)
    }
}
