//! The page's one state, its one action, and what each action makes of it.
//!
//! The reducer decides nothing about memory: it asks the [`Run`](p2mscope_core::sched::Run) to step, go back or seek, and
//! has the views decode what came of it ([`Moment`]). It knows nothing of the browser either; what has to be done there
//! (a search, threads, a clock) follows from the state, in `bridge` and `hooks`.

mod beside;
mod explore;
mod key;
mod live;
mod pick;
mod scale;
mod share;
mod stage;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Session, Size};
use yew::Reducible;

pub use beside::Other;
pub use explore::{Explore, Found, Heard, News, Progress, Question, Report};
pub use key::{Key, LIST};
pub use live::{COMPARED, Live, Order, RECORDED, Seen, Summary, Wish};
pub use pick::Picked;
pub use scale::{Dot, Inquiry, Said, Scale, Settings};
pub use stage::{Stage, Turn};

use crate::moment::Moment;

/// What the page is used for just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// One step after the other.
    #[default]
    Step,
    /// All of them.
    Explore,
    /// On real threads.
    Live,
    /// On more processors than there are, in virtual time.
    Scale,
}

/// What stands below the waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The frames and who holds them.
    #[default]
    Frames,
    /// The rules, what is counted of actors, and the deadlocks that could be.
    Watchers,
}

/// All that the page shows.
#[derive(Clone)]
pub struct State {
    /// The lesson, its run, and where that stands.
    pub stage: Stage,
    /// The views of the state that the run stands in; none while there is no run.
    pub moment: Option<Rc<Moment>>,
    /// What is marked in every panel.
    pub picked: Picked,
    /// Stepping, exploring or live.
    pub mode: Mode,
    /// How far a step goes.
    pub size: Size,
    /// Who goes next when nobody is named.
    pub turn: Turn,
    /// Whether steps follow by themselves.
    pub playing: bool,
    /// Where playing ends, if it was begun to show a finding.
    until: Option<usize>,
    /// Whether the lesson's text stands beside the stage.
    pub editing: bool,
    /// Whether the list of keys is shown.
    pub help: bool,
    /// What stands below the waits.
    pub side: Side,
    /// Whether the report for engineers lies over the page.
    pub report: bool,
    /// Whether the sheet with what can be handed out is shown.
    pub sharing: bool,
    /// Why the last wish could not be met, until the next one.
    pub notice: Option<String>,
    /// The search.
    pub explore: Explore,
    /// The threads.
    pub live: Live,
    /// Virtual time.
    pub scale: Scale,
    /// Under which policy the same schedule is shown beside, while stepping.
    pub beside: Option<Policy>,
    /// What that policy makes of it.
    pub other: Option<Rc<Other>>,
}

/// What can happen to the page.
#[derive(Clone)]
pub enum Action {
    /// A key, whatever it means now.
    Key(Key),
    /// A built-in lesson, by its place in the list.
    Lesson(usize),
    /// The lesson's text has become this.
    Text(String),
    /// A file has been opened that is no text.
    NotText(String),
    /// Another version of the programs.
    Version(String),
    /// Another lock policy.
    Policy(Policy),
    /// Another use of the page.
    Mode(Mode),
    /// Another size of step.
    Size(Size),
    /// Another way of choosing who goes next.
    Turn(Turn),
    /// A step: the noted one, else one of whoever's turn it is.
    Step,
    /// A step back.
    Back,
    /// To the first state.
    First,
    /// To the last state of this branch.
    Last,
    /// To a position of this branch.
    Seek(usize),
    /// A step of this actor.
    Actor(ActorId),
    /// This actor goes on until it waits or ends.
    UntilBlocked(ActorId),
    /// Another branch.
    Fork(usize),
    /// Play, or stop playing.
    Play(bool),
    /// The clock of playing.
    Tick,
    /// Mark something in every panel.
    Pick(Picked),
    /// Text beside the stage, or not.
    Edit(bool),
    /// The list of keys, or not.
    Help(bool),
    /// Something else below the waits.
    Side(Side),
    /// The report for engineers, or not.
    Report(bool),
    /// To a step of a run of the session, by its number there.
    Seen {
        /// Which run.
        run: usize,
        /// Which step of it.
        step: usize,
    },
    /// The sheet with what can be handed out, or not.
    Share(bool),
    /// Open what this link says.
    Link(String),
    /// Begin to explore.
    Explore,
    /// Stop exploring.
    StopExploring,
    /// What the search says.
    Explorer(Heard),
    /// Step through the finding; played from the first state, or at its end at once where nothing may move.
    LoadFinding {
        /// Whether things may move.
        play: bool,
    },
    /// Start, freeze, drain or end threads.
    Live(Wish),
    /// Abort a thread's actor.
    Abort(ActorId),
    /// Meter the next run, or not.
    Meter(bool),
    /// Record the next run, or not.
    Record(bool),
    /// The policy to compare live runs with.
    CompareWith(Policy),
    /// Step through the recorded run.
    StepThrough,
    /// Show what another policy makes of the same schedule, or nothing beside.
    Beside(Option<Policy>),
    /// What the threads were seen to do.
    Threads(Seen),
    /// Compute in virtual time.
    Scale,
    /// Stop computing.
    StopScale,
    /// Other settings for it.
    ScaleSettings(Settings),
    /// What is heard of a run in virtual time, by its number.
    Scaled(u32, Said),
}

impl State {
    /// The page as it opens: the first lesson, at its first state.
    pub fn open() -> Self {
        Self::of(Stage::open(0))
    }

    fn of(stage: Stage) -> Self {
        let first = stage.first_vcpu();
        let mut state = Self {
            stage,
            moment: None,
            picked: Picked::default(),
            mode: Mode::default(),
            size: Size::default(),
            turn: Turn::default(),
            playing: false,
            until: None,
            editing: false,
            help: false,
            side: Side::default(),
            report: false,
            sharing: false,
            notice: None,
            explore: Explore::default(),
            live: Live::default(),
            scale: Scale::default().of_another(first),
            beside: None,
            other: None,
        };
        state.look();
        state
    }

    /// Decodes the state that the run stands in.
    fn look(&mut self) {
        // Of a comparison the runs under the other policy have other locks than the scene.
        let sight =
            self.live.sight.as_ref().filter(|it| self.mode == Mode::Live && it.world.policy == self.stage.policy);
        let stand = sight.and_then(|sight| sight.words.as_ref());
        let moment = match stand {
            Some(run) => Some(Moment::of(&mut run.borrow_mut(), &self.picked, &Session::default())),
            None => self.stage.moment(&self.picked),
        };
        self.moment = moment.map(|mut moment| {
            if let Some(sight) = sight {
                sight.lay_over(&mut moment);
            }
            Rc::new(moment)
        });
        let policy = self.beside.filter(|_| self.mode == Mode::Step);
        self.other = policy.and_then(|policy| Other::of(&self.stage, policy, &self.picked)).map(Rc::new);
    }

    /// What a key means now.
    fn meaning(&self, key: Key) -> Option<Action> {
        Some(match key {
            Key::Play => Action::Play(!self.playing),
            Key::Step => Action::Step,
            Key::Back => Action::Back,
            Key::First => Action::First,
            Key::Last => Action::Last,
            Key::Actor(n) => Action::Actor(ActorId(n)),
            Key::UntilBlocked(n) => Action::UntilBlocked(ActorId(n)),
            Key::ToOwner => Action::Pick(self.picked.to_owner(self.moment.as_deref()?)?),
            Key::ToBlocked => Action::Pick(self.picked.to_blocked(self.moment.as_deref()?)?),
            Key::Explore if self.mode == Mode::Explore => Action::Explore,
            Key::Explore => Action::Mode(Mode::Explore),
            Key::Live if self.mode == Mode::Live && self.live.is_running() => Action::Live(Wish::Freeze),
            Key::Live if self.mode == Mode::Live => Action::Live(Wish::Run),
            Key::Live => Action::Mode(Mode::Live),
            Key::Edit => Action::Edit(!self.editing),
            Key::Help => Action::Help(!self.help),
            Key::Watchers if self.side == Side::Watchers => Action::Side(Side::Frames),
            Key::Watchers => Action::Side(Side::Watchers),
            Key::Report => Action::Report(!self.report),
            Key::Share => Action::Share(!self.sharing),
            Key::Escape if self.sharing => Action::Share(false),
            Key::Escape if self.help => Action::Help(false),
            Key::Escape if self.report => Action::Report(false),
            Key::Escape if self.editing => Action::Edit(false),
            Key::Escape => Action::Mode(Mode::Step),
        })
    }

    fn act(&mut self, action: Action) {
        self.notice = None;
        match action {
            Action::Key(key) => {
                if let Some(action) = self.meaning(key) {
                    self.act(action);
                }
                return;
            }
            Action::Lesson(n) => self.restart(|stage| *stage = Stage::open(n)),
            Action::Text(text) => self.restart(|stage| stage.set_text(text)),
            Action::NotText(why) => self.notice = Some(why),
            Action::Version(version) => self.restart(|stage| stage.set_version(version)),
            Action::Policy(policy) => self.restart(|stage| stage.set_policy(policy)),
            Action::Mode(mode) => {
                self.mode = mode;
                self.playing = false;
            }
            Action::Size(size) => self.size = size,
            Action::Turn(turn) => self.turn = turn,
            Action::Play(playing) => (self.playing, self.until) = (playing, None),
            Action::Tick if !self.playing => return,
            Action::Tick => {
                let stepped = self.stage.step(self.size, self.turn).is_ok();
                self.look();
                let at = self.moment.as_ref().map_or(0, |moment| moment.report.at);
                self.playing = stepped && self.until.is_none_or(|end| at < end);
            }
            Action::Step => self.move_by(|stage, size, turn| stage.step(size, turn)),
            Action::Back => self.move_by(|stage, size, _| stage.back(size)),
            Action::First => self.move_by(|stage, _, _| stage.seek(0)),
            Action::Last => self.move_by(|stage, _, _| stage.seek(usize::MAX)),
            Action::Seek(k) => self.move_by(|stage, _, _| stage.seek(k)),
            Action::Fork(i) => self.move_by(|stage, _, _| stage.select_fork(i)),
            Action::Actor(a) => {
                self.picked.actor = Some(a);
                self.move_by(|stage, size, _| stage.step_actor(a, size));
            }
            Action::UntilBlocked(a) => {
                self.picked.actor = Some(a);
                self.move_by(|stage, _, _| stage.until_blocked(a));
            }
            Action::Pick(picked) => self.picked = picked,
            Action::Edit(editing) => self.editing = editing,
            Action::Help(help) => self.help = help,
            Action::Side(side) => self.side = side,
            Action::Report(report) => self.report = report,
            Action::Seen { run, step } => self.move_by(|stage, _, _| stage.go_to(run, step)),
            Action::Share(sharing) => self.sharing = sharing,
            Action::Link(letters) => self.open_link(&letters),
            Action::Explore => {
                self.mode = Mode::Explore;
                self.explore.begin(self.stage.question());
            }
            Action::StopExploring => self.explore.stop(),
            Action::Explorer(heard) => {
                if let Some(met) = self.explore.hear(heard) {
                    self.stage.learn(&met);
                }
            }
            Action::LoadFinding { play } => {
                let Some(found) = self.explore.finding() else { return };
                match self.stage.load(&found, play) {
                    Ok(()) => (self.mode, self.playing, self.until) = (Mode::Step, play, Some(found.steps.len())),
                    Err(why) => self.notice = Some(why),
                }
            }
            Action::Live(wish) => {
                self.mode = Mode::Live;
                if self.stage.lesson.as_ref().is_none_or(|lesson| lesson.not_live.is_none()) {
                    self.live.wish(wish, self.stage.question());
                }
            }
            Action::Threads(seen) => self.live.see(seen),
            Action::Scale => {
                self.mode = Mode::Scale;
                self.scale.begin(self.stage.text.clone(), self.stage.version.clone());
            }
            Action::StopScale => self.scale.stop(),
            Action::ScaleSettings(settings) => self.scale.settings = settings,
            Action::Scaled(run, said) => self.scale.hear(run, said),
            Action::Abort(actor) => self.live.abort(actor),
            Action::Meter(metered) => self.live.metered = metered,
            Action::Record(recorded) => self.live.recorded = recorded,
            Action::CompareWith(policy) => self.live.other = policy,
            Action::StepThrough => {
                let recorded = self.live.sight.as_ref().and_then(|sight| sight.recorded.clone());
                let (Some(recorded), Some(order)) = (recorded, self.live.order.clone()) else { return };
                self.notice = self.stage.load_recording(&order.question, &recorded.recording).err();
                self.picked = Picked::default();
                (self.mode, self.playing, self.until) = (Mode::Step, false, None);
            }
            Action::Beside(policy) => self.beside = policy,
        }
        self.look();
    }

    /// A step by hand; it ends playing.
    fn move_by(&mut self, step: impl FnOnce(&mut Stage, Size, Turn) -> Result<(), String>) {
        self.playing = false;
        if self.mode == Mode::Live {
            self.mode = Mode::Step;
        }
        self.notice = step(&mut self.stage, self.size, self.turn).err();
    }

    /// Another run from its first state; what was picked may not be in it.
    fn restart(&mut self, change: impl FnOnce(&mut Stage)) {
        change(&mut self.stage);
        self.playing = false;
        self.picked = Picked::default();
        self.explore.stop();
        self.explore = Explore::default();
        self.live = self.live.without_threads();
        self.scale = self.scale.of_another(self.stage.first_vcpu());
    }
}

impl PartialEq for State {
    /// Every action makes a state of its own.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = (*self).clone();
        state.act(action);
        Rc::new(state)
    }
}
