//! The protocols on real atomics: loom runs them in every order and with every stale value that the memory orderings
//! allow.
//!
//! Each protocol is also run on words that are weaker than they should be, and must fail there: so the tests can tell.
//! Loom takes sequentially consistent loads and stores for acquire and release. One handshake is on two words and needs
//! more, the shared side that each actor counts for itself: such a store is followed by a fence here, and such a load
//! preceded by one, which loom knows.

use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;
use p2mscope_core::addr::{ActorId, DomGfn, DomId, Gfn, Mfn, Order, Word};
use p2mscope_core::entry::{Access, Decoded, Format, Leaf, LeafCtx, P2mType};
use p2mscope_core::lock::{self, Lock, Mode, Taken, global, owned};
use p2mscope_core::machine::{
    Actor, ActorWord, DomWord, Domain, Form, FrameWord, Kind, Map, Policy, Sizes, Words, World, frames,
};
use p2mscope_core::perform::{Performed, perform};
use p2mscope_core::step::{Act, Effect, Page};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What the words lack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lack {
    /// Nothing.
    Nothing,
    /// No access orders another.
    Order,
    /// A compare-and-exchange is a load and then a store.
    Exchange,
    /// A sequentially consistent store and a load behind it may pass each other.
    Fence,
}

/// Words of which some are shared, as loom's atomics; all others are each thread's own, with their first value.
struct Shared {
    shared: HashMap<u32, AtomicU64>,
    first: HashMap<u32, u64>,
    lack: Lack,
}

/// The words as one thread sees them.
#[derive(Clone)]
struct Face {
    of: Arc<Shared>,
    own: HashMap<u32, u64>,
}

impl Face {
    fn new(lack: Lack, shared: &[Word], first: &HashMap<u32, u64>) -> Face {
        let value = |w: &Word| first.get(&w.0).copied().unwrap_or(0);
        let shared = shared.iter().map(|w| (w.0, AtomicU64::new(value(w)))).collect();
        Face { of: Arc::new(Shared { shared, first: first.clone(), lack }), own: HashMap::new() }
    }

    fn own(&self, w: Word) -> u64 {
        self.own.get(&w.0).or(self.of.first.get(&w.0)).copied().unwrap_or(0)
    }

    /// A load and then a store, for words of the thread's own and for those that lack the exchange.
    fn update(&mut self, w: Word, new: impl Fn(u64) -> Option<u64>) -> u64 {
        let old = self.load(w, Ordering::Acquire);
        if let Some(v) = new(old) {
            self.store(w, v, Ordering::Release);
        }
        old
    }

    /// A shared word that can be exchanged.
    fn exchangeable(&self, w: Word) -> Option<&AtomicU64> {
        self.of.shared.get(&w.0).filter(|_| self.of.lack != Lack::Exchange)
    }

    /// What makes an access sequentially consistent, where it asks for that.
    fn fence(&self, order: Ordering) {
        if order == Ordering::SeqCst && !matches!(self.of.lack, Lack::Order | Lack::Fence) {
            fence(Ordering::SeqCst);
        }
    }

    fn order(&self, order: Ordering) -> Ordering {
        if self.of.lack == Lack::Order { Ordering::Relaxed } else { order }
    }
}

impl Words for Face {
    fn load(&mut self, w: Word, order: Ordering) -> u64 {
        match self.of.shared.get(&w.0) {
            Some(word) => {
                self.fence(order);
                word.load(self.order(order))
            }
            None => self.own(w),
        }
    }

    fn store(&mut self, w: Word, v: u64, order: Ordering) {
        match self.of.shared.get(&w.0) {
            Some(word) => {
                word.store(v, self.order(order));
                self.fence(order);
            }
            None => drop(self.own.insert(w.0, v)),
        }
    }

    fn cas(&mut self, w: Word, old: u64, new: u64) -> u64 {
        let order = self.order(Ordering::SeqCst);
        match self.exchangeable(w) {
            Some(word) => word.compare_exchange(old, new, order, order).unwrap_or_else(|now| now),
            None => self.update(w, |now| (now == old).then_some(new)),
        }
    }

    fn add(&mut self, w: Word, n: u64) -> u64 {
        let order = self.order(Ordering::SeqCst);
        match self.exchangeable(w) {
            Some(word) => word.fetch_add(n, order),
            None => self.update(w, |now| Some(now.wrapping_add(n))),
        }
    }

    fn swap(&mut self, w: Word, v: u64) -> u64 {
        let order = self.order(Ordering::SeqCst);
        match self.exchangeable(w) {
            Some(word) => word.swap(v, order),
            None => self.update(w, |_| Some(v)),
        }
    }

    fn relax(&mut self) {
        thread::yield_now();
    }
}

/// A datum that is guarded by nothing of its own: reads may be stale, and two additions at once lose one.
fn raise(data: &AtomicU64) -> u64 {
    let seen = data.load(Ordering::Relaxed);
    data.store(seen + 1, Ordering::Relaxed);
    seen + 1
}

/// Runs one model in every way, with at most `switches` forced switches of threads in a run.
fn every_way(switches: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = switches;
    builder.max_branches = 20_000;
    builder.check(model);
}

/// The model holds on good words and fails on each of the weak ones.
#[track_caller]
fn check(switches: Option<usize>, weak: &[Lack], model: fn(Lack)) {
    every_way(switches, move || model(Lack::Nothing));
    for &lack in weak {
        let ends = catch_unwind(AssertUnwindSafe(|| every_way(switches, move || model(lack))));
        assert!(ends.is_err(), "words that lack {lack:?} are not told from good ones");
    }
}

/// A world of two domains and that many actors, and its named first words.
fn world(frames: u32, actors: usize) -> World {
    let domain = |id: u16| Domain { id: DomId(id), name: format!("d{id}"), ..Domain::default() };
    let actor = |i: usize| Actor { name: format!("A{i}"), kind: Kind::Toolstack, domain: DomId(1) };
    World {
        map: Map::new(Sizes { frames, domains: 2, actors, ..Sizes::default() }),
        policy: Policy::M2,
        pin: true,
        format: Format::Ept2011,
        domains: vec![domain(1), domain(2)],
        actors: (0..actors).map(actor).collect(),
        ..World::default()
    }
}

/// Starts each part on its own thread, the last one here, and gives what they return.
fn together<T: Send + 'static>(parts: Vec<Box<dyn FnOnce() -> T + Send>>) -> Vec<T> {
    let threads: Vec<_> = parts.into_iter().map(thread::spawn).collect();
    threads.into_iter().map(|t| t.join().unwrap()).collect()
}

const LOCK: Word = Word(0);

/// Actors that try until they have the lock, or once.
fn owned_lock(lack: Lack, actors: u8, patient: bool) {
    let words = Face::new(lack, &[LOCK], &HashMap::new());
    let data = loom::sync::Arc::new(AtomicU64::new(0));
    let part = |me: u8| -> Box<dyn FnOnce() -> u64 + Send> {
        let (mut m, data) = (words.clone(), data.clone());
        Box::new(move || {
            while !owned::try_take(&mut m, LOCK, ActorId(me), true) {
                if !patient {
                    return 0;
                }
                m.relax();
            }
            assert!(owned::try_take(&mut m, LOCK, ActorId(me), true), "its owner may take it again");
            raise(&data);
            owned::release(&mut m, LOCK);
            raise(&data);
            owned::release(&mut m, LOCK);
            1
        })
    };
    let held: u64 = together((0..actors).map(part).collect()).into_iter().sum();
    let mut m = words.clone();
    assert_eq!((m.get(LOCK), data.load(Ordering::Relaxed)), (0, 2 * held));
    assert!(held == actors as u64 || held > 0 && !patient);
}

#[test]
fn an_owned_lock_lets_one_in_at_a_time() {
    check(None, &[Lack::Order, Lack::Exchange], |lack| owned_lock(lack, 2, true));
    check(Some(2), &[Lack::Exchange], |lack| owned_lock(lack, 3, false));
}

/// A part that takes the global lock in one of its ways.
fn global_part(
    words: &Face,
    world: &World,
    data: &loom::sync::Arc<AtomicU64>,
    me: u8,
    exclusive: bool,
) -> Box<dyn FnOnce() + Send> {
    let (mut m, data, me) = (words.clone(), data.clone(), ActorId(me));
    let world = world.clone();
    match exclusive {
        true => Box::new(move || {
            while global::try_exclusive(&mut m, &world, 0, me) != Taken::Yes {
                m.relax();
            }
            raise(&data);
            raise(&data);
            global::release_exclusive(&mut m, &world, 0);
        }),
        false => Box::new(move || {
            while global::try_shared(&mut m, &world, 0, me) != Taken::Yes {
                m.relax();
            }
            let before = data.load(Ordering::Relaxed);
            // Who waits for the exclusive side holds up nobody who is in already.
            assert_eq!(global::try_shared(&mut m, &world, 0, me), Taken::Yes);
            global::release_shared(&mut m, &world, 0, me);
            let after = data.load(Ordering::Relaxed);
            assert!(before == after && before % 2 == 0, "somebody changed it meanwhile: {before}, {after}");
            global::release_shared(&mut m, &world, 0, me);
        }),
    }
}

fn global_lock(lack: Lack, form: Form, parts: &[bool]) {
    let world = World { form, ..world(1, parts.len()) };
    let word = world.map.dom(0, DomWord::Global);
    let mut shared = vec![word];
    match form {
        Form::Atomic => {}
        Form::Spinlock => shared.push(world.map.dom(0, DomWord::GlobalSpin)),
        Form::Percpu => shared.extend(world.actor_ids().map(|a| world.map.shared_depth(a, 0))),
    }
    let words = Face::new(lack, &shared, &HashMap::new());
    let data = loom::sync::Arc::new(AtomicU64::new(0));
    let part = |(me, &exclusive): (usize, &bool)| global_part(&words, &world, &data, me as u8, exclusive);
    together(parts.iter().enumerate().map(part).collect());
    let raised = 2 * parts.iter().filter(|&&exclusive| exclusive).count() as u64;
    // No owner, no holder, and nobody queued: whoever queued has had it.
    assert_eq!((words.clone().get(word), data.load(Ordering::Relaxed)), (0, raised));
}

#[test]
fn the_exclusive_side_excludes_the_shared_one() {
    check(None, &[Lack::Order, Lack::Exchange], |lack| global_lock(lack, Form::Atomic, &[true, false]));
    check(Some(3), &[Lack::Order, Lack::Exchange], |lack| global_lock(lack, Form::Spinlock, &[true, false]));
    check(Some(3), &[Lack::Order, Lack::Fence], |lack| global_lock(lack, Form::Percpu, &[true, false]));
}

#[test]
fn two_who_want_the_exclusive_side_have_it_in_turn() {
    check(None, &[Lack::Exchange], |lack| global_lock(lack, Form::Atomic, &[true, true]));
    check(Some(2), &[Lack::Exchange], |lack| global_lock(lack, Form::Spinlock, &[true, true]));
    check(Some(2), &[Lack::Exchange], |lack| global_lock(lack, Form::Percpu, &[true, true]));
}

#[test]
fn holders_of_the_shared_side_let_the_queued_one_in() {
    check(Some(1), &[], |lack| global_lock(lack, Form::Atomic, &[true, false, false]));
    check(None, &[Lack::Exchange], |lack| global_lock(lack, Form::Atomic, &[false, false]));
    check(Some(1), &[], |lack| global_lock(lack, Form::Spinlock, &[true, false, false]));
    check(Some(1), &[], |lack| global_lock(lack, Form::Percpu, &[true, false, false]));
}

/// One gfn's lock, taken by all parts but those that take the 2 MB around it as a whole.
fn area_lock(lack: Lack, parts: &[bool]) {
    let world = World { policy: Policy::K4, ..world(2, parts.len()) };
    let (key, page) = world.map.lock_page(0, 0);
    let (part, whole) = (Lock::Range(0, 0), Lock::Area(0, 0));
    let first = HashMap::from([(key.0, 1), (page.0, 1)]);
    let all = [part, whole].map(|l| lock::word_of(&mut Face::new(lack, &[], &first), &world, l).unwrap());
    let words = Face::new(lack, &all, &first);
    let data = loom::sync::Arc::new(AtomicU64::new(0));
    let run = |(me, &is_whole): (usize, &bool)| -> Box<dyn FnOnce() + Send> {
        let (mut m, world, data, me) = (words.clone(), world.clone(), data.clone(), ActorId(me as u8));
        let lock = if is_whole { whole } else { part };
        Box::new(move || {
            while lock::try_take(&mut m, &world, me, lock, Mode::Exclusive) != Taken::Yes {
                m.relax();
            }
            raise(&data);
            lock::release(&mut m, &world, me, lock, Mode::Exclusive);
        })
    };
    together(parts.iter().enumerate().map(run).collect());
    let mut m = words.clone();
    assert_eq!((all.map(|w| m.get(w)), data.load(Ordering::Relaxed)), ([0, 0], parts.len() as u64));
}

#[test]
fn a_part_and_its_area_exclude_each_other_and_every_part_is_counted() {
    check(Some(3), &[Lack::Order, Lack::Exchange], |lack| area_lock(lack, &[false, false]));
    check(Some(3), &[Lack::Exchange], |lack| area_lock(lack, &[true, false]));
}

fn table_link(lack: Lack) {
    let world = world(3, 1);
    let (root, table) = (world.map.page(Mfn(0), 0).unwrap(), Mfn(1));
    let last = world.map.page(table, 511).unwrap();
    let leaf = Leaf::new(P2mType::RamRw, Access::Rwx, Mfn(512), Order::M2);
    let entry = world.format.leaf(&leaf, &LeafCtx::default());
    let child = world.format.split_child(entry, 1, 511, &LeafCtx::default());
    // A frame that was used before: what it held must not be seen.
    let first = HashMap::from([(root.0, entry), (last.0, u64::MAX)]);
    let words = Face::new(lack, &[root, last], &first);
    let (mut m, w) = (words.clone(), world.clone());
    let writer = thread::spawn(move || {
        for e in [Effect::Page(Page::Fill { table, entry, level: 1 }), Effect::Store(root, w.format.link(table))] {
            perform(&mut m, &w, ActorId(0), &e);
        }
    });
    let mut m = words.clone();
    let mut load = |word| match perform(&mut m, &world, ActorId(0), &Effect::Load(word)) {
        Performed::Done([value, _]) => value,
        Performed::Blocked => unreachable!("a load never waits"),
    };
    match world.format.decode(1, load(root)) {
        Decoded::Table { mfn } => {
            assert_eq!((mfn, load(last)), (table, child), "a table is linked that is not filled");
        }
        other => assert_eq!(other, Decoded::Leaf(leaf)),
    }
    writer.join().unwrap();
}

#[test]
fn a_linked_table_is_a_filled_one() {
    check(None, &[Lack::Order], table_link);
}

fn entry_write(lack: Lack) {
    let world = world(2, 1);
    let word = world.map.page(Mfn(0), 0).unwrap();
    let leaf = |mfn| world.format.leaf(&Leaf::new(P2mType::RamRw, Access::Rwx, mfn, Order::K4), &LeafCtx::default());
    let (old, new) = (leaf(Mfn(0)), leaf(Mfn(1)));
    let top = world.map.dom(0, DomWord::MaxMapped);
    let words = Face::new(lack, &[word, top], &HashMap::from([(word.0, old)]));
    let (mut m, w) = (words.clone(), world.clone());
    let writer = thread::spawn(move || {
        let act = Act::SetEntry {
            word,
            entry: new,
            g: DomGfn { dom: DomId(1), gfn: Gfn(0) },
            order: Order::K4,
            fresh: false,
        };
        perform(&mut m, &w, ActorId(0), &Effect::Act(act))
    });
    let mut m = words.clone();
    let seen = m.get(word);
    // Whoever finds the new entry finds max_mapped raised for it.
    assert!(seen == old || seen == new && m.get(top) == 1, "{seen:#x}");
    assert_eq!(writer.join().unwrap(), Performed::Done([old, 0]));
}

#[test]
fn an_entry_is_read_whole_and_counted_before() {
    check(None, &[Lack::Order], entry_write);
}

/// The last reference goes while others try to get one; then somebody else may get the frame.
fn last_put(lack: Lack, getters: u8, reused: bool) {
    let world = Arc::new(world(2, 1));
    let mfn = Mfn(1);
    let rec = |w| world.map.frame(mfn, w).unwrap();
    let dom = |d, w| world.map.dom(d, w);
    let free = world.map.free_map(None, 0);
    let first = HashMap::from([
        (rec(FrameWord::Count).0, 1),
        (rec(FrameWord::Owner).0, frames::owner_word(DomId(1))),
        // It is on the page list of the first domain.
        (rec(FrameWord::Use).0, 1 << 16),
        (dom(0, DomWord::ListHead).0, mfn.0 + 1),
        (dom(0, DomWord::ListTail).0, mfn.0 + 1),
        (dom(0, DomWord::TotPages).0, 1),
    ]);
    let shared = [
        rec(FrameWord::Count),
        rec(FrameWord::Owner),
        dom(0, DomWord::TotPages),
        free,
        world.map.heap(),
        world.map.actor(ActorId(0), ActorWord::Fails),
    ];
    let words = Face::new(lack, &shared, &first);
    let putter = {
        let (mut m, world) = (words.clone(), world.clone());
        move || {
            let freed = frames::put_page(&mut m, &world, mfn);
            if reused && freed {
                assert_eq!(frames::alloc_frame(&mut m, &world, ActorId(0), 1), Some(mfn), "it is the only free one");
            }
            freed as u64
        }
    };
    let getter = || {
        let (mut m, world) = (words.clone(), world.clone());
        move || {
            if !frames::get_page(&mut m, &world, mfn, Some(DomId(1))) {
                return 0;
            }
            assert_eq!(m.get(free), 0, "a frame that was got is not free");
            assert_eq!(frames::owner(&mut m, &world, mfn), DomId(1));
            frames::put_page(&mut m, &world, mfn) as u64
        }
    };
    let mut parts: Vec<Box<dyn FnOnce() -> u64 + Send>> = vec![Box::new(putter)];
    parts.extend((0..getters).map(|_| Box::new(getter()) as Box<dyn FnOnce() -> u64 + Send>));
    let freed: u64 = together(parts).into_iter().sum();
    let mut m = words.clone();
    assert_eq!(freed, 1, "freed once");
    assert_eq!(m.get(dom(0, DomWord::TotPages)), 0);
    match frames::owner(&mut m, &world, mfn) {
        DomId::NOBODY => {
            assert!(frames::is_free(&mut m, &world, mfn));
            assert_eq!(m.get(free), 1 << mfn.0);
        }
        owner => assert_eq!((owner, m.get(free), reused), (DomId(2), 0, true)),
    }
}

#[test]
fn a_frame_is_got_alive_or_not_at_all_and_freed_once() {
    check(None, &[Lack::Exchange], |lack| last_put(lack, 1, false));
    check(Some(2), &[], |lack| last_put(lack, 2, false));
}

#[test]
fn a_frame_that_was_given_to_another_is_not_got() {
    check(Some(3), &[Lack::Exchange], |lack| last_put(lack, 1, true));
}
