//! What can happen to the page, and the choices that it offers.

use p2mscope_core::addr::ActorId;
use p2mscope_core::machine::Policy;
use p2mscope_core::sched::Size;

use super::{Command, Heard, Keys, Learn, Offer, Picked, Predicting, Said, Seen, Settings, Turn, Wish};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The frames and who holds them.
    #[default]
    Frames,
    /// The rules, what is counted of actors, and the deadlocks that could be.
    Watchers,
}

/// What the presenter's view shows beside the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Presenting {
    /// The answer; else the graph and the table.
    pub answer: bool,
    /// The ranges in their place.
    pub ranges: bool,
}

/// What lies over the page; one sheet at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The list of keys.
    Keys,
    /// The commands by name.
    Palette,
    /// The report for engineers.
    Report,
    /// What can be handed out.
    Share,
    /// A picture to take away.
    Picture,
    /// The lessons in their order.
    Lessons,
    /// The result code, and those of others.
    Results,
    /// Words and what they mean.
    Glossary,
}

/// What can happen to the page.
#[derive(Clone)]
pub enum Action {
    /// A command, whatever it means now.
    Do(Command),
    /// A line of the palette.
    Choose(Box<Offer>),
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
    /// A sheet over the page, or none.
    Over(Option<Over>),
    /// Something else below the waits.
    Side(Side),
    /// To a step of a run of the session, by its number there.
    Seen {
        /// Which run.
        run: usize,
        /// Which step of it.
        step: usize,
    },
    /// Open what this link says.
    Link(String),
    /// Begin to explore.
    Explore,
    /// Have the next search leave out steps that others stand for, or not.
    Reduced(bool),
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
    /// Dark, or light.
    Dark(bool),
    /// Larger letters, or not.
    Large(bool),
    /// The presenter's view, or not.
    Present(bool),
    /// What the presenter's view shows.
    Presenter(Presenting),
    /// A picture of the panel of this id; without one, of the whole view.
    Picture(String),
    /// The user wants to print.
    Print,
    /// The browser begins to print, or has ended.
    Printing(bool),
    /// Other keys for the commands.
    Keys(Keys),
    /// What belongs to learning a lesson.
    Learn(Learn),
    /// What belongs to predictions.
    Predict(Predicting),
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
