//! Running a statement: a verb's arguments are evaluated, then the primitive or operation that it names is called.
//!
//! A file to each family of verbs; this one finds the family and evaluates arguments for all of them.

mod audit;
mod callers;
mod device;
mod fault;
mod grant;
mod log_dirty;
mod nested;
mod paging;
mod physmap;
mod pod;
mod primitive;
mod pte;
mod query;
pub(super) mod shared;
mod sharing;
mod teardown;

use super::code::{Expr, VerbCall};
use super::eval::{self, EvalError, PlaceAt};
use super::place::{self, Part};
use super::room::Room;
use super::run::Script;
use super::verbs::{Verb, Word};
use crate::addr::{ActorId, DomGfn, DomId, Mfn};
use crate::entry::P2mType;
use crate::machine::World;
use crate::ops::Code;
use crate::sim::Locals;
use crate::step::{Step, Stop};

/// One statement with the variables that it reads.
pub(super) struct Call<'a> {
    pub(super) script: &'a Script,
    pub(super) call: &'a VerbCall,
    pub(super) locals: &'a Locals,
    pub(super) me: ActorId,
}

/// An argument that has no value stops the program.
fn bad(e: EvalError) -> Stop {
    let what = match e {
        EvalError::NoneUsed => "a thing, not `none`",
        EvalError::Overflow => "a number in range",
        EvalError::TwoDomains => "frame numbers of one domain",
        EvalError::Index => "a level or index that exists",
        EvalError::Unassigned => "a variable with a value",
        EvalError::Stray | EvalError::LongLoop => "something that is there",
    };
    Stop::Bad { what, value: 0 }
}

impl Call<'_> {
    fn room<'w>(&'w self, world: &'w World) -> Room<'w, Vec<u64>> {
        Room { world, script: self.script, words: None, me: self.me, stale: 0, broken: Vec::new() }
    }

    fn expr<S: Step>(&self, s: &S, e: &Expr) -> Result<u64, Stop> {
        eval::eval(e, &self.locals.vars, &self.room(s.world())).map_err(bad)
    }

    fn value<S: Step>(&self, s: &S, word: Word) -> Result<Option<u64>, Stop> {
        self.call.value(word).map(|e| self.expr(s, e)).transpose()
    }

    /// An argument that the verb's row says is there.
    fn needed<S: Step>(&self, s: &S, word: Word) -> Result<u64, Stop> {
        self.value(s, word)?.ok_or(Stop::Bad { what: "an argument", value: 0 })
    }

    fn gfn<S: Step>(&self, s: &S, word: Word) -> Result<DomGfn, Stop> {
        match self.needed(s, word)? {
            u64::MAX => Err(bad(EvalError::NoneUsed)),
            g => Ok(DomGfn::from_word(g)),
        }
    }

    fn frame<S: Step>(&self, s: &S) -> Result<Mfn, Stop> {
        match self.needed(s, Word::Object)? {
            u64::MAX => Err(bad(EvalError::NoneUsed)),
            mfn => s.page_word(Mfn(mfn), 0).map(|_| Mfn(mfn)),
        }
    }

    fn part<S: Step>(&self, s: &S) -> Result<Part, Stop> {
        let at = self.call.place().ok_or(Stop::Bad { what: "a place", value: 0 })?;
        let at = eval::place(at, &self.locals.vars, &self.room(s.world())).map_err(bad)?;
        let of = if let PlaceAt::Core(_, of, ..) = at { of } else { 0 };
        place::part(s.world(), at).ok_or(Stop::Bad { what: "a place of the machine", value: of })
    }

    /// A type.
    fn ty<S: Step>(&self, s: &S, word: Word) -> Result<P2mType, Stop> {
        let ty = self.needed(s, word)?;
        P2mType::all().get(ty as usize).copied().ok_or(Stop::Bad { what: "a type", value: ty })
    }

    /// The domain that stands behind the verb, by its slot.
    fn slot<S: Step>(&self, s: &S) -> Result<u8, Stop> {
        s.slot(DomId(self.needed(s, Word::Object)? as u16))
    }

    /// A domain, by its slot.
    fn domain<S: Step>(&self, s: &S, e: &Expr) -> Result<u8, Stop> {
        s.slot(DomId(self.expr(s, e)? as u16))
    }

    /// Does the statement; gives its result.
    pub(super) fn run<S: Step>(&self, s: &mut S) -> Result<u64, Stop> {
        use Verb::*;
        match self.call.verb {
            Lookup | SetEntry | HwRead | HwWrite | GetGfn | GetGfnQuery | PutGfn | GetTwoGfns | PutTwoGfns
            | GetPageFromGfn | GetGfnUnshare => query::run(self, s),
            MarkDirty | LogdirtyFault | LogdirtyEnable | LogdirtyDisable | LogdirtyClean | LogdirtyPeek | TrackVram
            | UntrackVram | ChangeType | ChangeTypeRange | ChangeTypeGlobal | FinishTypeChange => {
                log_dirty::run(self, s)
            }
            SetMmio | ClearMmio | MapMmio | SetIdentity | ClearIdentity | SetAccess | GetAccess | DefaultAccess
            | AccessCheck | IoreqClaim | IoreqRelease | SetMemType | UnmapMmio | AccessListen | AccessUnlisten
            | AccessResume => device::run(self, s),
            GrantMap | GrantUnmap | GrantCopy | GrantTransfer | ForeignMap | ForeignUnmap => grant::run(self, s),
            Nominate | Evict | Populate | Prep | Resume | Drop => paging::run(self, s),
            Read | Write | Fault => fault::run(self, s),
            AddPage | RemovePage | GuestRemove | Increase | Decrease | MovePage | MapSpecial | Exchange => {
                physmap::run(self, s)
            }
            MarkPod | DemandPopulate | ZeroCheck | Sweep | PodTarget | EmptyCache => pod::run(self, s),
            Audit | ShareAudit => audit::run(self, s),
            Teardown | MachineCheck => teardown::run(self, s),
            ShareNominate | Share | ShareAdd | Unshare => sharing::run(self, s),
            Post | Take | Insert | Remove | First | Next | Pause | Unpause | EnterGuest | Crash => shared::run(self, s),
            NestedGet | NestedFill | NestedFlush | NestedLeave => nested::run(self, s),
            CopyTo | CopyFrom | RepMovs | Emulate | TaskSwitch | GuestWalk | DbgRwMem | ShadowFault | NestedFault
            | MapVvmcx | UnmapVvmcx | MapVcpuInfo | UnmapVcpuInfo | MemEventEnable | MemEventDisable | NominateGref
            | HypercallPage | TmemPut | TmemGet => callers::run(self, s),
            _ => primitive::run(self, s),
        }
    }
}

/// An operation's answer as the statement's result.
fn code(c: Code) -> Result<u64, Stop> {
    Ok(c.word())
}

/// A verb that its family does not run: the checker lets none of them pass.
fn unknown<T>(call: &Call<'_>) -> Result<T, Stop> {
    Err(Stop::Bad { what: "a verb that is offered", value: call.call.verb as u64 })
}
