//! The tree of branches: each keeps the events since it left its parent.

use super::event::Event;
use crate::addr::ActorId;

/// A branch of the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fork {
    /// Its name; what the user gave, or `fork 1` and so on. The first is `run`.
    pub name: String,
    /// The branch it left, and the position at which it did.
    pub parent: Option<(usize, usize)>,
    /// Steps from the first state to its end.
    pub len: usize,
}

/// All branches, one of them current. The current one's events stand in `path` from the first step on; every other
/// keeps its own in `tails`.
#[derive(Clone, Debug)]
pub(super) struct Forks {
    forks: Vec<Fork>,
    tails: Vec<Vec<Event>>,
    current: usize,
    path: Vec<Event>,
}

impl Forks {
    pub(super) fn new() -> Forks {
        let trunk = Fork { name: "run".into(), parent: None, len: 0 };
        Forks { forks: vec![trunk], tails: vec![Vec::new()], current: 0, path: Vec::new() }
    }

    pub(super) fn all(&self) -> &[Fork] {
        &self.forks
    }

    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// The events of the current branch, from the first step to its end.
    pub(super) fn path(&self) -> &[Event] {
        &self.path
    }

    pub(super) fn rename(&mut self, i: usize, name: String) {
        if let Some(f) = self.forks.get_mut(i) {
            f.name = name;
        }
    }

    /// Appends a step to the current branch.
    pub(super) fn push(&mut self, e: Event) {
        self.path.push(e);
        self.forks[self.current].len = self.path.len();
    }

    /// Opens a branch that leaves the current one at `at`, and makes it current.
    pub(super) fn open(&mut self, at: usize) {
        self.stow();
        // A branch that leaves where its parent begins leaves the parent's parent there.
        let owner = self.owner(self.current, at);
        let name = format!("fork {}", self.forks.len());
        self.forks.push(Fork { name, parent: Some((owner, at)), len: at });
        self.tails.push(Vec::new());
        self.current = self.forks.len() - 1;
        self.path.truncate(at);
    }

    /// Makes a branch current. Positions up to [`Forks::common`] stay what they are.
    pub(super) fn select(&mut self, i: usize) {
        if i == self.current || i >= self.forks.len() {
            return;
        }
        let keep = self.common(self.current, i);
        self.stow();
        self.path.truncate(keep);
        self.path = self.events_of(i);
        self.current = i;
    }

    /// How many steps two branches share.
    pub(super) fn common(&self, a: usize, b: usize) -> usize {
        if a == b {
            return self.forks[a].len;
        }
        let (a_line, b_line) = (self.line(a), self.line(b));
        let mut shared = 0;
        for (x, y) in a_line.iter().zip(&b_line) {
            if x.0 != y.0 {
                break;
            }
            shared = x.1.min(y.1);
            if x.1 != y.1 {
                break;
            }
        }
        shared
    }

    /// All events of a branch, from the first step on.
    pub(super) fn events_of(&self, i: usize) -> Vec<Event> {
        if i == self.current && self.path.len() == self.forks[i].len {
            return self.path.clone();
        }
        let mut all: Vec<Event> = Vec::with_capacity(self.forks[i].len);
        for (f, end) in self.line(i) {
            let own = match f == self.current {
                true => &self.path[self.start(f).min(self.path.len())..],
                false => &self.tails[f][..],
            };
            all.extend(own.iter().take(end - self.start(f)).cloned());
        }
        all
    }

    /// A branch that has the current one's first `at` steps and goes on with this one; the current one if it does.
    pub(super) fn with_next(&self, at: usize, actor: ActorId, choice: u64) -> Option<usize> {
        let fits = |e: Option<&Event>| e.is_some_and(|e| e.actor == actor && e.choice == choice);
        if fits(self.path.get(at)) {
            return Some(self.current);
        }
        (0..self.forks.len()).find(|&f| {
            f != self.current && self.common(self.current, f).min(self.forks[f].len) >= at && fits(self.event_at(f, at))
        })
    }

    fn event_at(&self, f: usize, at: usize) -> Option<&Event> {
        if at >= self.forks[f].len {
            return None;
        }
        let o = self.line(f).into_iter().find(|&(_, end)| at < end)?.0;
        match o == self.current {
            true => self.path.get(at),
            false => self.tails[o].get(at - self.start(o)),
        }
    }

    /// The branch that step `at` of branch `f` would belong to if it left there: `f`, or an ancestor.
    fn owner(&self, f: usize, at: usize) -> usize {
        match self.forks[f].parent {
            Some((p, start)) if at <= start => self.owner(p, at),
            _ => f,
        }
    }

    /// A branch's ancestors and itself, oldest first, each with the position up to which its steps are taken.
    fn line(&self, i: usize) -> Vec<(usize, usize)> {
        let mut line = vec![(i, self.forks[i].len)];
        let mut at = i;
        while let Some((p, start)) = self.forks[at].parent {
            line.push((p, start));
            at = p;
        }
        line.reverse();
        line
    }

    fn start(&self, f: usize) -> usize {
        self.forks[f].parent.map_or(0, |p| p.1)
    }

    /// Keeps the current branch's own events, before another becomes current.
    fn stow(&mut self) {
        let start = self.start(self.current).min(self.path.len());
        self.tails[self.current] = self.path[start..].to_vec();
    }
}
