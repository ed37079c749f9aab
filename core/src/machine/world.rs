//! What is fixed for a run: who takes part, under which policy, and which words are where.

use super::map::Map;
use super::record::DomWord;
use crate::addr::{ActorId, DomGfn, DomId, Gfn, Mfn, Order, Word};
use crate::entry::{Decoded, Format, Leaf, LeafCtx, P2mType};

/// Which locks a look-up takes. What each does stands in `lock::policy`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Policy {
    /// Look-ups take nothing and pin nothing: Xen of October 2011.
    Unlocked,
    /// One lock for the whole table: what Xen took.
    Global,
    /// Ranges of 1 GB.
    G1,
    /// Ranges of 2 MB: what was proposed.
    #[default]
    M2,
    /// A lock for each gfn: what was judged unnecessary.
    K4,
    /// Ranges of 2 MB with readers, who may become writers: what was judged risky.
    Rw,
}

impl Policy {
    /// Every policy, coarsest first, and the one with readers last.
    pub const ALL: [Policy; 6] = [Policy::Unlocked, Policy::Global, Policy::G1, Policy::M2, Policy::K4, Policy::Rw];

    /// The name in lessons: `unlocked`, `global`, `1g`, `2m`, `4k`, `rw`.
    pub const fn name(self) -> &'static str {
        match self {
            Policy::Unlocked => "unlocked",
            Policy::Global => "global",
            Policy::G1 => "1g",
            Policy::M2 => "2m",
            Policy::K4 => "4k",
            Policy::Rw => "rw",
        }
    }

    /// The policy of that name.
    pub fn from_name(name: &str) -> Option<Policy> {
        Policy::ALL.into_iter().find(|p| p.name() == name)
    }

    /// How many bits of a gfn one range covers; none where there are no ranges.
    #[inline(always)]
    pub const fn range_bits(self) -> Option<u8> {
        match self {
            Policy::Unlocked | Policy::Global => None,
            Policy::G1 => Some(18),
            Policy::M2 | Policy::Rw => Some(9),
            Policy::K4 => Some(0),
        }
    }
}

/// How the shared side of a global lock is counted (question Q4 of the proposal).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Form {
    /// A count that changes under a spinlock, with its barriers: as the proposal had it.
    Spinlock,
    /// One atomic count.
    #[default]
    Atomic,
    /// A count for each actor, and a flag that whoever wants the exclusive side sets.
    Percpu,
}

impl Form {
    /// Every form with its name in lessons.
    pub const ALL: [(&'static str, Form); 3] =
        [("spinlock", Form::Spinlock), ("atomic", Form::Atomic), ("percpu", Form::Percpu)];

    /// Its name.
    pub const fn name(self) -> &'static str {
        Form::ALL[self as usize].0
    }

    /// The form of that name.
    pub fn from_name(name: &str) -> Option<Form> {
        Form::ALL.iter().find(|f| f.0 == name).map(|f| f.1)
    }
}

/// When an operation's flush happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Deferral {
    /// Where it is asked for: Xen until April 2016.
    #[default]
    Sync,
    /// When the last lock of the table is released, after the release: Xen since 09fc40ed30.
    Deferred,
}

impl Deferral {
    /// Both with their names in lessons.
    pub const ALL: [(&'static str, Deferral); 2] = [("sync", Deferral::Sync), ("deferred", Deferral::Deferred)];
}

/// What an actor is. All but `Vcpu` and `Hardware` differ in name and picture only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A virtual processor: has a TLB.
    Vcpu,
    /// A device or a walker on its own: has a TLB.
    Hardware,
    /// Pages out and in.
    Pager,
    /// Shares frames.
    Sharer,
    /// The control domain's tools.
    Toolstack,
    /// The balloon driver.
    Balloon,
    /// Migration's harvest of dirty pages.
    LogDirty,
    /// A grant or foreign mapper.
    Grant,
    /// Audits and dumps.
    Debugger,
}

impl Kind {
    /// Every kind with its name in lessons.
    pub const ALL: [(Kind, &'static str); 9] = [
        (Kind::Vcpu, "vcpu"),
        (Kind::Hardware, "hardware"),
        (Kind::Pager, "pager"),
        (Kind::Sharer, "sharer"),
        (Kind::Toolstack, "toolstack"),
        (Kind::Balloon, "balloon"),
        (Kind::LogDirty, "logdirty"),
        (Kind::Grant, "grant"),
        (Kind::Debugger, "debugger"),
    ];

    /// The name in lessons.
    pub const fn name(self) -> &'static str {
        Kind::ALL[self as usize].1
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.iter().find(|k| k.1 == name).map(|k| k.0)
    }

    /// Whether its accesses go through a TLB of its own.
    pub const fn has_tlb(self) -> bool {
        matches!(self, Kind::Vcpu | Kind::Hardware)
    }
}

/// An actor of the world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// Its name, unique in the world.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The domain it acts for, by its number.
    pub domain: DomId,
}

/// A domain of the world, or a view of one: a further table with frame numbers of its own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Domain {
    /// Its number.
    pub id: DomId,
    /// Its name.
    pub name: String,
    /// The control domain: its locks come after all others.
    pub control: bool,
    /// The root of its table.
    pub root: Mfn,
    /// What it is a view of, if it is no domain of its own.
    pub view: Option<View>,
    /// Its paging ring, by its place in [`World::rings`].
    pub ring: Option<u8>,
}

/// Why a domain has a further table, and whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// The place of the domain whose memory it shows.
    pub of: u8,
    /// What it is for.
    pub kind: ViewKind,
}

/// What a further table of a domain is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ViewKind {
    /// What a guest's own guest sees.
    Nested,
    /// An alternative to the domain's table.
    Alt,
}

/// A lock of the lesson's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedLock {
    /// Its name.
    pub name: String,
    /// Its level in the order; 0: outside the order.
    pub level: u8,
}

/// A ring of requests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ring {
    /// Its name.
    pub name: String,
    /// How many requests it holds, 1 to [`RING_ROOM`](super::RING_ROOM).
    pub slots: u64,
    /// The domain whose paging ring it is, by its place; none for the lesson's own.
    pub of: Option<u8>,
}

/// All that does not change while actors run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct World {
    /// Where the words are.
    pub map: Map,
    /// Which locks look-ups take.
    pub policy: Policy,
    /// How the shared side of their tables' global locks is counted.
    pub form: Form,
    /// Whether a get also pins the frame.
    pub pin: bool,
    /// Whether an entry that is mapped elsewhere stays held for as long (question Q3 of the proposal).
    pub captive: bool,
    /// How entries are laid out.
    pub format: Format,
    /// When flushes happen.
    pub flush: Deferral,
    /// The domains; an operation names one by its place here, the slot.
    pub domains: Vec<Domain>,
    /// The actors.
    pub actors: Vec<Actor>,
    /// The lesson's own words, by name.
    pub words: Vec<String>,
    /// The lesson's own locks.
    pub locks: Vec<NamedLock>,
    /// The lesson's own lists, by name.
    pub lists: Vec<String>,
    /// The rings: the lesson's own, then those of domains.
    pub rings: Vec<Ring>,
    /// The grants, by name.
    pub grants: Vec<String>,
    /// Frames that the lesson names.
    pub frames: Vec<(String, Mfn)>,
    /// Those of them that the lesson declares without mapping them.
    pub loose: Vec<Mfn>,
    /// After how many steps of others an actor that waits for a lock starves; none: never.
    pub patience: Option<u64>,
    /// The first of the actors' pages of logged writes, where processors log them (PML).
    pub pml: Option<Mfn>,
    /// Frames of devices that guests may only read.
    pub mmio_ro: Vec<Mfn>,
    /// After how many units of work an operation that can be preempted lets others run; none: Xen's own numbers.
    pub preempt: Option<u64>,
    /// Whether anybody may pause a vCPU or crash a domain, so that it is kept who is inside the hypervisor.
    pub pausable: bool,
}

impl World {
    /// The place of a domain in the world.
    #[inline(always)]
    pub fn slot(&self, id: DomId) -> Option<u8> {
        self.domains.iter().position(|d| d.id == id).map(|i| i as u8)
    }

    /// The domain whose view this is; none for a domain of its own.
    pub fn host(&self, id: DomId) -> Option<DomId> {
        let view = self.domain(self.slot(id)?).view?;
        Some(self.domain(view.of).id)
    }

    /// How many units of work a slice has: the operation's own number, unless the world has another.
    pub fn slice(&self, own: u64) -> u64 {
        self.preempt.unwrap_or(own)
    }

    /// The domain at a place.
    #[inline]
    pub fn domain(&self, slot: u8) -> &Domain {
        &self.domains[slot as usize]
    }

    /// A word of the domain's record.
    #[inline(always)]
    pub const fn dom_word(&self, slot: u8, w: DomWord) -> Word {
        self.map.dom(slot, w)
    }

    /// The index of the range of a gfn under the policy in force; the whole table is range 0.
    #[inline(always)]
    pub const fn range(&self, gfn: Gfn) -> u64 {
        match self.policy.range_bits() {
            Some(bits) => gfn.0 >> bits,
            None => 0,
        }
    }

    /// All actors, in order.
    pub fn actor_ids(&self) -> impl Iterator<Item = ActorId> + use<> {
        (0..self.actors.len()).map(|a| ActorId(a as u8))
    }

    /// The actor's name; a number that came out of memory may be nobody's.
    pub fn actor_name(&self, a: ActorId) -> &str {
        self.actors.get(a.0 as usize).map_or("nobody", |a| &a.name)
    }

    /// The frame's name in the lesson, else its number.
    pub fn frame_name(&self, mfn: Mfn) -> String {
        match self.frames.iter().find(|f| f.1 == mfn) {
            Some((name, _)) => name.clone(),
            None => mfn.to_string(),
        }
    }

    /// Whether processors log what a guest modifies in the table of that domain: not in a view.
    #[inline(always)]
    pub fn logs(&self, slot: u8) -> bool {
        self.pml.is_some() && self.domain(slot).view.is_none()
    }

    /// What decides the bits of the domain's entries and is not in them.
    #[inline(always)]
    pub fn leaf_ctx(&self, slot: u8) -> LeafCtx {
        let logs = self.logs(slot);
        LeafCtx { pml: logs, ad: logs, ..LeafCtx::default() }
    }

    /// The same for one leaf: whether a device's frame of it may only be read.
    #[inline(always)]
    pub fn leaf_ctx_of(&self, slot: u8, leaf: &Leaf) -> LeafCtx {
        let ro = leaf.ty == P2mType::MmioDirect && self.is_mmio_ro(leaf.mfn, leaf.order);
        LeafCtx { mmio_ro: ro, ..self.leaf_ctx(slot) }
    }

    /// Whether one of these frames lies in the ranges that guests may only read (`mmio_ro_ranges`).
    pub fn is_mmio_ro(&self, mfn: Mfn, order: Order) -> bool {
        self.mmio_ro.iter().any(|ro| mfn <= *ro && ro.0 - mfn.0 < order.frames())
    }

    /// Child `i` of a superpage that is split: see [`Format::split_child`].
    pub fn split_child(&self, entry: u64, level: u8, i: u64, ctx: &LeafCtx) -> u64 {
        let child = self.format.split_child(entry, level, i, ctx);
        match self.format.decode(level.saturating_sub(1), child) {
            Decoded::Leaf(leaf) if leaf.ty == P2mType::MmioDirect => {
                let mmio_ro = self.is_mmio_ro(leaf.mfn, leaf.order);
                self.format.split_child(entry, level, i, &LeafCtx { mmio_ro, ..*ctx })
            }
            _ => child,
        }
    }

    /// What an entry met at a level means for `g`: the leaf with the frame of this very gfn.
    #[inline]
    pub fn leaf_of(&self, g: DomGfn, entry: u64, level: u8) -> Option<Leaf> {
        match self.format.decode(level, entry) {
            Decoded::Leaf(leaf) => Some(Leaf { mfn: leaf.mfn.plus(g.gfn.offset(leaf.order)), ..leaf }),
            _ => None,
        }
    }
}
