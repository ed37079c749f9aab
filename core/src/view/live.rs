//! What was noted beside a live run, for whoever shows it: times of locks as charts and in words, the last events as a
//! timeline, and in which form who is stuck.

use super::timeline::{Bar, BarState, HoldBar, Lane, Timeline};
use super::{Branch, LockName, stuck_forms};
use crate::addr::{ActorId, DomGfn};
use crate::live::{Deed, Histogram, Live, LockTimes, State, Track};
use crate::lock::{Lock, Mode};
use crate::machine::World;
use crate::sched::side;
use crate::sim::Code;
use crate::watch::invariants;
use crate::watch::waits::Wait;

/// How long one side of a lock was held and waited for.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct TimesView {
    /// Which lock.
    pub lock: LockName,
    /// Whether it is the shared side.
    pub shared: bool,
    /// How long it was held.
    pub held: Spread,
    /// How long it was waited for, by those who had to wait.
    pub waited: Spread,
}

/// A histogram.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Spread {
    /// How many times were counted.
    pub count: u64,
    /// Their mean in ns.
    pub mean: u64,
    /// Half of them are below so many ns.
    pub half: u64,
    /// 99 of 100 are below so many ns.
    pub most: u64,
    /// From how many ns up to but not with how many, and how many times: one for each power of two, without a gap.
    pub bars: Vec<(u64, u64, u64)>,
}

impl Spread {
    fn of(h: &Histogram) -> Spread {
        let count = h.count();
        if count == 0 {
            return Spread::default();
        }
        let mut bars: Vec<(u64, u64, u64)> = Vec::new();
        for bar in h.bars() {
            while let Some(&(_, end, _)) = bars.last()
                && end < bar.0
            {
                bars.push((end, end * 2, 0));
            }
            bars.push(bar);
        }
        let at_most = |percent| h.at_most(percent).unwrap_or_default();
        Spread { count, mean: h.nanos() / count, half: at_most(50), most: at_most(99), bars }
    }

    /// In words: `12345 times, 1.3 µs on average; half below 512 ns, 99 of 100 below 8.2 µs`.
    pub fn in_words(&self) -> String {
        match self.count {
            0 => "never".into(),
            1 => format!("once, {}", nanos(self.mean)),
            n => format!(
                "{n} times, {} on average; half below {}, 99 of 100 below {}",
                nanos(self.mean),
                nanos(self.half),
                nanos(self.most)
            ),
        }
    }

    /// As a line of blocks, the highest one the most frequent time.
    pub fn blocks(&self) -> String {
        const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let most = self.bars.iter().map(|b| b.2).max().unwrap_or(0).max(1) as u128;
        let block = |n: u64| BLOCKS[(n as u128 * 8).div_ceil(most) as usize];
        self.bars.iter().map(|b| block(b.2)).collect()
    }
}

/// A time in the largest unit of which it has one, with two digits at least: `999 ns`, `1.3 µs`, `12 ms`.
pub fn nanos(ns: u64) -> String {
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")];
    match units.iter().find(|(size, _)| ns >= *size) {
        _ if ns == u64::MAX => "any time".into(),
        Some((size, unit)) if ns < 10 * size => format!("{}.{} {unit}", ns / size, ns % size * 10 / size),
        Some((size, unit)) => format!("{} {unit}", ns / size),
        None => format!("{ns} ns"),
    }
}

/// The times of locks, the one that cost the most waiting first, then by lock.
pub fn times(world: &World, all: &[LockTimes]) -> Vec<TimesView> {
    let mut all: Vec<&LockTimes> = all.iter().collect();
    all.sort_by_key(|t| (std::cmp::Reverse(t.waited.nanos()), t.lock, t.mode));
    let view = |t: &&LockTimes| TimesView {
        lock: LockName::of(t.lock, world),
        shared: t.mode == Mode::Shared,
        held: Spread::of(&t.held),
        waited: Spread::of(&t.waited),
    };
    all.iter().map(view).collect()
}

/// Who is stuck in a live run, and what would free the others.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct StuckView {
    /// Each form of being stuck in a sentence, rings first.
    pub forms: Vec<String>,
    /// The smallest set of actors whose abort lets all others go on.
    pub abort: Vec<u8>,
}

/// In which forms these actors are stuck. `ended` are those whose threads do nothing more; all others can move.
pub fn stuck(world: &World, stuck: &[Wait], ended: &[ActorId]) -> StuckView {
    let moves = |a: &ActorId| !ended.contains(a) && stuck.iter().all(|w| w.actor != *a);
    let moving: Vec<ActorId> = world.actor_ids().filter(moves).collect();
    let (forms, abort) = stuck_forms(world, stuck, &moving, ended);
    StuckView { forms: forms.into_iter().map(|form| form.sentence).collect(), abort }
}

/// What does not hold of the words that a run has left: rules of words at rest, what an aborted actor or one that went
/// astray has left behind. None while somebody runs, or stands in the middle of a statement: there the rules do not apply.
/// One that was frozen asleep, or in front of its first lock, counts as being at rest.
pub fn left<C: Code>(live: &Live<C>) -> Option<Vec<String>> {
    let world = live.world();
    let mut words = live.words().copy();
    let mut out: Vec<String> = Vec::new();
    for a in world.actor_ids() {
        let (name, held) = (world.actor_name(a), live.held(a));
        let at_rest = held.is_empty() && (live.sleeps(a) || live.waiting(a).is_some());
        let what = match live.state(a)? {
            State::Drained => continue,
            State::Frozen if at_rest => continue,
            State::Aborted => "was aborted",
            State::Strayed => "went astray",
            State::Frozen | State::Absent | State::Ready | State::Running | State::Releasing => return None,
        };
        let pins = world.map.pins(a).pairs(&mut words);
        let pages: Vec<String> = pins.iter().map(|&(g, _)| DomGfn::from_word(g).to_string()).collect();
        if !pages.is_empty() {
            out.push(format!("{name} {what} and keeps its gets' references on the frames of {}", pages.join(", ")));
        }
        let locks: Vec<String> = held.iter().map(|&(lock, mode)| side(lock, mode, world)).collect();
        if !locks.is_empty() {
            out.push(format!("{name} {what} and still holds {}", locks.join(", ")));
        }
    }
    let broken = invariants::drained(&mut words, world);
    out.extend(broken.iter().map(|b| format!("breaks {}: {}", b.rule, b.why)));
    Some(out)
}

/// The last events of all threads over time.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct LiveTimeline {
    /// Lanes whose positions are times, counted in `unit` from the first event.
    pub timeline: Timeline,
    /// How many ns one position stands for.
    pub unit: u64,
    /// From the first event to the last, in ns.
    pub span: u64,
    /// Events that were dropped before.
    pub dropped: u64,
}

/// Positions of a live timeline, about.
const POSITIONS: u64 = 1000;

/// What threads did last, on one axis of time; none where nothing is noted. A lane begins with its thread's first event
/// and ends with its last one, but for a wait or hold that has not ended: it goes on.
pub fn live_timeline(world: &World, tracks: &[Track]) -> Option<LiveTimeline> {
    let at = || tracks.iter().flat_map(|t| &t.moments).map(|m| m.at);
    let (first, last) = (at().min()?, at().max()?);
    let unit = ((last - first) / POSITIONS).max(1);
    let len = ((last - first) / unit) as usize;
    let lanes =
        world.actor_ids().zip(tracks).map(|(a, track)| lane(world, a, track, |at| ((at - first) / unit) as usize, len));
    let timeline = Timeline {
        at: len,
        len,
        lanes: lanes.collect(),
        marks: Vec::new(),
        dull: Vec::new(),
        forks: vec![Branch { index: 0, name: String::new(), parent: None, len, current: true }],
    };
    Some(LiveTimeline { timeline, unit, span: last - first, dropped: tracks.iter().map(|t| t.dropped).sum() })
}

fn lane(world: &World, a: ActorId, track: &Track, position: impl Fn(u64) -> usize, len: usize) -> Lane {
    let mut lane =
        Lane { actor: a.0, name: world.actor_name(a).into(), bars: Vec::new(), holds: Vec::new(), ticks: Vec::new() };
    let mut open: Vec<(Lock, Mode, usize)> = Vec::new();
    let hold = |lock: Lock, mode: Mode, from: usize, to: Option<usize>| HoldBar {
        lock: LockName::of(lock, world),
        shared: mode == Mode::Shared,
        from,
        to,
    };
    let (mut from, mut state) = (track.moments.first().map_or(len, |m| position(m.at)), BarState::Run);
    if from > 0 {
        lane.bars.push(Bar { from: 0, to: from, state: BarState::Idle });
    }
    let mut to = from;
    for moment in &track.moments {
        to = position(moment.at);
        let next = match moment.deed {
            Deed::Waits(..) => BarState::Wait,
            Deed::Takes(lock, mode) => {
                open.push((lock, mode, to));
                BarState::Run
            }
            Deed::Gives(lock, mode) => {
                // What it held before its first event has been held from there on, as far as is known.
                let at = open.iter().rposition(|o| (o.0, o.1) == (lock, mode)).map(|i| open.remove(i));
                lane.holds.push(hold(lock, mode, at.map_or(0, |o| o.2), Some(to)));
                BarState::Run
            }
            Deed::Round { .. } => BarState::Run,
        };
        if next != state {
            push(&mut lane.bars, Bar { from, to, state });
            (from, state) = (to, next);
        }
    }
    if state == BarState::Wait {
        to = len;
    }
    push(&mut lane.bars, Bar { from, to, state });
    push(&mut lane.bars, Bar { from: to, to: len, state: BarState::Idle });
    lane.holds.extend(open.into_iter().map(|(lock, mode, from)| hold(lock, mode, from, None)));
    lane.holds.sort_by_key(|h| h.from);
    lane
}

/// Adds a bar, if it is one.
fn push(bars: &mut Vec<Bar>, bar: Bar) {
    if bar.from < bar.to {
        bars.push(bar);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Moment;
    use crate::sim::Twin;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let cases = [(0, "0 ns"), (999, "999 ns"), (1_000, "1.0 µs"), (9_999, "9.9 µs"), (12_345, "12 µs")];
        let more = [(8_192_000, "8.1 ms"), (3_000_000_000, "3.0 s"), (u64::MAX, "any time")];
        for (ns, text) in cases.into_iter().chain(more) {
            assert_eq!(nanos(ns), text);
        }
    }

    #[test]
    fn a_spread_has_no_gaps_and_the_same_in_words() {
        let mut h = Histogram::default();
        [3, 3, 3, 20].iter().for_each(|&n| h.note(n));
        let spread = Spread::of(&h);
        assert_eq!(spread.bars, [(2, 4, 3), (4, 8, 0), (8, 16, 0), (16, 32, 1)]);
        // The highest bar is 8 eighths; one of three is 2.67 eighths, drawn as 3.
        assert_eq!(spread.blocks(), "█  ▃");
        assert_eq!(spread.in_words(), "4 times, 7 ns on average; half below 4 ns, 99 of 100 below 32 ns");
        assert_eq!(Spread::of(&Histogram::default()).in_words(), "never");
    }

    #[test]
    fn a_lane_shows_what_its_thread_held_and_waited_for() {
        let (world, _) = Twin::world(2);
        let (l0, l1, alone) = (Lock::Named(0), Lock::Named(1), Mode::Exclusive);
        let track = |moments: &[(u64, Deed)]| Track {
            moments: moments.iter().map(|&(at, deed)| Moment { at, deed }).collect(),
            dropped: 3,
        };
        let tracks = [
            track(&[(100, Deed::Takes(l0, alone)), (110, Deed::Waits(l1, alone))]),
            track(&[
                (105, Deed::Gives(l1, alone)),
                (108, Deed::Takes(l1, alone)),
                (120, Deed::Round { failed: false }),
            ]),
        ];
        let live = live_timeline(&world, &tracks).unwrap();
        assert_eq!((live.unit, live.span, live.dropped, live.timeline.len), (1, 20, 6, 20));
        let bars =
            |i: usize| -> Vec<_> { live.timeline.lanes[i].bars.iter().map(|b| (b.from, b.to, b.state)).collect() };
        // The first waits to the end; the second is seen from 105 to 120 alone.
        assert_eq!(bars(0), [(0, 10, BarState::Run), (10, 20, BarState::Wait)]);
        assert_eq!(bars(1), [(0, 5, BarState::Idle), (5, 20, BarState::Run)]);
        let holds = |i: usize| -> Vec<_> { live.timeline.lanes[i].holds.iter().map(|h| (h.from, h.to)).collect() };
        assert_eq!(holds(0), [(0, None)]);
        assert_eq!(holds(1), [(0, Some(5)), (8, None)], "what it held before is held from the beginning");
        assert_eq!(live_timeline(&world, &[Track::default(), Track::default()]), None);
    }
}
