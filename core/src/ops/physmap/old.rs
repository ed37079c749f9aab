//! What stands in a run of frame numbers before an operation replaces it.
//!
//! A run is walked leaf by leaf, one step to a leaf with the hole before it: whoever scans holds the run, so that nobody
//! changes what the step reads. What is found is kept as counts, so that a scan's memory is four words however long
//! the run is.

use crate::addr::{DomGfn, Gfn, Mfn, Order};
use crate::entry::{Leaf, P2mType};
use crate::machine::DomWord;
use crate::machine::sweep::{Found, Sweep};
use crate::ops::log_dirty;
use crate::step::{Act, Effect, Plain, Step, Stop};
use std::ops::ControlFlow::{self, Break, Continue};

/// A piece of a run: a hole, as large as it is; or a leaf of 4 KB, or 2 MB that lie in the run as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Its first gfn.
    pub g: DomGfn,
    /// How many frame numbers: 1 or 512 unless it is a hole.
    pub frames: u64,
    /// The leaf, with the frame of that first gfn; none for a hole.
    pub leaf: Option<Leaf>,
}

impl Piece {
    /// The type; a hole is `invalid`.
    pub fn ty(&self) -> P2mType {
        self.leaf.map_or(P2mType::Invalid, |l| l.ty)
    }

    /// The first frame, if the type has frames and there is one.
    pub fn mfn(&self) -> Option<Mfn> {
        self.leaf.filter(Leaf::has_frame).map(|l| l.mfn)
    }

    /// The first frame of memory of the domain's own: its m2p names its gfn.
    pub fn own(&self) -> Option<Mfn> {
        self.mfn().filter(|_| self.ty().is_ram() && !self.ty().is_shared())
    }

    /// Paged out, or asked for and not yet there: what `paged_pages` counts.
    pub fn is_out(&self) -> bool {
        self.ty().is_paging() && self.mfn().is_none()
    }

    /// Nothing is mapped there, and nothing is promised.
    pub fn is_hole(&self) -> bool {
        matches!(self.ty(), P2mType::Invalid | P2mType::MmioDm)
    }

    /// 4 KB, or 2 MB where the piece is that large.
    pub fn order(&self) -> Order {
        if self.frames == Order::M2.frames() && self.leaf.is_some() { Order::M2 } else { Order::K4 }
    }
}

/// What stands at one gfn, which is held.
pub fn look<S: Step>(s: &mut S, g: DomGfn) -> Result<Piece, Stop> {
    s.note("looks what stands there");
    let found = next(s, g, g.gfn)?;
    Ok(Piece { g, frames: 1, leaf: found.and_then(|f| s.world().leaf_of(g, f.entry, f.level)) })
}

fn next<S: Step>(s: &mut S, g: DomGfn, through: Gfn) -> Result<Option<Found>, Stop> {
    let slot = s.slot(g.dom)?;
    let sweep = Sweep { slot, from: g.gfn, through, ty: None };
    Ok(Found::from_words(s.effect(Effect::Act(Act::Sweep(sweep)))?))
}

/// Whether anything but holes stands in a run that is held.
pub fn any<S: Step>(s: &mut S, g: DomGfn, frames: u64) -> Result<bool, Stop> {
    s.note("looks whether anything stands there");
    Ok(next(s, g, Gfn(g.gfn.0 + frames - 1))?.is_some())
}

/// Goes through a run that is held, piece by piece, from its first frame number to its last, or until `f` breaks. What
/// `f` remembers is at most three words.
pub fn scan<S: Step, A: Plain>(
    s: &mut S,
    g: DomGfn,
    frames: u64,
    init: A,
    f: impl Fn(&mut S, Piece, A) -> Result<ControlFlow<A, A>, Stop>,
) -> Result<A, Stop> {
    let end = s.fold(Progress { done: 0, all: init }, |s, at| {
        let left = frames - at.done;
        let here = DomGfn { gfn: Gfn(g.gfn.0 + at.done), ..g };
        s.note("looks what comes next in the run");
        let found = next(s, here, Gfn(here.gfn.0 + left - 1))?;
        let hole = found.map_or(left, |f| f.gfn.0 - here.gfn.0);
        let mut all = at.all;
        if hole > 0 {
            match f(s, Piece { g: here, frames: hole, leaf: None }, all)? {
                Continue(more) => all = more,
                Break(all) => return Ok(Break(Progress { done: frames, all })),
            }
        }
        let Some(found) = found else { return Ok(Break(Progress { done: frames, all })) };
        let here = DomGfn { gfn: found.gfn, ..g };
        let large = found.level > 0 && here.gfn.offset(Order::M2) == 0 && left - hole >= Order::M2.frames();
        let n = if large { Order::M2.frames() } else { 1 };
        let leaf = s.world().leaf_of(here, found.entry, found.level);
        let done = at.done + hole + n;
        Ok(match f(s, Piece { g: here, frames: n, leaf }, all)? {
            Continue(all) if done < frames => Continue(Progress { done, all }),
            Continue(all) | Break(all) => Break(Progress { done, all }),
        })
    })?;
    Ok(end.all)
}

/// How far a scan has got, and what it has found: at most three words of that.
#[derive(Clone, Copy)]
struct Progress<A> {
    done: u64,
    all: A,
}

impl<A: Plain> Plain for Progress<A> {
    const WORDS: usize = 1 + A::WORDS;

    fn to_words(self) -> [u64; 4] {
        const { assert!(A::WORDS <= 3, "a scan remembers at most three words") };
        let w = self.all.to_words();
        [self.done, w[0], w[1], w[2]]
    }

    fn from_words(w: [u64; 4]) -> Progress<A> {
        Progress { done: w[0], all: A::from_words([w[1], w[2], w[3], 0]) }
    }
}

/// What a run holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Census {
    /// Frame numbers that are populated on demand.
    pub pod: u64,
    /// Frame numbers that are paged out: see [`Piece::is_out`].
    pub out: u64,
    /// Whether there is memory of the domain's own.
    pub own: bool,
    /// Whether a frame is mapped at all, which a TLB may know.
    pub mapped: bool,
    /// Whether a frame is shared.
    pub shared: bool,
    /// Whether there is a grant, a foreign frame or a device.
    pub special: bool,
    /// Whether there is anything but holes and what is populated on demand.
    pub busy: bool,
}

impl Plain for Census {
    const WORDS: usize = 3;

    fn to_words(self) -> [u64; 4] {
        let flags = [self.own, self.mapped, self.shared, self.special, self.busy];
        [self.pod, self.out, flags.iter().rev().fold(0, |w, &f| w << 1 | f as u64), 0]
    }

    fn from_words(w: [u64; 4]) -> Census {
        let flag = |i: u32| w[2] >> i & 1 == 1;
        let (own, mapped, shared, special, busy) = (flag(0), flag(1), flag(2), flag(3), flag(4));
        Census { pod: w[0], out: w[1], own, mapped, shared, special, busy }
    }
}

/// Looks what a run holds. Changes nothing.
pub fn census<S: Step>(s: &mut S, g: DomGfn, frames: u64) -> Result<Census, Stop> {
    scan(s, g, frames, Census::default(), |_, p, mut c: Census| {
        let ty = p.ty();
        c.pod += if ty.is_pod() { p.frames } else { 0 };
        c.out += if p.is_out() { p.frames } else { 0 };
        c.own |= p.own().is_some();
        c.mapped |= p.mfn().is_some();
        c.shared |= ty.is_shared();
        c.special |= ty.is_special();
        c.busy |= !p.is_hole() && !ty.is_pod();
        Ok(Continue(c))
    })
}

/// Counts paged-out pages no longer.
pub fn count_out<S: Step>(s: &mut S, slot: u8, n: u64) -> Result<(), Stop> {
    count_down(s, slot, DomWord::PagedPages, n)
}

/// Counts populate-on-demand numbers no longer. The pod lock is held since before the entry changed (S39).
pub fn count_pod<S: Step>(s: &mut S, slot: u8, n: u64) -> Result<(), Stop> {
    count_down(s, slot, DomWord::EntryCount, n)
}

fn count_down<S: Step>(s: &mut S, slot: u8, of: DomWord, n: u64) -> Result<(), Stop> {
    if n > 0 {
        let word = s.dom_word(slot, of);
        s.note("counts no longer what it replaced");
        s.add(word, n.wrapping_neg())?;
    }
    Ok(())
}

/// Marks a run as written: what stands there now was not there at the last harvest. Nothing unless writes are noted.
pub fn mark_dirty<S: Step>(s: &mut S, slot: u8, g: DomGfn, frames: u64) -> Result<(), Stop> {
    if frames == 1 {
        return log_dirty::mark_dirty(s, slot, g.gfn);
    }
    if log_dirty::is_on(s, slot)? {
        s.fold(0, |s, i: u64| {
            log_dirty::mark_dirty(s, slot, Gfn(g.gfn.0 + i))?;
            Ok(if i + 1 < frames { Continue(i + 1) } else { Break(i) })
        })?;
    }
    Ok(())
}
