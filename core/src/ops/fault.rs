//! What a guest's fault brings about (Xen's `hvm_hap_nested_page_fault` as of 2012-03-15).
//!
//! Protocol: the entry is looked up under its lock, and what it wants is done when that is released: asking the pager and
//! waiting for the device model may sleep (S16, S17), and who mends the entry takes its lock again and looks again (S61). A fault that another vCPU has mended
//! meanwhile is none: the guest tries again.
//!
//! The order of the questions is that of 2012. Today registers that the hypervisor emulates itself are told apart before
//! the look-up, writes to `ioreq_server` go to the device model, and only the domain's own table, no alternative one, has
//! its log-dirty entries changed. Upstream a vCPU that faults on a page which was asked for already tries again at once
//! until it is there; here it asks again, as any other access of it does, and sleeps.

use super::code::Code;
use super::paging;
use super::query::{release, take, walk_marks};
use super::table::recalc;
use super::{access, guest, log_dirty, pod, sharing};
use crate::addr::DomGfn;
use crate::entry::{Leaf, P2mType, Perms};
use crate::lock::policy;
use crate::machine::World;
use crate::machine::paging::is_own;
use crate::machine::pause::{PauseAct, Who};
use crate::machine::ring::RingAct;
use crate::machine::tlb::{Access, Outcome};
use crate::step::{Act, Effect, Plain, Step, Stop};

/// What became of a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handled {
    /// The guest tries again.
    Again,
    /// The device model has emulated the access: a read gave 0, a write is dropped.
    Emulated,
    /// The access fails with this code; [`Code::Fault`] is a fault that the guest itself gets.
    Failed(Code),
    /// Nobody could mend it, or nobody is there to ask: the domain has crashed.
    Crashed(Code),
}

impl Plain for Handled {
    const WORDS: usize = 2;

    fn to_words(self) -> [u64; 4] {
        let (tag, code) = match self {
            Handled::Again => (0, Code::Ok),
            Handled::Emulated => (1, Code::Ok),
            Handled::Failed(code) => (2, code),
            Handled::Crashed(code) => (3, code),
        };
        [tag, code.word(), 0, 0]
    }

    fn from_words(w: [u64; 4]) -> Handled {
        let code = Code::from_words([w[1], 0, 0, 0]);
        match w[0] {
            0 => Handled::Again,
            1 => Handled::Emulated,
            2 => Handled::Failed(code),
            _ => Handled::Crashed(code),
        }
    }
}

impl Handled {
    /// As the statement `fault g` answers it.
    pub const fn code(self) -> Code {
        match self {
            Handled::Again | Handled::Emulated => Code::Ok,
            Handled::Failed(code) | Handled::Crashed(code) => code,
        }
    }
}

/// What the look at the entry has led to: what is left to be done without its lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    /// Nothing: it is so.
    Is(Handled),
    /// The pager is to be asked.
    Ask,
    /// The device model is to be asked.
    Emulate,
    /// What was promised is to be given.
    Promised,
    /// The page is to get a frame of its own.
    Unshare,
    /// The write is to be noted.
    Note,
    /// The entry's access right forbids it.
    Right,
    /// The domain cannot go on.
    Crash,
}

/// `fault g [for_write]`: handles a guest's fault, with one walk under the entry's lock.
///
/// What is not mapped, or written to `ram_ro` or `ioreq_server`, goes to the device model: a request is placed on the
/// world's ring `ioreq`, if it has one. What was promised is given ([`pod::demand_populate_one`]). A page in the pager's
/// hands is asked for ([`paging::populate`]). A write to `ram_shared` gets a frame of its own
/// ([`sharing::unshare_or_tell`]), one to `ram_logdirty` is noted ([`log_dirty::write_fault`]), and an access that the
/// entry's right forbids is for [`access::check`] to decide; what these answer but `ok` the access fails with. A write to
/// `grant_map_ro` is the guest's own fault. An entry that allows the access was mended meanwhile. All else crashes the
/// domain.
pub fn fault<S: Step>(s: &mut S, g: DomGfn, write: bool) -> Result<Handled, Stop> {
    let slot = s.slot(g.dom)?;
    let plan = policy::for_update(s.world(), slot, g.gfn);
    take(s, slot, plan)?;
    let (entry, level, marked) = walk_marks(s, g)?;
    let leaf = s.world().leaf_of(g, entry, level);
    let perms = s.world().format.perms(entry);
    let then = match leaf {
        // Whatever it is: with its type it may allow the access, and if not the guest comes again.
        _ if marked => {
            recalc::resolve(s, slot, g.gfn)?;
            Then::Is(Handled::Again)
        }
        Some(leaf) => mend(leaf, perms, write),
        None => Then::Emulate,
    };
    release(s, slot, plan)?;
    let own = is_own(s.world(), s.me(), slot);
    match then {
        Then::Is(handled) => Ok(handled),
        Then::Ask => Ok(match paging::populate(s, g, false)? {
            Code::Ok | Code::Eagain => Handled::Again,
            Code::Enodev if own => Handled::Crashed(Code::Enodev),
            code => Handled::Failed(code),
        }),
        Then::Promised => Ok(match pod::demand_populate_one(s, g)? {
            Code::Ok => Handled::Again,
            code => Handled::Failed(code),
        }),
        Then::Unshare => Ok(match sharing::unshare_or_tell(s, g)? {
            Code::Ok => Handled::Again,
            code => Handled::Failed(code),
        }),
        Then::Note => Ok(match log_dirty::write_fault(s, g)? {
            Code::Ok | Code::Fault => Handled::Again,
            code => Handled::Failed(code),
        }),
        Then::Right => Ok(match access::check(s, g, write)? {
            Code::Ok | Code::Fault => Handled::Again,
            Code::Eperm => Handled::Crashed(Code::Eperm),
            code => Handled::Failed(code),
        }),
        Then::Emulate => {
            if let Some(ring) = device_model(s.world()) {
                s.effect(Effect::Act(Act::Ring(RingAct::Post { ring, value: g.to_word(), wait: own })))?;
            }
            Ok(Handled::Emulated)
        }
        Then::Crash => {
            if own {
                let me = s.me();
                s.act(Act::Pause(PauseAct::Pause(Who::Actor(me))))?;
            }
            s.note("nobody can mend this access");
            s.act(Act::Pause(PauseAct::Crash(slot)))?;
            Ok(Handled::Crashed(Code::Fault))
        }
    }
}

/// What the entry says is to be done, in Xen's order.
fn mend(leaf: Leaf, perms: Perms, write: bool) -> Then {
    let fails = Then::Is(Handled::Failed(Code::Fault));
    let allowed = |p: Perms| if write { p.w } else { p.r };
    if leaf.has_frame() && !leaf.ty.is_paging() && !allowed(leaf.access.mask()) {
        return Then::Right;
    }
    match leaf.ty {
        P2mType::PopulateOnDemand => Then::Promised,
        P2mType::MmioDm | P2mType::Invalid => Then::Emulate,
        P2mType::RamRo | P2mType::IoreqServer if write => Then::Emulate,
        ty if ty.is_paging() => Then::Ask,
        P2mType::RamShared if write => Then::Unshare,
        P2mType::RamLogdirty if write => Then::Note,
        P2mType::GrantMapRo if write => fails,
        _ if allowed(perms) => Then::Is(Handled::Again),
        _ => Then::Crash,
    }
}

/// The ring of the device model, by its name in the lesson.
pub fn device_model(world: &World) -> Option<u8> {
    world.rings.iter().position(|r| r.of.is_none() && r.name == "ioreq").map(|i| i as u8)
}

/// `read g`, `write g = n`: a guest's access with all that a fault of it brings about, again until it is done. The code,
/// and what was read or written. A vCPU that is paused meanwhile stays outside until somebody lets it go on; one whose
/// domain has crashed ends there. `fault` where the processor refuses the entry itself.
pub fn guest_access<S: Step>(s: &mut S, g: DomGfn, access: Access) -> Result<(Code, u64), Stop> {
    let write = matches!(access, Access::Write(_));
    let (code, value) = s.retry(|s| {
        let done = |code: Code, value| Ok(Some((code.word(), value)));
        match guest::try_once(s, g, access)? {
            Outcome::Done(v) => done(Code::Ok, v),
            Outcome::Fault => match fault(s, g, write)? {
                Handled::Again => Ok(None),
                Handled::Emulated => done(Code::Ok, 0),
                Handled::Failed(code) => done(code, 0),
                Handled::Crashed(code) => {
                    let slot = s.slot(g.dom)?;
                    let ends = is_own(s.world(), s.me(), slot);
                    if ends { Ok(None) } else { done(code, 0) }
                }
            },
            Outcome::LogFull => {
                let me = s.me();
                log_dirty::flush_pml(s, me)?;
                Ok(None)
            }
            Outcome::Misconfigured => match recalc::handle_misconfig(s, g)? {
                Code::Ok => Ok(None),
                code => done(code, 0),
            },
            Outcome::Walk { .. } | Outcome::Again => Ok(None),
        }
    })?;
    Ok((Code::from_word(code).unwrap_or(Code::Fault), value))
}
