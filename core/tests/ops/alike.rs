//! What one actor alone leaves behind, so that a test can say: nothing has changed.

use crate::lesson;
use p2mscope_core::addr::Word;
use p2mscope_core::judge::outcome;
use p2mscope_core::machine::{ActorWord, Class, Policy};
use p2mscope_core::script::Script;
use p2mscope_core::sim::Sim;
use p2mscope_core::watch::{Rule, Rules};

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

    /// The first word in which the two differ, but for what an error may leave behind since nobody can tell it later
    /// ([`outcome`]).
    pub fn differs(&self, other: &Left) -> Option<String> {
        let world = self.sim.world();
        (0..world.map.len()).map(Word).find_map(|w| {
            let (here, there) = (outcome(&self.sim, w), outcome(&other.sim, w));
            let of = world.map.frame_record(w);
            (here != there).then(|| format!("{:?} {of:?} {w:?}: {here:x?}, was {there:x?}", world.map.region(w)))
        })
    }
}
