//! Effects: all that an operation may do to shared words.
//!
//! An operation is a plain function over one type parameter, [`Step`]. Each effect is a scheduling point *before* it
//! happens and gives its result or a [`Stop`], so it is followed by `?`. The same function is stepped and explored
//! (its effects' results are kept in a log, and it is run again on the log) and runs live (its effects are atomics).
//!
//! Rules for an operation: no statics, no `Cell`, no `Drop` with an effect, no allocation that outlives it. Closures
//! given to the combinators are `Fn`, and what comes out of them is at most four words, so that nothing else leaks.

use crate::addr::{ActorId, DomGfn, DomId, Mfn, Order, Word};
use crate::lock::{Hold, Lock, Mode};
use crate::machine::blocks::BlockAct;
use crate::machine::dirty::DirtyAct;
use crate::machine::grants::GrantAct;
use crate::machine::kept::KeptAct;
use crate::machine::lists::ListAct;
use crate::machine::monitor::MonitorAct;
use crate::machine::nested::NestedAct;
use crate::machine::objects::ObjectAct;
use crate::machine::paging::PagingAct;
use crate::machine::pause::{PauseAct, Who};
use crate::machine::pod::PodAct;
use crate::machine::pte::PteAct;
use crate::machine::recalc::RecalcAct;
use crate::machine::refs::RefsAct;
use crate::machine::ring::RingAct;
use crate::machine::sharing::SharingAct;
use crate::machine::sweep::Sweep;
use crate::machine::table::TableAct;
use crate::machine::teardown::TeardownAct;
use crate::machine::{DomWord, FrameWord, World, tlb};
use std::ops::ControlFlow;

/// Why an operation does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Stepped: the next effect has not happened yet.
    Pending,
    /// Live: the run is being halted.
    Halt,
    /// A word that came out of memory leads nowhere.
    Bad {
        /// What was looked for.
        what: &'static str,
        /// The number that does not fit.
        value: u64,
    },
}

/// One effect: what an actor is about to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Reads a word.
    Load(Word),
    /// Writes a word.
    Store(Word, u64),
    /// Writes the bits under the mask, in one store.
    StoreBits {
        /// The word.
        word: Word,
        /// Which bits.
        mask: u64,
        /// Their values, in place.
        bits: u64,
    },
    /// Compares and exchanges; gives what the word held.
    Cas(Word, u64, u64),
    /// Adds, wrapping; gives the new value.
    Add(Word, u64),
    /// Exchanges; gives the old value.
    Swap(Word, u64),
    /// A whole page at once, not yet published or wholly owned.
    Page(Page),
    /// Takes a lock, waiting for it. Gives 1, or 0 where it was a promotion.
    Lock(Lock, Mode),
    /// Takes a lock if that needs no waiting; gives whether.
    TryLock(Lock, Mode),
    /// Releases a lock.
    Unlock(Lock, Mode),
    /// Sleeps until a condition holds.
    Wait(Cond),
    /// Tells sleepers to look again; live threads only.
    Wake(Word),
    /// What the world decides: a number below this.
    Choose(u64),
    /// A record that changes as a whole.
    Act(Act),
}

/// A page effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// The table page becomes the 512 children of a leaf met at `level`.
    Fill {
        /// The private table.
        table: Mfn,
        /// The leaf.
        entry: u64,
        /// The level that the leaf stands at.
        level: u8,
    },
    /// One page becomes a copy of another.
    Copy {
        /// Read.
        from: Mfn,
        /// Written.
        to: Mfn,
    },
    /// All zeroes.
    Zero(Mfn),
    /// Whether it is all zeroes.
    IsZero(Mfn),
}

/// A record that changes as a whole: one effect, several words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Takes a reference; gives whether it could.
    GetPage {
        /// The frame.
        mfn: Mfn,
        /// Whose it must be.
        dom: Option<DomId>,
    },
    /// Drops a reference; the last one frees. Gives whether it did.
    PutPage(Mfn),
    /// Tests and clears the allocated bit and drops its reference; gives whether it was set.
    PutAllocation(Mfn),
    /// A get's reference on the frame it found.
    Pin {
        /// What was got.
        g: DomGfn,
        /// The frame.
        mfn: Mfn,
    },
    /// Drops a get's reference.
    Unpin {
        /// What was got.
        g: DomGfn,
    },
    /// The lowest free frame for a domain: its mfn, or all ones.
    AllocFrame(u8),
    /// The lowest free page of a domain's table pool, emptied: its mfn, or all ones.
    AllocTable(u8),
    /// Gives a table page back; gives whether it was one.
    FreeTable(Mfn),
    /// Writes a leaf in one store; the actor's own pins move along, and the highest mapped gfn is noted; a
    /// foreign entry's own reference comes and goes. Gives the old entry, and 0; or why it was not written, and then
    /// nothing has changed: a [`Refused`](crate::machine::foreign::Refused).
    SetEntry {
        /// The table word.
        word: Word,
        /// The entry.
        entry: u64,
        /// The first gfn it maps.
        g: DomGfn,
        /// How many it maps.
        order: Order,
        /// Whether it gets the domain's default access instead of its own.
        fresh: bool,
    },
    /// A guest access through the TLB, or the first read of a walk: a [`tlb::Outcome`].
    TlbAccess {
        /// What is touched.
        g: DomGfn,
        /// The table's root.
        root: Mfn,
        /// How.
        access: tlb::Access,
    },
    /// The next step of a walk: reads an entry, or fills the TLB and touches the frame. A [`tlb::Outcome`].
    TlbWalk {
        /// What is touched.
        g: DomGfn,
        /// The entry that the walk has read.
        entry: u64,
        /// Its level.
        level: u8,
        /// How.
        access: tlb::Access,
    },
    /// Empties one actor's TLB.
    Flush(ActorId),
    /// The next leaf of a table: a [`crate::machine::sweep::Found`].
    Sweep(Sweep),
    /// The log-dirty bitmap.
    Dirty(DirtyAct),
    /// A naturally aligned run of frames.
    Block(BlockAct),
    /// The populate-on-demand cache.
    Pod(PodAct),
    /// A table word, found at this moment: as it was, then whether the path reached it.
    Pte(PteAct),
    /// A ring of requests: what was taken, then a [`Ringed`](crate::machine::ring::Ringed). May have to wait.
    Ring(RingAct),
    /// A list whose links stand in its elements.
    List(ListAct),
    /// A heap object.
    Object(ObjectAct),
    /// vCPUs that are paused, or end.
    Pause(PauseAct),
    /// Requests to the pager, and who waits for it. May have to wait.
    Paging(PagingAct),
    /// Which nested view is whose.
    Nested(NestedAct),
    /// Whether the actor may wait for these locks: see [`crate::lock::may_take`].
    MayTake(Hold),
    /// Typed references, owners, m2p.
    Refs(RefsAct),
    /// Who listens for forbidden accesses, and who waits for that.
    Monitor(MonitorAct),
    /// Marks of entries whose types are to be computed.
    Recalc(RecalcAct),
    /// Sharing records.
    Sharing(SharingAct),
    /// What is granted.
    Grant(GrantAct),
    /// A guest's page that the hypervisor keeps.
    Kept(KeptAct),
    /// What is more than one word of a table.
    Table(TableAct),
    /// What is taken from a domain that is taken down.
    Teardown(TeardownAct),
}

/// What a sleeper waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cond {
    /// The word has this value.
    Is(Word, u64),
    /// The word has another value.
    Not(Word, u64),
    /// They are outside the hypervisor, all of them.
    Outside(Who),
    /// The condition of the statement that the actor is at, as its program words it.
    Stated,
}

impl Effect {
    /// How many words its result has in a log.
    #[inline(always)]
    pub const fn width(&self) -> usize {
        match self {
            Effect::Act(
                Act::TlbAccess { .. }
                | Act::TlbWalk { .. }
                | Act::Sweep(_)
                | Act::SetEntry { .. }
                | Act::Ring(_)
                | Act::Pte(_),
            ) => 2,
            _ => 1,
        }
    }

    /// Whether it takes a lock, releases one, waits, or writes a table: what the middle size of step stops at.
    pub const fn is_lock_event(&self) -> bool {
        matches!(
            self,
            Effect::Lock(..)
                | Effect::TryLock(..)
                | Effect::Unlock(..)
                | Effect::Wait(_)
                | Effect::Act(Act::Ring(_) | Act::Pause(_) | Act::Paging(_) | Act::Monitor(_))
                | Effect::Act(Act::SetEntry { .. })
        )
    }
}

/// A value of at most four words: what may leave a combinator's closure.
pub trait Plain: Copy {
    /// How many words.
    const WORDS: usize;
    /// As words; the rest are zero.
    fn to_words(self) -> [u64; 4];
    /// The inverse of [`Plain::to_words`].
    fn from_words(w: [u64; 4]) -> Self;
}

/// A round of a loop of [`Step::turns`]. Where a round is all of a hot path it is written as one of these and not as a closure:
/// unlike a closure it can ask to be made part of the loop, wherever that is compiled.
pub trait Turn<S, A> {
    /// Goes on with the next accumulator, or ends with the last.
    fn turn(&self, s: &mut S, acc: A) -> Result<ControlFlow<A, A>, Stop>;
}

/// A round that calls a closure.
struct ByCall<F>(F);

impl<S, A, F: Fn(&mut S, A) -> Result<ControlFlow<A, A>, Stop>> Turn<S, A> for ByCall<F> {
    #[inline(always)]
    fn turn(&self, s: &mut S, acc: A) -> Result<ControlFlow<A, A>, Stop> {
        (self.0)(s, acc)
    }
}

/// All that an operation may see and do.
pub trait Step: Sized {
    /// What is fixed for the run.
    fn world(&self) -> &World;

    /// The actor that runs.
    fn me(&self) -> ActorId;

    /// Does one effect.
    fn effect(&mut self, e: Effect) -> Result<[u64; 2], Stop>;

    /// What the next effect is for, for the step's sentence.
    fn note(&mut self, what: &'static str);

    /// Runs `f` and forgets its effects: only what it returns is remembered.
    fn scope<R: Plain>(&mut self, f: impl Fn(&mut Self) -> Result<R, Stop>) -> Result<R, Stop>;

    /// Runs `f` until it gives something, and forgets the failed attempts. Each attempt must have an effect.
    fn retry<R: Plain>(&mut self, f: impl Fn(&mut Self) -> Result<Option<R>, Stop>) -> Result<R, Stop>;

    /// A loop whose memory is its accumulator alone. Each round must have an effect, save one that ends it, and has it
    /// before any scope, retry or fold inside: in a log the two could not be told apart.
    fn turns<A: Plain>(&mut self, init: A, turn: &impl Turn<Self, A>) -> Result<A, Stop>;

    /// The same, each round a call of `f`.
    #[inline(always)]
    fn fold<A: Plain>(
        &mut self,
        init: A,
        f: impl Fn(&mut Self, A) -> Result<ControlFlow<A, A>, Stop>,
    ) -> Result<A, Stop> {
        self.turns(init, &ByCall(f))
    }

    /// Reads a word, acquiring.
    #[inline(always)]
    fn load(&mut self, w: Word) -> Result<u64, Stop> {
        Ok(self.effect(Effect::Load(w))?[0])
    }

    /// Writes a word, releasing.
    #[inline(always)]
    fn store(&mut self, w: Word, v: u64) -> Result<(), Stop> {
        self.effect(Effect::Store(w, v)).map(|_| ())
    }

    /// Writes `new` if the word holds `old`; gives whether it did.
    #[inline(always)]
    fn cas(&mut self, w: Word, old: u64, new: u64) -> Result<bool, Stop> {
        Ok(self.effect(Effect::Cas(w, old, new))?[0] == old)
    }

    /// Adds, wrapping; gives the new value.
    #[inline(always)]
    fn add(&mut self, w: Word, n: u64) -> Result<u64, Stop> {
        Ok(self.effect(Effect::Add(w, n))?[0])
    }

    /// Takes a lock, waiting for it; false where it would be a promotion, and then it is not held.
    #[inline(always)]
    fn lock(&mut self, lock: Lock, mode: Mode) -> Result<bool, Stop> {
        Ok(self.effect(Effect::Lock(lock, mode))?[0] != 0)
    }

    /// Takes a lock if that needs no waiting.
    #[inline(always)]
    fn try_lock(&mut self, lock: Lock, mode: Mode) -> Result<bool, Stop> {
        Ok(self.effect(Effect::TryLock(lock, mode))?[0] != 0)
    }

    /// Releases a lock.
    #[inline(always)]
    fn unlock(&mut self, lock: Lock, mode: Mode) -> Result<(), Stop> {
        self.effect(Effect::Unlock(lock, mode)).map(|_| ())
    }

    /// Sleeps until the condition holds.
    fn wait(&mut self, c: Cond) -> Result<(), Stop> {
        self.effect(Effect::Wait(c)).map(|_| ())
    }

    /// What the world decides: a number below `n`.
    fn choose(&mut self, n: u64) -> Result<u64, Stop> {
        Ok(self.effect(Effect::Choose(n))?[0])
    }

    /// Changes a record as a whole.
    #[inline(always)]
    fn act(&mut self, a: Act) -> Result<u64, Stop> {
        Ok(self.effect(Effect::Act(a))?[0])
    }

    /// A page effect.
    #[inline(always)]
    fn page(&mut self, p: Page) -> Result<u64, Stop> {
        Ok(self.effect(Effect::Page(p))?[0])
    }

    /// Word `i` of a frame's page; a frame beyond the machine stops the operation.
    #[inline(always)]
    fn page_word(&self, mfn: Mfn, i: u64) -> Result<Word, Stop> {
        self.world().map.page(mfn, i).ok_or(Stop::Bad { what: "a page of the machine", value: mfn.0 })
    }

    /// A word of a frame's record.
    #[inline(always)]
    fn frame_word(&self, mfn: Mfn, w: FrameWord) -> Result<Word, Stop> {
        self.world().map.frame(mfn, w).ok_or(Stop::Bad { what: "a frame of the machine", value: mfn.0 })
    }

    /// A word of a domain's record.
    #[inline(always)]
    fn dom_word(&self, slot: u8, w: DomWord) -> Word {
        self.world().map.dom(slot, w)
    }

    /// The place of a domain in the world; an unknown one stops the operation.
    #[inline(always)]
    fn slot(&self, dom: DomId) -> Result<u8, Stop> {
        self.world().slot(dom).ok_or(Stop::Bad { what: "a domain of the world", value: dom.0 as u64 })
    }
}

macro_rules! plain {
    ($($t:ty, $n:literal, |$v:ident| $to:expr, |$w:ident| $from:expr;)*) => {$(
        impl Plain for $t {
            const WORDS: usize = $n;
            #[inline(always)]
            fn to_words(self) -> [u64; 4] {
                let $v = self;
                $to
            }
            #[inline(always)]
            fn from_words($w: [u64; 4]) -> Self {
                $from
            }
        }
    )*};
}

plain! {
    (), 0, |_v| [0; 4], |_w| ();
    u64, 1, |v| [v, 0, 0, 0], |w| w[0];
    bool, 1, |v| [v as u64, 0, 0, 0], |w| w[0] != 0;
    Mfn, 1, |v| [v.0, 0, 0, 0], |w| Mfn(w[0]);
    (u64, u64), 2, |v| [v.0, v.1, 0, 0], |w| (w[0], w[1]);
    Hold, 4, |v| v.to_words(), |w| Hold::from_words(w);
    (u64, u64, u64), 3, |v| [v.0, v.1, v.2, 0], |w| (w[0], w[1], w[2]);
}
