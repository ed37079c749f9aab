//! What kind of word a word is: what a step has touched, and so which rules to look at again.

use super::map::{DOM_RECORD, FRAME_RECORD, Map};
use super::record::DomWord;
use crate::addr::{Mfn, Word};

/// What kind of word it is: what a step has touched, and so which rules to look at again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Region {
    /// A word of a frame's page.
    Page,
    /// A word of the frame table.
    Frames,
    /// A free map or the heap's own word.
    Heap,
    /// A word of the machine as a whole.
    Xen,
    /// A domain's record.
    Domains,
    /// An actor's record: locks it waits for, pins, TLB.
    Actors,
    /// A sharing record, or the map of those in use.
    Records,
    /// A heap object, or the map of those in use.
    Objects,
    /// A grant.
    Grants,
    /// A lesson's own words, lists, rings and locks.
    Lesson,
    /// What only watchers and the runner know.
    Ghost,
}

impl Region {
    /// What it holds, in a few words.
    pub const fn name(self) -> &'static str {
        match self {
            Region::Page => "the page",
            Region::Frames => "the record",
            Region::Heap => "the maps of free frames",
            Region::Xen => "the counters of the machine",
            Region::Domains => "a domain's record",
            Region::Actors => "an actor's locks, pins or TLB",
            Region::Records => "a sharing record",
            Region::Objects => "a heap object",
            Region::Grants => "a grant",
            Region::Lesson => "the lesson's own words, lists, rings or locks",
            Region::Ghost => "what only watchers know",
        }
    }
}

impl Map {
    /// The first object that a word of their map speaks of; none for any other word.
    pub const fn object_map_at(&self, w: Word) -> Option<u64> {
        if w.0 >= self.objects_at && w.0 < self.objects_at + self.objects.div_ceil(64) {
            Some(64 * (w.0 - self.objects_at) as u64)
        } else {
            None
        }
    }

    /// What kind of word it is.
    pub const fn region(&self, w: Word) -> Region {
        let w = w.0;
        if w < self.frames_at {
            Region::Page
        } else if w < self.free_at {
            Region::Frames
        } else if w < self.xen_at {
            Region::Heap
        } else if w < self.doms_at {
            Region::Xen
        } else if w < self.actors_at {
            Region::Domains
        } else if w < self.records_at {
            Region::Actors
        } else if w < self.objects_at {
            Region::Records
        } else if w < self.grants_at {
            Region::Objects
        } else if w < self.lesson_at {
            Region::Grants
        } else if w < self.domctl().0 + 8 {
            Region::Lesson
        } else if w < self.ghost_at {
            Region::Domains
        } else {
            Region::Ghost
        }
    }

    /// Whether the word is a domain's global lock.
    pub const fn is_global_lock(&self, w: Word) -> bool {
        w.0 >= self.doms_at && w.0 < self.actors_at && (w.0 - self.dom(0, DomWord::Global).0).is_multiple_of(DOM_RECORD)
    }

    /// The frame whose record holds this word, and which word of the record it is.
    pub const fn frame_record(&self, w: Word) -> Option<(Mfn, u8)> {
        match self.region(w) {
            Region::Frames => {
                let at = w.0 - self.frames_at;
                Some((Mfn((at / FRAME_RECORD) as u64), (at % FRAME_RECORD) as u8))
            }
            _ => None,
        }
    }
}
