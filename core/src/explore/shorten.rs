//! Making a schedule that leads to a breach small, where the fewest steps cannot be found: steps are left out, longest
//! runs of them first, as long as the breach stays; then steps are moved so that actors take turns less often.

use super::question::Schedule;
use crate::sim::{Code, Sim};
use crate::watch::{Broken, Rule, Rules};

/// The most steps that are tried.
const STEPS: u64 = 4_000_000;

/// A schedule that leads to a breach of one of these rules from the state of `sim`, no longer than `known`, which does;
/// and what it breaks. None if `known` does not.
pub(super) fn shorten<C: Code>(sim: &Sim<C>, target: Rules, known: &Schedule) -> Option<(Schedule, Broken)> {
    let mut trial = Trial { sim: sim.clone(), target, left: STEPS };
    let (mut best, mut broken) = trial.run(known.iter().copied())?;
    let mut chunk = best.len().div_ceil(2);
    while chunk > 0 && trial.left > 0 {
        let (mut at, mut smaller) = (0, false);
        while at < best.len() && trial.left > 0 {
            let without = best[..at].iter().chain(best.iter().skip(at + chunk)).copied().collect::<Schedule>();
            match trial.run(without) {
                Some(found) if found.0.len() < best.len() => {
                    (best, broken) = found;
                    smaller = true;
                }
                _ => at += chunk,
            }
        }
        if !smaller || chunk > 1 {
            chunk /= 2;
        }
    }
    let mut at = 0;
    while at < best.len() && trial.left > 0 {
        // The run of one actor that begins here, and what this actor does next: put together.
        let end = at + best[at..].iter().take_while(|s| s.0 == best[at].0).count();
        let Some(next) = (end..best.len()).find(|&i| best[i].0 == best[at].0) else {
            at = end;
            continue;
        };
        let mut moved = best.clone();
        let step = moved.remove(next);
        moved.insert(end, step);
        match trial.run(moved) {
            Some(found) if found.0.len() <= best.len() && turns(&found.0) < turns(&best) => (best, broken) = found,
            _ => at = end,
        }
    }
    Some((best, broken))
}

/// How often another actor goes on than before.
fn turns(schedule: &Schedule) -> usize {
    schedule.windows(2).filter(|w| w[0].0 != w[1].0).count()
}

struct Trial<C> {
    sim: Sim<C>,
    target: Rules,
    left: u64,
}

impl<C: Code> Trial<C> {
    /// Takes these steps, passing over those that cannot be taken, as far as the breach: those that were taken, and what
    /// they broke.
    fn run(&mut self, steps: impl IntoIterator<Item = (crate::addr::ActorId, u64)>) -> Option<(Schedule, Broken)> {
        let mut taken = Schedule::new();
        let mut broken = None;
        for (a, way) in steps {
            let Ok(did) = self.sim.step(a, way) else { continue };
            taken.push((a, way));
            broken = did.broken.into_iter().find(|b| self.target.has(b.rule));
            if broken.is_some() {
                break;
            }
        }
        self.left = self.left.saturating_sub(taken.len() as u64 + 1);
        if broken.is_none() && self.target.has(Rule::Deadlock) && !self.sim.all_ended() {
            let dead = !self.sim.world().actor_ids().any(|a| self.sim.enabled(a));
            broken = dead.then(super::breadth::deadlock);
        }
        for _ in &taken {
            self.sim.undo();
        }
        Some((taken, broken?))
    }
}
