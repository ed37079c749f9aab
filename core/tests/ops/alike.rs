//! What one actor alone leaves behind, so that a test can say: nothing has changed.

use crate::lesson;
use p2mscope_core::addr::{Mfn, Word};
use p2mscope_core::machine::frames::{self, PGT_COUNT};
use p2mscope_core::machine::{ActorWord, Class, DomWord, FrameUse, FrameWord, Policy, Region, World};
use p2mscope_core::script::Script;
use p2mscope_core::sim::Sim;
use p2mscope_core::watch::{Rule, Rules};

// The words of a frame's record that are looked at in part.
const TYPE: u8 = FrameWord::Type as u8;
const LIST_NEXT: u8 = FrameWord::Next as u8;
const LIST_PREV: u8 = FrameWord::Prev as u8;
const SHARING: u8 = FrameWord::Sharing as u8;
/// A handle without its generation.
const HANDLE: u64 = (1 << 40) - 1;

/// The rows of a table in text, their columns parted by `|`, with what stands for more; a `/` stands for the bar between
/// a domain's keys and its map.
pub fn rows<const N: usize>(table: &str) -> Vec<[String; N]> {
    let whole = |cell: &str| {
        cell.trim()
            .replace("SUPER", "0x200 = S as ram_rw order 9")
            .replace("SHARED", "0x10 = M as ram_shared content 5; 0x11 = M as ram_shared")
            .replace("RAM", crate::RAM)
            .replace("POD", "0x200 = populate_on_demand order 9")
            .replace("BLOCK", "x = pod_target 1 = 513; assert x == ok")
            .replace("CRASHED", "store crashed(1) = 0; store dying(1) = 0")
            .replace('/', "|")
    };
    let row = |line: &str| -> [String; N] {
        let cells: Vec<String> = line.split('|').map(whole).collect();
        cells.try_into().unwrap_or_else(|c| panic!("{line}: {c:?}"))
    };
    table.lines().filter(|l| !l.is_empty()).map(row).collect()
}

/// How a run of one actor ended.
pub struct Left {
    sim: Sim<Script>,
    /// Whether its program came to its end; if not, it waits for what nobody brings.
    pub ended: bool,
    /// Which of its assertions do not hold.
    pub broken: Vec<String>,
}

impl Left {
    /// Runs `kind: program` alone in that world.
    pub fn by(world: &str, policy: Policy, map: &str, actor: &str) -> Left {
        let l = lesson(world, map, &[actor]);
        let mut sim = l.stage("before", Some(policy), None).expect("it can be built").sim(Rules::only(Rule::Assert));
        let a = sim.world().actor_ids().next().expect("there is an actor");
        let mut broken = Vec::new();
        for _ in 0..20_000 {
            if !sim.enabled(a) {
                break;
            }
            broken.extend(sim.step(a, 0).expect("it can step").broken.into_iter().map(|b| b.why));
        }
        let ended = sim.all_ended();
        Left { sim, ended, broken }
    }

    fn word(&self, w: Word) -> u64 {
        self.sim.memory().peek(w)
    }

    /// Whether the allocation of that class that was made to fail was never asked for.
    pub fn unasked(&self, class: Class) -> bool {
        let a = self.sim.world().actor_ids().next().expect("there is an actor");
        self.word(self.sim.world().map.actor(a, ActorWord::Fails)) >> class as u8 & 1 == 1
    }

    /// The first word in which the two differ, but for what an error may leave behind, which nobody can tell later:
    /// what stands in free pages; that there is lock memory for a part of a table; the type of a frame of whose type
    /// nobody makes use; a frame's place on the list of its domain; how often it has become shareable, so that no handle
    /// comes twice; the event that there was no memory; where a sweep
    /// begins and where it ended.
    pub fn differs(&self, other: &Left) -> Option<String> {
        let world = self.sim.world();
        let free = |f: Mfn| self.is_free(world, f) && other.is_free(world, f);
        (0..world.map.len()).map(Word).find_map(|w| {
            let (mut here, mut there) = (self.word(w), other.word(w));
            let of = world.map.frame_record(w);
            match world.map.region(w) {
                Region::Ghost => return None,
                Region::Page if free(w.frame()) => return None,
                Region::Actors if Some(w) == self.fails() => return None,
                Region::Domains if self.may_stay(world, w) => return None,
                Region::Records => (here, there) = (here & HANDLE, there & HANDLE),
                _ => {}
            }
            match of {
                Some((_, LIST_NEXT | LIST_PREV)) => return None,
                Some((_, SHARING)) => (here, there) = (here & 0xffff_ffff, there & 0xffff_ffff),
                Some((_, TYPE)) if here & PGT_COUNT == 0 && there & PGT_COUNT == 0 => return None,
                _ => {}
            }
            let dom =
                (0..world.domains.len() as u8).find(|&d| w.0.wrapping_sub(world.map.dom(d, DomWord::Global).0) < 256);
            let at = dom.map(|d| (d, w.0 - world.map.dom(d, DomWord::Global).0));
            (here != there).then(|| format!("{:?} {of:?} {at:?}: {here:#x}, was {there:#x}", world.map.region(w)))
        })
    }

    fn may_stay(&self, world: &World, w: Word) -> bool {
        use DomWord::{ListHead, ListTail, PodMaxGuest, PodReclaimSingle, ShareEnomem};
        (0..world.domains.len() as u8).any(|d| {
            let begins = world.map.dom(d, DomWord::Global).0;
            [ListHead, ListTail, PodMaxGuest, PodReclaimSingle, ShareEnomem]
                .into_iter()
                .any(|of| world.dom_word(d, of) == w)
                || (begins + 32..begins + 48).contains(&w.0)
        })
    }

    fn fails(&self) -> Option<Word> {
        let world = self.sim.world();
        world.actor_ids().next().map(|a| world.map.actor(a, ActorWord::Fails))
    }

    /// Free, or a page of a pool.
    fn is_free(&self, world: &World, mfn: Mfn) -> bool {
        let of = |w| world.map.frame(mfn, w).map_or(0, |w| self.word(w));
        let used = FrameUse::from_word(of(FrameWord::Use) & 0xffff);
        matches!(used, FrameUse::Pool { .. }) || used == FrameUse::Memory && frames::count(of(FrameWord::Count)) == 0
    }
}
