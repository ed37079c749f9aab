//! A simulated actor: its place, its variables, its log, the rounds of its program, all kept in ghost words.

use super::replay::{Log, Replay};
use super::{Code, Locals, MAX_IDLE, Pending, Sim, astray};
use crate::addr::ActorId;
use crate::machine::{GhostWord, VARS, Words};
use crate::step::Stop;
use crate::watch::{Broken, Rule};

impl<C: Code> Sim<C> {
    /// How many rounds of its program the actor has ended, where it runs more than one.
    pub fn round(&self, a: ActorId) -> u64 {
        self.mem.peek(self.world.map.ghost(a, GhostWord::Round))
    }

    pub(super) fn write_locals(&mut self, a: ActorId, locals: &Locals) {
        let was = self.mem.peek(self.world.map.ghost(a, GhostWord::Assigned)) as u32;
        let map = self.world.map;
        for i in (0..VARS).filter(|i| (was | locals.assigned) >> i & 1 == 1) {
            self.mem.set(map.var(a, i), locals.vars[i as usize]);
        }
        self.mem.set(map.ghost(a, GhostWord::Assigned), locals.assigned as u64);
        self.mem.set(map.ghost(a, GhostWord::Stale), locals.stale as u64);
    }

    pub(super) fn log(&self, a: ActorId) -> Log {
        let map = &self.world.map;
        let len = self.mem.peek(map.ghost(a, GhostWord::LogLen));
        Log::new((0..len).map(|i| self.mem.peek(map.log(a, i))), self.mem.peek(map.ghost(a, GhostWord::LogScopes)))
    }

    pub(super) fn write_log(&mut self, a: ActorId, log: &Log) {
        let map = self.world.map;
        let was = self.mem.peek(map.ghost(a, GhostWord::LogLen));
        for (i, &w) in log.words().iter().enumerate() {
            self.mem.set(map.log(a, i as u64), w);
        }
        for i in log.words().len() as u64..was {
            self.mem.set(map.log(a, i), 0);
        }
        self.mem.set(map.ghost(a, GhostWord::LogLen), log.words().len() as u64);
        self.mem.set(map.ghost(a, GhostWord::LogScopes), log.scopes());
    }

    pub(super) fn clear_log(&mut self, a: ActorId) {
        let map = self.world.map;
        for i in 0..self.mem.peek(map.ghost(a, GhostWord::LogLen)) {
            self.mem.set(map.log(a, i), 0);
        }
        self.mem.set(map.ghost(a, GhostWord::LogLen), 0);
        self.mem.set(map.ghost(a, GhostWord::LogScopes), 0);
    }

    /// How many rounds of its program the actor is to run.
    pub fn rounds_of(&self, a: ActorId) -> u64 {
        self.rounds.get(a.0 as usize).map_or(1, |&n| n as u64)
    }

    /// The first place of an actor's program.
    pub(super) fn begin(&mut self, a: ActorId, broken: &mut Vec<Broken>) -> Option<u64> {
        let mut locals = Locals::NONE;
        let place = self.code.start(&self.world, &mut self.mem, a, &mut locals, broken);
        self.write_locals(a, &locals);
        place
    }

    /// Where a program that has come to its end goes on: at its beginning, if a further round is due.
    pub(super) fn next_round(&mut self, a: ActorId, broken: &mut Vec<Broken>) -> Option<u64> {
        let word = self.world.map.ghost(a, GhostWord::Round);
        let ended = self.mem.peek(word) + 1;
        if ended >= self.rounds_of(a) {
            return None;
        }
        self.mem.set(word, ended);
        self.begin(a, broken)
    }

    /// Puts an actor at a place and finds its pending effect. A statement that turns out to have no effect is
    /// finished at once; a loop of nothing but such statements ends the program.
    pub(super) fn arrive(&mut self, a: ActorId, mut place: Option<u64>, broken: &mut Vec<Broken>) {
        let mut left = MAX_IDLE;
        while let Some(p) = place {
            if left == 0 {
                let why = format!("{MAX_IDLE} statements in a row have no effect; the program ends here");
                broken.push(Broken::by(a, Rule::Hang, why));
                self.write_locals(a, &Locals::NONE);
                break;
            }
            left -= 1;
            self.mem.set(self.world.map.ghost(a, GhostWord::Place), p);
            let mut locals = self.locals(a);
            let mut log = Log::EMPTY;
            let mut run = Replay::new(&self.world, a, &mut log);
            match self.code.run(a, p, &locals, &mut run) {
                Err(Stop::Pending | Stop::Halt) => {
                    let (pending, note) = (run.pending, run.note);
                    let lead = log.words().len() as u8;
                    self.pending[a.0 as usize] = pending.map(|effect| Pending { place: p, effect, note, lead });
                    return;
                }
                Ok(result) => {
                    place = self.code.finish(&self.world, &mut self.mem, a, p, result, &mut locals, broken);
                    self.write_locals(a, &locals);
                    place = place.or_else(|| self.next_round(a, broken));
                }
                Err(Stop::Bad { what, value }) => {
                    broken.push(astray(a, what, value));
                    place = None;
                }
            }
        }
        self.end(a);
    }

    pub(super) fn end(&mut self, a: ActorId) {
        self.pending[a.0 as usize] = None;
        self.mem.set(self.world.map.ghost(a, GhostWord::Place), 0);
        self.mem.set(self.world.map.ghost(a, GhostWord::Ended), 1);
    }

    /// Finds the pending effect of an actor from its words.
    pub(super) fn refresh(&mut self, a: ActorId) {
        if self.mem.peek(self.world.map.ghost(a, GhostWord::Ended)) == 1 {
            self.pending[a.0 as usize] = None;
            return;
        }
        let (place, locals) = (self.place(a), self.locals(a));
        let mut log = self.log(a);
        let written = log.words().len();
        let mut run = Replay::new(&self.world, a, &mut log);
        let _ = self.code.run(a, place, &locals, &mut run);
        let (pending, note) = (run.pending, run.note);
        let lead = log.words().len().saturating_sub(written) as u8;
        self.pending[a.0 as usize] = pending.map(|effect| Pending { place, effect, note, lead });
    }
}
