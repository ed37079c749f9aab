//! One moment of the run: every view of it, decoded at once, so that all panels show the same state.

use std::rc::Rc;

use p2mscope_core::addr::{ActorId, DomGfn};
use p2mscope_core::machine::Kind;
use p2mscope_core::sched::{Clocks, Event, Run, Session};
use p2mscope_core::step::{Act, Effect};
use p2mscope_core::view::{
    self, ActorView, Compared, Diagnosis, EntryView, FrameView, Frames, LockOrders, Report, RingView, RuleView, Scene,
    Timeline, TlbView, Waits, Walk, Zoom,
};

use crate::program::Program;
use crate::state::Picked;

/// How a step stands to the one that led here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// It had to come before.
    Before,
    /// It is that one.
    Here,
    /// It had to come after.
    After,
    /// Neither: it could as well have come the other way round.
    Beside,
}

/// The views. They are made anew for each moment and keep nothing.
pub struct Moment {
    /// What each actor does, holds and waits for.
    pub actors: Vec<ActorView>,
    /// Who stands where.
    pub scene: Scene,
    /// The walk of the picked page, or of the one touched last.
    pub walk: Option<Walk>,
    /// The entry of that walk that is picked, or where it ends.
    pub entry: Option<EntryView>,
    /// Who counts which frame.
    pub frames: Frames,
    /// Who waits for whom.
    pub waits: Waits,
    /// What just happened.
    pub report: Report,
    /// The rules that are watched.
    pub rules: Vec<RuleView>,
    /// What is wrong, here and over the session.
    pub diagnosis: Diagnosis,
    /// The run over its steps.
    pub timeline: Timeline,
    /// The 2 MB around the page of the walk, while they are shown from near.
    pub near: Option<Zoom>,
    /// The rings.
    pub rings: Vec<RingView>,
    /// The TLBs.
    pub tlbs: Vec<TlbView>,
    /// Which lock was asked for while which was held, over the session.
    pub orders: LockOrders,
    /// For each step, how it stands to the last one, while that is shaded.
    pub shades: Option<Vec<Shade>>,
    /// The branch beside another, while they are compared.
    pub compared: Option<Compared>,
    /// The hash of the state: two that are equal have the same.
    pub hash: u64,
}

impl Moment {
    /// The views of where the run stands.
    pub fn of(run: &mut Run<Program>, picked: &Picked, session: &Session) -> Self {
        let page = picked.page.or_else(|| last_touched(run)).or_else(|| first_mapped(run));
        let walk = page.and_then(|(slot, gfn)| view::walk(run, slot, gfn));
        let walk_at = walk.as_ref().map(|walk| (walk.slot, walk.gfn));
        let level = walk.as_ref().and_then(|walk| {
            let at = picked.level.and_then(|level| walk.levels.iter().find(|it| it.level == level));
            at.or(walk.levels.last()).map(|it| (it.word, it.level))
        });
        let entry = level.and_then(|(word, level)| view::entry(run, word, level));
        Self {
            actors: view::actors(run),
            scene: view::scene(run),
            walk,
            entry,
            frames: view::frames(run),
            waits: view::waits(run),
            report: view::report(run),
            rules: view::rules(run),
            diagnosis: view::diagnosis(run, session),
            timeline: view::timeline(run),
            near: walk_at.filter(|_| picked.near).and_then(|(slot, gfn)| view::zoom(run, slot, gfn)),
            rings: view::rings(run),
            tlbs: view::tlbs(run),
            orders: view::lock_orders(run, session),
            shades: picked.shade.then(|| shades(run)),
            compared: picked.against.and_then(|with| view::compare(run, with)),
            hash: run.hash(),
        }
    }

    /// The actor's view.
    pub fn actor(&self, actor: u8) -> Option<&ActorView> {
        self.actors.get(usize::from(actor))
    }

    /// The actor's name; its number where there is no such actor.
    pub fn name(&self, actor: u8) -> String {
        self.actor(actor).map_or_else(|| actor.to_string(), |actor| actor.name.clone())
    }

    /// The actor's kind, for the shape of its token.
    pub fn kind(&self, actor: u8) -> Kind {
        self.actor(actor).and_then(|actor| Kind::from_name(actor.kind)).unwrap_or(Kind::Debugger)
    }

    /// The actors of a list of numbers, by name: `V0, PG`.
    pub fn names(&self, actors: impl IntoIterator<Item = u8>) -> String {
        actors.into_iter().map(|actor| self.name(actor)).collect::<Vec<_>>().join(", ")
    }
}

impl PartialEq for Moment {
    /// A moment is made once and then only passed on.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// A moment as components take it.
pub type Shown = Rc<Moment>;

/// The actor of this number.
pub fn id(actor: u8) -> ActorId {
    ActorId(actor)
}

/// How each step of the branch stands to the last one that was taken.
fn shades(run: &Run<Program>) -> Vec<Shade> {
    let (clocks, at) = (Clocks::of(run), run.at());
    let shade = |step: usize| match () {
        () if step == at => Shade::Here,
        () if clocks.before(step, at) => Shade::Before,
        () if clocks.before(at, step) => Shade::After,
        () => Shade::Beside,
    };
    (1..=run.len()).map(shade).collect()
}

/// The page that the last step that was about one was about.
fn last_touched(run: &Run<Program>) -> Option<(u8, u64)> {
    let world = run.world();
    let touched = |event: &Event| match event.did.effect {
        Effect::Act(
            Act::Pin { g, .. }
            | Act::Unpin { g }
            | Act::SetEntry { g, .. }
            | Act::TlbAccess { g, .. }
            | Act::TlbWalk { g, .. },
        ) => Some((world.slot(g.dom)?, g.gfn.0)),
        _ => None,
    };
    run.past().iter().rev().find_map(touched)
}

/// The first page that is mapped anywhere, else the first of the first domain.
fn first_mapped(run: &mut Run<Program>) -> Option<(u8, u64)> {
    let world = run.world().clone();
    let pages = mapped(&view::frames(run));
    let first = pages.into_iter().find_map(|g| Some((world.slot(g.dom)?, g.gfn.0)));
    first.or((!world.domains.is_empty()).then_some((0, 0)))
}

/// The pages that m2p names, in the order of their frames.
pub fn mapped(frames: &Frames) -> Vec<DomGfn> {
    let page = |frame: &FrameView| Some(DomGfn::new(frame.m2p_domain?, frame.m2p?));
    frames.frames.iter().filter_map(page).collect()
}
