//! Operations called as functions, where no verb calls them so, and the ways in which they must not be written.

use super::search_for;
use p2mscope_core::addr::{ActorId, DomGfn, DomId, Gfn, Mfn, Order};
use p2mscope_core::entry::{Access, Decoded, Leaf, LeafCtx, P2mType};
use p2mscope_core::explore::Verdict;
use p2mscope_core::lock::policy;
use p2mscope_core::machine::table::TableAct;
use p2mscope_core::machine::tlb;
use p2mscope_core::machine::{Actor, Builder, Deferral, Kind, NewDomain, NewMapping, Policy, Words, World};
use p2mscope_core::ops::table::{self, NewEntry, flush};
use p2mscope_core::ops::{guest, query};
use p2mscope_core::sim::{Code, Locals, Sim};
use p2mscope_core::step::{Act, Page, Step, Stop};
use p2mscope_core::watch::{Broken, Rule};
use std::sync::Arc;

/// What an actor does, one statement each.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    /// Reads the page as hardware does.
    Read(u64),
    /// `p2m_set_entry` of so many frames, under the whole table's lock.
    Set(u64, u64, NewEntry),
    /// Unmaps a page and frees its frame in one section; `true`: as it must be.
    Remove(u64, bool),
    /// Replaces the table of a 2 MB range by a superpage, and frees the table before the flush (S63).
    ReplaceCarelessly(u64, Mfn),
    /// Splits the leaf of a range's 2 MB without looking again, and unmaps one page of it (S62).
    SplitCarelessly(u64),
}

/// The calls of each actor.
pub struct Calls(pub Vec<Vec<Call>>);

fn g(gfn: u64) -> DomGfn {
    DomGfn::new(1, gfn)
}

/// The table that a walk to `gfn` reads at a level.
fn table_at<S: Step>(s: &mut S, gfn: u64, level: u8) -> Result<Mfn, Stop> {
    let mut table = s.world().domain(0).root;
    for l in (level + 1..4).rev() {
        let word = s.page_word(table, Gfn(gfn).index(l))?;
        let entry = s.load(word)?;
        let Decoded::Table { mfn } = s.world().format.decode(l, entry) else {
            return Err(Stop::Bad { what: "a link", value: entry });
        };
        table = mfn;
    }
    Ok(table)
}

impl Code for Calls {
    fn start<W: Words>(&self, _: &World, _: &mut W, a: ActorId, _: &mut Locals, _: &mut Vec<Broken>) -> Option<u64> {
        (!self.0[a.0 as usize].is_empty()).then_some(0)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, _: &Locals, s: &mut S) -> Result<u64, Stop> {
        match self.0[a.0 as usize][place as usize] {
            Call::Read(gfn) => guest::access(s, g(gfn), tlb::Access::Read)?.map_or(Ok(0), Ok),
            Call::Set(gfn, frames, new) => {
                let plan = policy::for_update(s.world(), 0, Gfn(gfn));
                query::take(s, 0, plan)?;
                let code = table::p2m_set_entry(s, g(gfn), frames, new)?;
                flush::flush(s, 0)?;
                query::release(s, 0, plan)?;
                Ok(code.word())
            }
            Call::Remove(gfn, right) => {
                query::lock_entry(s, g(gfn))?;
                let (entry, level) = query::walk(s, g(gfn))?;
                let leaf = s.world().leaf_of(g(gfn), entry, level).filter(|l| l.mfn.is_valid());
                if let Some(leaf) = leaf {
                    table::set_entry(s, g(gfn), NewEntry::new(Mfn::INVALID, P2mType::Invalid))?;
                    flush::flush(s, 0)?;
                    if right {
                        flush::before_free(s, 0)?;
                    }
                    s.act(Act::PutAllocation(leaf.mfn))?;
                }
                query::unlock_entry(s, g(gfn))?;
                Ok(0)
            }
            Call::ReplaceCarelessly(gfn, mfn) => {
                query::lock_entry(s, g(gfn))?;
                let table = table_at(s, gfn, 1)?;
                let word = s.page_word(table, Gfn(gfn).index(1))?;
                let format = s.world().format;
                let entry = format.leaf(&Leaf::new(P2mType::RamRw, Access::Rwx, mfn, Order::M2), &LeafCtx::default());
                let old = s.act(Act::SetEntry { word, entry, g: g(gfn), order: Order::M2, fresh: false })?;
                if let Decoded::Table { mfn } = format.decode(1, old) {
                    s.act(Act::Table(TableAct::FreeTree { table: mfn, level: 0 }))?;
                }
                flush::flush_now(s, 0)?;
                query::unlock_entry(s, g(gfn))?;
                Ok(0)
            }
            Call::SplitCarelessly(gfn) => {
                let table = table_at(s, gfn, 2)?;
                let word = s.page_word(table, Gfn(gfn).index(2))?;
                let format = s.world().format;
                let entry = s.load(word)?;
                if matches!(format.decode(2, entry), Decoded::Leaf(_)) {
                    let page = Mfn(s.act(Act::AllocTable(0))?);
                    s.page(Page::Fill { table: page, entry, level: 2 })?;
                    s.store(word, format.link(page))?;
                }
                let table = table_at(s, gfn, 1)?;
                let word = s.page_word(table, Gfn(gfn).index(1))?;
                s.act(Act::SetEntry { word, entry: format.empty(), g: g(gfn), order: Order::M2, fresh: false })?;
                Ok(0)
            }
        }
    }

    fn finish<W: Words>(
        &self,
        _: &World,
        _: &mut W,
        a: ActorId,
        place: u64,
        _: u64,
        _: &mut Locals,
        _: &mut Vec<Broken>,
    ) -> Option<u64> {
        (place + 1 < self.0[a.0 as usize].len() as u64).then_some(place + 1)
    }
}

/// One domain with four pages for tables, these mappings, and a vCPU for each of the programs.
pub fn world(
    policy: Policy,
    flush: Deferral,
    map: &[(u64, Order, P2mType)],
    actors: usize,
) -> (Arc<World>, Arc<[u64]>) {
    let mapping = |&(gfn, order, ty)| NewMapping {
        slot: 0,
        gfn: Gfn(gfn),
        order,
        ty,
        access: Access::Rwx,
        name: None,
        content: 5,
        special: false,
    };
    let actor = |i| Actor { name: format!("A{i}"), kind: Kind::Vcpu, domain: DomId(1) };
    let builder = Builder {
        policy,
        flush,
        domains: vec![NewDomain { id: DomId(1), name: "d".into(), tables: 4, ..NewDomain::default() }],
        actors: (0..actors).map(actor).collect(),
        mappings: map.iter().map(mapping).collect(),
        free_frames: 2,
        ..Builder::default()
    };
    builder.build().expect("it can be built")
}

/// Whether some interleaving breaks the rule.
pub fn found(rule: Rule, policy: Policy, flush: Deferral, map: &[(u64, Order, P2mType)], calls: &[&[Call]]) -> bool {
    let (world, first) = world(policy, flush, map, calls.len());
    let code = Arc::new(Calls(calls.iter().map(|c| c.to_vec()).collect()));
    let report = search_for(Some(rule), |rules| Sim::new(world.clone(), code.clone(), first.clone(), rules));
    match report.verdict {
        Verdict::Found { broken, .. } => {
            assert_eq!(broken.rule, rule);
            true
        }
        Verdict::Safe => false,
        other => panic!("{other:?}"),
    }
}
