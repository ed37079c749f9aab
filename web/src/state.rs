//! The page's one state, its one action, and what each action makes of it.
//!
//! The reducer decides nothing about memory: it asks the [`Run`](p2mscope_core::sched::Run) to step, go back or seek, and
//! has the views decode what came of it ([`Moment`]). It knows nothing of the browser either; what has to be done there
//! (a search, threads, a clock) follows from the state, in `bridge` and `hooks`.

mod action;
mod beside;
mod command;
mod course;
mod explore;
mod judge;
mod kept;
mod keys;
mod live;
mod palette;
#[cfg(test)]
mod panel_tests;
mod panels;
mod pick;
mod predict;
mod reduce;
mod scale;
mod share;
mod stage;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use p2mscope_core::machine::Policy;
use p2mscope_core::sched::{Session, Size};

pub use action::{Action, Mode, Over, Presenting, Side};
pub use beside::Other;
pub use command::{Command, FIXED, TABLE};
pub use course::{Course, Home, Learn, Met, Standing};
pub use explore::{Explore, Found, Heard, News, Progress, Question, Report};
pub use judge::{Answer, Counterexample, Judging, Ruled, Saying, Word};
pub use kept::Kept;
pub use keys::Keys;
pub use live::{COMPARED, Live, Order, RECORDED, Seen, Summary, Wish};
pub use palette::{Offer, policy_in_words};
pub use panels::{Face, Panels, Sandbox, WaitsFace};
pub use pick::Picked;
pub use predict::{Asked, Predict, Predicting, Told};
pub use scale::{Dot, Inquiry, Said, Scale, Settings};
pub use stage::{Stage, Turn};

use crate::moment::Moment;

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
    /// The sheet that lies over the page.
    pub over: Option<Over>,
    /// The presenter's view, while it is on.
    pub presenting: Option<Presenting>,
    /// The id of the panel that a picture is to be taken of; empty for the whole view.
    pub pictured: String,
    /// How often the user has wanted to print.
    pub prints: u32,
    /// Whether the page is being printed.
    pub printing: bool,
    /// What stands below the waits.
    pub side: Side,
    /// The faces of panels that have several.
    pub panels: Panels,
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
    /// What the browser keeps for the user from visit to visit.
    pub kept: Kept,
    /// The lesson as something to be learnt.
    pub course: Course,
    /// A repair under judgement.
    pub judging: Judging,
    /// The question before a step.
    pub predict: Predict,
    /// What that policy makes of it.
    pub other: Option<Rc<Other>>,
}

impl State {
    /// The page as it opens: the first lesson, at its first state.
    pub fn open(kept: Kept) -> Self {
        let mut state = Self { kept, ..Self::of(Stage::open(0)) };
        state.visit(Home::built_in(0));
        state.look();
        state
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
            over: None,
            presenting: None,
            pictured: String::new(),
            prints: 0,
            printing: false,
            side: Side::default(),
            panels: Panels::default(),
            notice: None,
            explore: Explore::default(),
            live: Live::default(),
            scale: Scale::default().of_another(first),
            kept: Kept::default(),
            course: Course::of(Home::built_in(0)),
            judging: Judging::default(),
            predict: Predict::default(),
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
}

impl PartialEq for State {
    /// Every action makes a state of its own.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
