//! A look at everything that is shown of a state: it must not panic, and must change nothing.

use crate::lock::{Lock, Mode, holders, look, word_of};
use crate::sched::Run;
use crate::script::Script;
use crate::view;

/// Everything that is shown, and every question about locks.
pub fn look_at_all(run: &mut Run<Script>) {
    view::actors(run);
    view::scene(run);
    view::frames(run);
    view::waits(run);
    view::timeline(run);
    view::report(run);
    view::sentence(run);
    for gfn in [0x10, 0x207, 0x40010, 0xf_ffff_ffff] {
        view::walk(run, 0, gfn);
    }
    let world = run.world().clone();
    let locks = [Lock::Domctl, Lock::Global(0), Lock::Range(0, 0), Lock::Range(1, 77), Lock::Structure(1)];
    for lock in locks {
        for a in world.actor_ids() {
            look(run.words(), &world, a, lock, Mode::Exclusive);
            look(run.words(), &world, a, lock, Mode::Shared);
        }
        holders(run.words(), &world, lock);
        word_of(run.words(), &world, lock);
    }
    for a in world.actor_ids() {
        run.sim_mut().ways(a);
    }
}
