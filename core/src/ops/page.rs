//! From a frame number to its page with a reference (`get_page_from_gfn`, since `80ea7af172` of 2012-05-17).
//!
//! Protocol: the reference is taken while the look-up's lock is held, from whom the frame belongs to, so that it is
//! that entry's frame. It keeps the page alive and says nothing about the translation once the lock is gone.

use super::code::Code;
use super::paging::populate;
use super::query::{Query, answered, get_gfn_type, put_gfn, release, take, walk};
use crate::addr::{DomGfn, DomId, Mfn};
use crate::entry::{Group, Leaf, P2mType};
use crate::lock::policy;
use crate::machine::FrameWord;
use crate::machine::frames::owner_of_word;
use crate::step::{Act, Step, Stop};

/// `get_page_from_gfn g [unshare]`: the frame with a reference of the caller's own, or [`Mfn::INVALID`], and the
/// entry's type as of then. A look-up that changes nothing goes first; only what it cannot answer (a shared page that
/// is to be written, a page populated on demand) takes the way of a get.
pub fn get_page_from_gfn<S: Step>(s: &mut S, g: DomGfn, q: Query) -> Result<(Mfn, P2mType), Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_lookup(s.world(), slot, g.gfn).shared(s.world());
    let changes = |leaf: Option<Leaf>| leaf.is_some_and(|l| q.unshare && l.ty.is_shared() || q.alloc && l.ty.is_pod());
    let (entry, level, mfn) = s.scope(|s| {
        take(s, slot, plan)?;
        let (entry, level) = walk(s, g)?;
        let leaf = s.world().leaf_of(g, entry, level);
        let mfn = if changes(leaf) { Mfn::INVALID } else { reference(s, g.dom, leaf)? };
        release(s, slot, plan)?;
        Ok((entry, level as u64, mfn.0))
    })?;
    let leaf = s.world().leaf_of(g, entry, level as u8);
    if !changes(leaf) {
        return Ok((Mfn(mfn), type_of(leaf)));
    }
    let (entry, mfn) = s.scope(|s| {
        let entry = get_gfn_type(s, g, q)?;
        let kept = answered(s.world(), entry).filter(|l| !(q.unshare && l.ty.is_shared()));
        let mfn = reference(s, g.dom, kept)?;
        put_gfn(s, g)?;
        Ok((entry, mfn.0))
    })?;
    Ok((Mfn(mfn), type_of(answered(s.world(), entry))))
}

/// What a look-up calls an entry that maps nothing.
fn type_of(leaf: Option<Leaf>) -> P2mType {
    leaf.map_or(P2mType::MmioDm, |l| l.ty)
}

/// A reference on what the leaf maps, if that is memory: from the domain, from dom_cow where it is shared, from its
/// real owner, who must be another, where it is foreign.
fn reference<S: Step>(s: &mut S, dom: DomId, leaf: Option<Leaf>) -> Result<Mfn, Stop> {
    let foreign = |l: &Leaf| l.ty == P2mType::MapForeign;
    let format = s.world().format;
    let Some(leaf) = leaf.filter(|l| (format.is(l.ty, Group::Ram) || foreign(l)) && l.mfn.is_valid()) else {
        return Ok(Mfn::INVALID);
    };
    let from = if foreign(&leaf) {
        let owner = s.frame_word(leaf.mfn, FrameWord::Owner)?;
        s.note("reads whose frame it is");
        let owner = owner_of_word(s.load(owner)?);
        if owner == dom {
            return Ok(Mfn::INVALID);
        }
        owner
    } else if leaf.ty.is_shared() {
        DomId::COW
    } else {
        dom
    };
    let got = s.act(Act::GetPage { mfn: leaf.mfn, dom: Some(from) })? != 0;
    Ok(if got { leaf.mfn } else { Mfn::INVALID })
}

/// Xen's `check_get_page_from_gfn`: the page of a frame number, to read or to write it, with a reference if all is
/// well. `EAGAIN` it is paged out or on its way, and the pager was asked for it, or it is shared, to be written, and
/// without memory for a copy; `EPERM` it is a device's; `EINVAL` there is none.
///
/// Nobody sleeps here for a slot of the pager's ring, since a caller may hold a grant lock: where there is none whoever
/// comes again asks. A vCPU of the domain that has asked is paused when it is outside.
pub fn check_get_page_from_gfn<S: Step>(s: &mut S, g: DomGfn, readonly: bool) -> Result<(Code, P2mType, Mfn), Stop> {
    let got = check_page(s, g, readonly)?;
    if got.1.is_paging() {
        populate(s, g, true)?;
    }
    Ok(got)
}

/// The same for who asks the pager himself, or holds what nobody may hold who asks.
pub fn check_page<S: Step>(s: &mut S, g: DomGfn, readonly: bool) -> Result<(Code, P2mType, Mfn), Stop> {
    let (mfn, ty) = get_page_from_gfn(s, g, if readonly { Query::ALLOC } else { Query::UNSHARE })?;
    let code = if ty.is_paging() || !readonly && ty.is_shared() {
        Code::Eagain
    } else if ty == P2mType::MmioDirect {
        Code::Eperm
    } else if !mfn.is_valid() {
        Code::Einval
    } else {
        return Ok((Code::Ok, ty, mfn));
    };
    if mfn.is_valid() {
        s.act(Act::PutPage(mfn))?;
    }
    Ok((code, ty, Mfn::INVALID))
}
