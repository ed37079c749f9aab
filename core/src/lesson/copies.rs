//! A crowd: copies of some of a lesson's actors, each at work in a place of its own, or all in one.
//!
//! Protocol. A *place* is what the lesson's tables map at first, moved to higher frame numbers with frames of its own.
//! A copy runs the actor's live loop, or its program where the lesson states none; the frame numbers and frames that it names are those of the copy's place.
//! A lesson's own words, locks, lists, rings and grants are there once, for all copies. What a lesson expects is not
//! expected of a crowd, which has far too many states to be searched.

use super::{ActorSpec, DomainSpec, Lesson, MapItem, Staged};
use crate::addr::{ActorId, FRAME_WORDS, Gfn, Order};
use crate::machine::{Form, GhostWord, MAX_ACTORS, Policy, Words, World};
use crate::script::{By, DRAWN, Error, Moved, Script};
use crate::sim::{Code, Locals, Thing};
use crate::step::{Step, Stop};
use crate::watch::Broken;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where the copies work.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Spread {
    /// All at the frame numbers that the lesson names.
    Page,
    /// Each on pages of its own, all in the same ranges of 2 MB.
    Range,
    /// Each in ranges of 2 MB of its own.
    Ranges,
    /// Each in ranges of 1 GB of its own.
    Gigabytes,
    /// Each round anywhere in 64 ranges of 2 MB, on one of eight pages in each.
    Random,
}

/// Places that copies draw from: ranges, and in each pages.
const DRAWN_RANGES: u64 = 64;
const DRAWN_PAGES: u64 = 8;
/// Copies for which a domain has the free table pages that the lesson gives it for one.
const MOST_TABLES: u64 = 32;

impl Spread {
    /// Every spread with its name, closest first.
    pub const ALL: [(&'static str, Spread); 5] = [
        ("page", Spread::Page),
        ("range", Spread::Range),
        ("ranges", Spread::Ranges),
        ("gigabytes", Spread::Gigabytes),
        ("random", Spread::Random),
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        Spread::ALL[self as usize].0
    }

    /// The spread of that name.
    pub fn from_name(name: &str) -> Option<Spread> {
        Spread::ALL.iter().find(|s| s.0 == name).map(|s| s.1)
    }
}

/// A crowd before it is staged.
#[derive(Clone, Debug)]
pub struct Crowd {
    lesson: Lesson,
    draw: Option<Draw>,
}

/// How a place is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Draw {
    /// How far ranges are apart.
    ranges: u64,
    /// How far pages are apart, and how many there are in a range.
    pages: (u64, u64),
}

impl Draw {
    /// How much a round raises its frame numbers: a mix of who and when (splitmix64), the same in every run.
    fn at(&self, a: ActorId, round: u64) -> u64 {
        let mut z = ((a.0 as u64) << 48 | round).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        self.ranges * (z % DRAWN_RANGES) + self.pages.0 * ((z >> 32) % self.pages.1)
    }
}

/// What the lesson's tables map at first, by what copies of it need to know.
struct Footprint {
    /// The lowest and the highest gfn.
    first: u64,
    last: u64,
    /// From the lowest to the highest offset in a range of 2 MB that anything has.
    offsets: (u64, u64),
    /// The largest size of an entry.
    order: Order,
}

impl Footprint {
    fn of<'i>(items: impl Iterator<Item = &'i MapItem> + Clone) -> Footprint {
        let offset = |g: Gfn| g.0 % FRAME_WORDS;
        let wraps = |i: &MapItem| i.first.0 / FRAME_WORDS != i.last.0 / FRAME_WORDS;
        let low = items.clone().map(|i| if wraps(i) { 0 } else { offset(i.first) }).min();
        let high = items.clone().map(|i| if wraps(i) { FRAME_WORDS - 1 } else { offset(i.last) }).max();
        Footprint {
            first: items.clone().map(|i| i.first.0).min().unwrap_or(0),
            last: items.clone().map(|i| i.last.0).max().unwrap_or(0),
            offsets: (low.unwrap_or(0), high.unwrap_or(0)),
            order: items.map(|i| i.order).max().unwrap_or(Order::K4),
        }
    }

    /// How many ranges of that size it touches, in gfns.
    fn ranges(&self, bits: u8) -> u64 {
        ((self.last >> bits) - (self.first >> bits) + 1) << bits
    }

    /// How far pages are apart in one range, and how many such sets of pages it has room for.
    fn pages(&self) -> (u64, u64) {
        let apart = self.offsets.1 - self.offsets.0 + 1;
        (apart, (FRAME_WORDS - 1 - self.offsets.1) / apart + 1)
    }
}

impl Lesson {
    /// `count` actors, which run the programs of these actors in turn, spread out like that.
    ///
    /// # Errors
    /// Why there is no such crowd.
    pub fn crowd(&self, of: &[usize], count: usize, spread: Spread, form: Form) -> Result<Crowd, String> {
        if count == 0 || count > MAX_ACTORS {
            return Err(format!("{count} actors: there can be 1 to {MAX_ACTORS}"));
        }
        let team: Vec<&ActorSpec> = of.iter().filter_map(|&a| self.actors.get(a)).collect();
        if team.is_empty() {
            return Err("a crowd is made of copies of an actor, and the lesson has none".to_string());
        }
        let footprint = Footprint::of(self.domains.iter().flat_map(|d| &d.map));
        if spread == Spread::Range && footprint.order > Order::K4 {
            return Err("the lesson maps a whole range by one entry, so copies have no pages of their own in it".into());
        }
        let pages = if footprint.order > Order::K4 { (0, 1) } else { footprint.pages() };
        let copies = count.div_ceil(team.len()) as u64;
        let drawn = Draw { ranges: footprint.ranges(9), pages: (pages.0, pages.1.min(DRAWN_PAGES)) };
        let (places, apart) = match spread {
            Spread::Page => (1, 0),
            Spread::Range => (copies.min(pages.1), pages.0),
            Spread::Ranges => (copies, footprint.ranges(9)),
            Spread::Gigabytes => (copies, footprint.ranges(18)),
            Spread::Random => (DRAWN_RANGES * drawn.pages.1, 0),
        };
        let by = |place: u64| match spread {
            Spread::Random => drawn.ranges * (place / drawn.pages.1) + drawn.pages.0 * (place % drawn.pages.1),
            _ => apart * place,
        };
        let mut lesson = self.places(places, copies, by);
        lesson.world.form = form;
        lesson.actors.clear();
        lesson.names.actors.clear();
        for i in 0..count {
            let (spec, copy) = (team[i % team.len()], (i / team.len()) as u64);
            let name = format!("{}.{copy}", spec.name);
            lesson.names.actors.push((name.clone(), spec.kind));
            lesson.actors.push(ActorSpec { name, ..spec.clone() });
            let place = copy % places;
            lesson.moved.push(match spread {
                Spread::Random => Moved { by: By::Drawn, frames: 0 },
                _ => Moved { by: By::Fixed(by(place)), frames: place as usize * self.names.frames.len() },
            });
        }
        Ok(Crowd { lesson, draw: (spread == Spread::Random).then_some(drawn) })
    }

    /// The lesson with what it has at first so many times, each time so many gfns higher, and without what it expects.
    /// What its actors may come to need grows with their copies.
    fn places(&self, places: u64, copies: u64, by: impl Fn(u64) -> u64) -> Lesson {
        let (frames, tables) = (places.min(copies), places.min(copies).min(MOST_TABLES));
        let mut all = Lesson { expects: Vec::new(), repair: None, moved: Vec::new(), ..self.clone() };
        let named = |name: &str, place: u64| if place == 0 { name.to_string() } else { format!("{name}.{place}") };
        for place in 1..places {
            all.names.frames.extend(self.names.frames.iter().map(|name| named(name, place)));
            all.frames.extend(self.frames.iter().map(|f| {
                let mut frame = f.clone();
                frame.name = named(&f.name, place);
                frame
            }));
        }
        let moved = |item: &MapItem, place: u64| {
            let mut moved = item.clone();
            moved.first.0 += by(place);
            moved.last.0 += by(place);
            moved.frame = item.frame.as_ref().map(|name| named(name, place));
            moved
        };
        let many = |map: &[MapItem]| -> Vec<MapItem> {
            let at = |place| map.iter().map(move |item| (item, place));
            (0..places).flat_map(at).map(|(item, place)| moved(item, place)).collect()
        };
        for (domain, of) in all.domains.iter_mut().zip(&self.domains) {
            *domain = DomainSpec {
                map: many(&of.map),
                tables: of.tables * tables,
                cache: of.cache * frames,
                pod_target: of.pod_target * frames,
                ..domain.clone()
            };
        }
        for (view, of) in all.views.iter_mut().zip(&self.views) {
            view.map = many(&of.map);
            view.tables = of.tables * tables;
        }
        all.world.free_frames *= frames;
        all
    }

    /// Lock pages that each domain of a crowd needs; 0 for a lesson that is none, which has what there is.
    pub(super) fn lock_pages(&self, policy: Policy) -> u32 {
        if self.moved.is_empty() {
            return 0;
        }
        let bits = policy.range_bits().unwrap_or(Order::G1.bits()) as u32 + FRAME_WORDS.ilog2();
        let items = self.domains.iter().flat_map(|d| &d.map).chain(self.views.iter().flat_map(|v| &v.map));
        let keys: BTreeSet<u64> = items.flat_map(|i| i.first.0 >> bits..=i.last.0 >> bits).collect();
        // Programs name further frame numbers now and then.
        keys.len() as u32 + 4
    }
}

impl Crowd {
    /// The first state of a version under a policy: of the loops that are run live, which can go round and round.
    ///
    /// # Errors
    /// As of [`Lesson::stage`]: a program that names an actor, for one, since copies of it have other names.
    pub fn stage(&self, version: &str, policy: Policy) -> Result<Staged<Copies>, Vec<Error>> {
        let Staged { world, first, script } = self.lesson.stage_as(version, super::Form::Loop, Some(policy), None)?;
        Ok(Staged { world, first, script: Arc::new(Copies { script, draw: self.draw }) })
    }
}

/// The programs of a crowd.
#[derive(Clone, Debug)]
pub struct Copies {
    script: Arc<Script>,
    draw: Option<Draw>,
}

impl Code for Copies {
    fn start<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        if let Some(draw) = self.draw {
            let round = m.get(world.map.ghost(a, GhostWord::Round));
            locals.set(DRAWN as usize, draw.at(a, round), false);
        }
        self.script.start(world, m, a, locals, broken)
    }

    fn run<S: Step>(&self, a: ActorId, place: u64, locals: &Locals, s: &mut S) -> Result<u64, Stop> {
        self.script.run(a, place, locals, s)
    }

    fn finish<W: Words>(
        &self,
        world: &World,
        m: &mut W,
        a: ActorId,
        place: u64,
        result: u64,
        locals: &mut Locals,
        broken: &mut Vec<Broken>,
    ) -> Option<u64> {
        self.script.finish(world, m, a, place, result, locals, broken)
    }

    fn failed(&self, a: ActorId, place: u64, result: u64) -> bool {
        self.script.failed(a, place, result)
    }

    fn stated<W: Words>(&self, world: &World, m: &mut W, a: ActorId, place: u64, locals: &Locals) -> bool {
        self.script.stated(world, m, a, place, locals)
    }

    fn touches(&self, a: ActorId, place: u64) -> u32 {
        self.script.touches(a, place)
    }

    fn names(&self, world: &World, a: ActorId, locals: &Locals, thing: Thing) -> u32 {
        self.script.names(world, a, locals, thing)
    }
}
