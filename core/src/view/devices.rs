//! Rings with what stands on them and who waits for room, and what each TLB keeps, stale or not.

use super::naming::{Names, number};

use crate::machine::{Kind, Sorted, Words, paging, pte, ring, tlb};
use crate::sched::{self, Run};
use crate::sim::Code;
use crate::watch::waits::On;

/// A request on a ring.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Request {
    /// What it asks for: a frame number on a domain's ring, a number on another.
    pub text: String,
    /// The vCPU that is paused for it.
    pub who: Option<u8>,
}

/// A ring.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct RingView {
    /// Its name.
    pub name: String,
    /// The domain whose paging ring it is, by its place in the world; none for one of the lesson's own.
    pub slot: Option<u8>,
    /// Whether it is there: a domain's can be taken away.
    pub there: bool,
    /// How many requests it has room for.
    pub slots: u64,
    /// The requests on it, oldest first.
    pub requests: Vec<Request>,
    /// Slots that are set aside for requests to come.
    pub claimed: u64,
    /// The vCPUs whose requests have been taken and not answered.
    pub unanswered: Vec<u8>,
    /// Who sleeps until there is room on it.
    pub for_room: Vec<u8>,
    /// Who sleeps until there is a request on it.
    pub for_request: Vec<u8>,
    /// Whether the last step changed it.
    pub changed: bool,
}

/// An entry that a TLB keeps.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Kept {
    /// The domain's number.
    pub domain: u16,
    /// The first gfn that it translates.
    pub gfn: u64,
    /// The level that it was read at.
    pub level: u8,
    /// What it says, in few words.
    pub text: String,
    /// What the table says now, if that is something else.
    pub now: Option<String>,
}

/// The TLB of a vCPU or device.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct TlbView {
    /// Whose.
    pub actor: u8,
    /// What it keeps, leaves of 4 KB first.
    pub kept: Vec<Kept>,
    /// Whether the last step changed it.
    pub changed: bool,
}

/// The rings of the world, the lesson's own first.
pub fn rings<C: Code>(run: &mut Run<C>) -> Vec<RingView> {
    let world = run.world().clone();
    let waits = sched::waits(run);
    let wrote: Vec<u32> = run.last_event().map_or(Vec::new(), |e| e.wrote.iter().map(|w| w.0.0).collect());
    let sleepers = |n: u8, room: bool| {
        let on = |on: &On| match on {
            On::Ring(a) => a.ring() == n && matches!(a, ring::RingAct::Post { .. }) == room,
            _ => false,
        };
        waits.iter().filter(|w| on(&w.on)).map(|w| w.actor).collect::<Vec<_>>()
    };
    let view = |(n, it): (u8, &crate::machine::Ring)| {
        let own = it.of.is_some();
        let requests = ring::requests(run.words(), &world, n).into_iter().map(|r| request(own, r)).collect();
        let first = world.map.ring(n as u32).0;
        RingView {
            name: it.name.clone(),
            slot: it.of,
            there: ring::there(run.words(), &world, n),
            slots: it.slots,
            requests,
            claimed: if own { paging::claimed(run.words(), &world, n) } else { 0 },
            unanswered: paging::unanswered(run.words(), &world, n).into_iter().map(|a| a.0).collect(),
            for_room: sleepers(n, true).into_iter().map(|a| a.0).collect(),
            for_request: sleepers(n, false).into_iter().map(|a| a.0).collect(),
            changed: wrote.iter().any(|w| (first..first + ring::WORDS).contains(w)),
        }
    };
    (0..).zip(&world.rings).map(view).collect()
}

fn request(own: bool, r: u64) -> Request {
    match own {
        true => Request { text: paging::asked_for(r).to_string(), who: paging::names(r).map(|a| a.0) },
        false => Request { text: number(r), who: None },
    }
}

/// The TLBs of vCPUs and devices, and those of others that keep something.
pub fn tlbs<C: Code>(run: &mut Run<C>) -> Vec<TlbView> {
    let world = run.world().clone();
    let wrote: Vec<u32> = run.last_event().map_or(Vec::new(), |e| e.wrote.iter().map(|w| w.0.0).collect());
    let mut all = Vec::new();
    for a in world.actor_ids() {
        let cached = tlb::cached(run.words(), &world, a);
        if cached.is_empty() && !matches!(world.actors[a.0 as usize].kind, Kind::Vcpu | Kind::Hardware) {
            continue;
        }
        let names = Names::new(run.words(), &world);
        let mut kept = Vec::new();
        for it in cached {
            let now = pte::find(run.words(), &world, it.g, it.level).map(|w| run.words().get(w));
            let read = |entry| world.format.decode(it.level, entry);
            let now = match now {
                Some(now) if read(now) == read(it.entry) => None,
                Some(now) => Some(names.entry(it.level, now)),
                None => Some("no table".to_string()),
            };
            let text = names.entry(it.level, it.entry);
            kept.push(Kept { domain: it.g.dom.0, gfn: it.g.gfn.0, level: it.level, text, now });
        }
        let own = world.map.tlb(a);
        let own = own.at.0..own.at.0 + Sorted::size(own.room) as u32;
        all.push(TlbView { actor: a.0, kept, changed: wrote.iter().any(|w| own.contains(w)) });
    }
    all
}
