//! Lists of frames: each begins and ends in words of a domain's record, and its links stand in the frames' records.
//!
//! A frame is on one list at the most, so its two links serve them all. Lists change under the heap's word, or before
//! the run begins.

use super::frames::rec;
use super::record::{DomWord, FrameWord};
use super::words::Words;
use super::world::World;
use crate::addr::Mfn;

/// Where a list begins and ends: each word a frame's number plus one, 0 while the list is empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameList {
    /// The first frame.
    pub head: DomWord,
    /// The last frame.
    pub tail: DomWord,
}

impl FrameList {
    /// The frames that a domain has (`page_list`), but for those in its populate-on-demand cache.
    pub const PAGES: FrameList = FrameList { head: DomWord::ListHead, tail: DomWord::ListTail };
    /// The cache's frames of 4 KB.
    pub const POD_SINGLE: FrameList = FrameList { head: DomWord::PodSingleHead, tail: DomWord::PodSingleTail };
    /// The cache's blocks of 2 MB, by their first frames.
    pub const POD_SUPER: FrameList = FrameList { head: DomWord::PodSuperHead, tail: DomWord::PodSuperTail };

    const ALL: [FrameList; 3] = [FrameList::PAGES, FrameList::POD_SINGLE, FrameList::POD_SUPER];

    /// Its frames, first to last. Stops after as many as the machine has, should the links run in a ring.
    pub fn frames<W: Words>(self, m: &mut W, world: &World, slot: u8) -> Vec<Mfn> {
        let mut at = m.get(world.dom_word(slot, self.head));
        let mut list = Vec::new();
        while at != 0 && list.len() <= world.map.frames() as usize {
            list.push(Mfn(at - 1));
            at = m.get(rec(world, Mfn(at - 1), FrameWord::Next));
        }
        list
    }

    /// Puts a frame that is on no list at its end.
    pub(super) fn push<W: Words>(self, m: &mut W, world: &World, slot: u8, mfn: Mfn) {
        let tail = world.dom_word(slot, self.tail);
        let last = m.get(tail);
        let me = mfn.0 + 1;
        match last {
            0 => m.set(world.dom_word(slot, self.head), me),
            _ => m.set(rec(world, Mfn(last - 1), FrameWord::Next), me),
        }
        m.set(rec(world, mfn, FrameWord::Prev), last);
        m.set(rec(world, mfn, FrameWord::Next), 0);
        m.set(tail, me);
    }

    /// Takes a frame off whichever list of the domain it is on.
    pub(super) fn pull<W: Words>(m: &mut W, world: &World, slot: u8, mfn: Mfn) {
        let (next, prev) = (rec(world, mfn, FrameWord::Next), rec(world, mfn, FrameWord::Prev));
        let (n, p) = (m.get(next), m.get(prev));
        match p {
            0 => FrameList::end(m, world, slot, mfn, |l| l.head, n),
            _ => m.set(rec(world, Mfn(p - 1), FrameWord::Next), n),
        }
        match n {
            0 => FrameList::end(m, world, slot, mfn, |l| l.tail, p),
            _ => m.set(rec(world, Mfn(n - 1), FrameWord::Prev), p),
        }
        m.set(next, 0);
        m.set(prev, 0);
    }

    /// The list that begins, or ends, with this frame does so with another one now.
    fn end<W: Words>(m: &mut W, world: &World, slot: u8, mfn: Mfn, which: fn(FrameList) -> DomWord, to: u64) {
        let ends = FrameList::ALL.map(|l| world.dom_word(slot, which(l)));
        if let Some(word) = ends.into_iter().find(|&w| m.get(w) == mfn.0 + 1) {
            m.set(word, to);
        }
    }
}
