//! From a lesson to a world with actors in it: the first state of one version under one policy.

use super::{DomainSpec, Form, Lesson, MapItem, ViewSpec};
use crate::addr::{ActorId, DomId, Gfn};
use crate::entry::{Access, P2mType};
use crate::live::Recording;
use crate::machine::{
    Actor, BuildError, Builder, NamedLock, NewDomain, NewFrame, NewGrant, NewMapping, Policy, View, World,
};
use crate::script::code::{Expr, Instr, Program};
use crate::script::verbs::{Verb, Word};
use crate::script::{Error, Problem, Script};
use crate::sim::Sim;
use crate::watch::Rules;
use std::sync::Arc;

/// A version of a lesson with its world in the first state.
#[derive(Clone, Debug)]
pub struct Staged<C = Script> {
    /// What is fixed.
    pub world: Arc<World>,
    /// All words at first.
    pub first: Arc<[u64]>,
    /// The programs.
    pub script: Arc<C>,
}

impl Staged {
    /// The first state, watched for these rules.
    pub fn sim(&self, rules: Rules) -> Sim<Script> {
        Sim::new(self.world.clone(), self.script.clone(), self.first.clone(), rules)
    }

    /// The first state of a run that does what a recorded live run did: each actor runs its program as often.
    pub fn sim_of(&self, recording: &Recording, rules: Rules) -> Sim<Script> {
        self.sim_with(recording.rounds.clone(), rules)
    }

    /// The first state of a run in which each actor runs its program so often: once where nothing is said.
    pub fn sim_with(&self, rounds: Vec<u32>, rules: Rules) -> Sim<Script> {
        Sim::with_rounds(self.world.clone(), self.script.clone(), self.first.clone(), rules, rounds.into())
    }

    /// The statements that a label of an actor's program names.
    pub fn places(&self, a: ActorId, label: &str) -> Vec<u64> {
        let program = self.script.programs.get(a.0 as usize);
        program.and_then(|p| p.label(label)).unwrap_or(&[]).iter().map(|&i| i as u64).collect()
    }
}

impl Lesson {
    /// The first state of a version. Policy and pinning are the world's own where they are not given. Errors: an
    /// unknown version, or a world that cannot be built.
    pub fn stage(&self, version: &str, policy: Option<Policy>, pin: Option<bool>) -> Result<Staged, Vec<Error>> {
        self.stage_as(version, Form::Once, policy, pin)
    }

    /// The first state of a form of a version: of the programs, or of the loops that are run live.
    pub fn stage_as(
        &self,
        version: &str,
        form: Form,
        policy: Option<Policy>,
        pin: Option<bool>,
    ) -> Result<Staged, Vec<Error>> {
        let compiled = self.compile_as(version, form)?;
        let maps = self.domains.iter().map(|d| &d.map).chain(self.views.iter().map(|v| &v.map));
        let builder = Builder {
            policy: policy.unwrap_or(self.world.policy),
            form: self.world.form,
            pin: pin.unwrap_or(self.world.pin),
            captive: self.world.captive,
            format: self.world.encoding,
            flush: self.world.flush,
            domains: self.domains.iter().map(new_domain).chain(self.views.iter().map(|v| self.new_view(v))).collect(),
            actors: self
                .actors
                .iter()
                .map(|a| Actor { name: a.name.clone(), kind: a.kind, domain: a.domain })
                .collect(),
            mappings: maps.zip(0..).flat_map(|(map, slot)| mappings(slot, map)).collect(),
            frames: self
                .frames
                .iter()
                .map(|f| NewFrame {
                    name: f.name.clone(),
                    owner: f.owner.filter(|d| *d != DomId::NOBODY),
                    content: f.content as u64,
                    list: f.list.map(|l| l as u8),
                })
                .collect(),
            free_frames: self.world.free_frames as u32,
            words: self.names.words.iter().map(|w| w.0.clone()).zip(compiled.words).collect(),
            locks: self
                .names
                .locks
                .iter()
                .map(|(name, level)| NamedLock { name: name.clone(), level: *level })
                .collect(),
            lists: self.names.lists.clone(),
            rings: self.names.rings.iter().cloned().zip(self.world.rings.iter().copied()).collect(),
            grants: self
                .grants
                .iter()
                .map(|g| NewGrant { name: g.name.clone(), from: g.from, to: g.to, readonly: g.readonly })
                .collect(),
            mmio_ro: self.world.mmio_ro.iter().map(|(name, _)| name.clone()).collect(),
            pml: self.world.pml,
            patience: self.world.patience,
            preempt: self.world.preempt,
            pausable: self.pausable(&compiled.programs),
            lock_pages: self.lock_pages(policy.unwrap_or(self.world.policy)),
        };
        let (world, first) = builder.build().map_err(|e| self.at_fault(&e))?;
        let frames = self.names.frames.iter();
        let frames = frames.map(|n| world.frames.iter().find(|f| f.0 == *n).map_or(u64::MAX, |f| f.1.0)).collect();
        let repair = self.repair.clone().unwrap_or_default();
        let worded = |of: Vec<crate::script::code::Expr>, said: &[crate::script::ast::Expr]| {
            of.into_iter().zip(said).map(|(e, ast)| (e, self.file().slice(ast.span).to_string())).collect()
        };
        let script = Script {
            programs: compiled.programs,
            frames,
            ensure: worded(compiled.ensure, &repair.ensure),
            reach: worded(compiled.reach, &repair.reach),
        };
        Ok(Staged { world, first, script: Arc::new(script) })
    }

    fn new_view(&self, v: &ViewSpec) -> NewDomain {
        let view = self.slot(v.of).map(|of| View { of, kind: v.kind });
        NewDomain { id: v.id, name: v.name.clone(), tables: v.tables as u32, view, ..NewDomain::default() }
    }

    /// Whether somebody may pause a vCPU, end one, or send one back to its guest, so that it is kept who is where: by a
    /// verb that is there for it, or by one that ends a domain over what this world can come to have.
    fn pausable(&self, programs: &[Program]) -> bool {
        let calls = || {
            programs.iter().flat_map(|p| &p.instrs).filter_map(|i| match i {
                Instr::Do(call, _) => Some(call),
                _ => None,
            })
        };
        let does = |is: fn(Verb) -> bool| calls().any(|c| is(c.verb));
        let maps = self.domains.iter().map(|d| &d.map).chain(self.views.iter().map(|v| &v.map));
        let has = |is: fn(P2mType) -> bool| maps.clone().flatten().any(|m| is(m.ty));
        // Which type an entry is written with is seen where the program names it.
        let writes = |is: fn(P2mType) -> bool| {
            calls().any(|c| match c.value(Word::As) {
                Some(Expr::Const(ty)) if c.verb == Verb::SetEntry => {
                    P2mType::all().get(*ty as usize).is_some_and(|t| is(*t))
                }
                _ => false,
            })
        };
        let promised = has(|ty| ty.is_pod()) || writes(|ty| ty.is_pod()) || does(|v| v == Verb::MarkPod);
        let broken = has(|ty| ty.is_broken()) || writes(|ty| ty.is_broken()) || does(|v| v == Verb::MachineCheck);
        let special = has(|ty| ty.is_special()) || writes(|ty| ty.is_special()) || does(Verb::may_make_special);
        let out = has(|ty| ty.is_paging()) || writes(|ty| ty.is_paging()) || does(|v| v == Verb::Nominate);
        does(Verb::may_pause)
            || out && does(Verb::may_ask)
            || promised && does(Verb::may_populate)
            || broken && does(Verb::may_populate)
            || special && does(Verb::may_meet_special)
            || calls().any(|c| c.verb == Verb::MarkPod && c.has(Word::Order))
            || self.domains.iter().any(|d| d.access_required) && does(|v| v == Verb::AccessCheck)
    }

    fn slot(&self, d: DomId) -> Option<u8> {
        self.domains.iter().position(|x| x.id == d).map(|i| i as u8)
    }

    /// The error with the place of the map item that it is about, if it is about one.
    fn at_fault(&self, e: &BuildError) -> Vec<Error> {
        let span = match e {
            BuildError::MappedTwice { dom, gfn } => {
                let maps = self.domains.iter().filter(|d| d.id == *dom).flat_map(|d| &d.map);
                maps.rev().find(|m| (m.first..=m.last).contains(gfn)).map(|m| m.span)
            }
            BuildError::TooMany { .. } | BuildError::NoFrame { .. } => None,
        };
        vec![self.file().error(Problem::new(span.unwrap_or_default(), e.to_string()))]
    }
}

fn new_domain(d: &DomainSpec) -> NewDomain {
    let name = d.name.clone().unwrap_or_else(|| format!("domain {}", d.id));
    NewDomain {
        id: d.id,
        name,
        control: d.control,
        tables: d.tables as u32,
        dying: d.dying,
        view: None,
        ring: d.ring,
        cache: d.cache as u32,
        pod_target: d.pod_target,
        logdirty: d.logdirty,
        access_required: d.access_required,
    }
}

/// A map item as mappings of its order, one after the other. The name is the first frame's.
fn mappings(slot: u8, items: &[MapItem]) -> impl Iterator<Item = NewMapping> {
    items.iter().flat_map(move |m| {
        (0..m.frames().div_ceil(m.order.frames())).map(move |i| NewMapping {
            slot,
            gfn: Gfn(m.first.0 + i * m.order.frames()),
            order: m.order,
            ty: m.ty,
            access: m.access.unwrap_or(Access::Rwx),
            name: m.frame.clone().filter(|_| i == 0),
            content: m.content as u64,
            special: m.special,
        })
    })
}
