//! The page's commands: what each is called, the keys that it has at first, what it does now, and why it cannot be done.
//! From this one table come the list of keys, the palette, and what buttons say of their keys.

use p2mscope_core::addr::ActorId;
use p2mscope_core::sched::Size;
use p2mscope_core::view;

use super::{Action, Keys, Learn, Mode, Over, Picked, Predicting, Presenting, Side, State, Turn, Wish};
use crate::moment::Moment;

/// What can be asked of the page by a key or by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Play, or stop playing.
    Play,
    /// A step.
    Step,
    /// A step back.
    Back,
    /// To the first state.
    First,
    /// To the last one.
    Last,
    /// A step of that actor, counted from 0.
    Actor(u8),
    /// That actor goes on until it waits or ends.
    UntilBlocked(u8),
    /// From a waiting actor to the one that it waits for.
    ToOwner,
    /// From an actor to the one that waits for it.
    ToBlocked,
    /// Back to stepping.
    Stepping,
    /// The explorer, and in it: begin.
    Explore,
    /// Live, and in it: begin or freeze.
    Live,
    /// Virtual time.
    Scale,
    /// The lesson's text, or not.
    Edit,
    /// What the watchers say, or the frames.
    Watchers,
    /// The rings and TLBs, or the frames.
    Devices,
    /// The 2 MB around the picked page from near, or all ranges.
    Near,
    /// What came before and after this step, shaded on the timeline, or not.
    Shade,
    /// The report for engineers.
    Report,
    /// What can be handed out.
    Share,
    /// A picture to take away.
    Picture,
    /// On paper.
    Print,
    /// The presenter's view, or not.
    Present,
    /// In it, the answer, or not.
    Answer,
    /// In it, the ranges or the graph and the table.
    Swap,
    /// Larger letters, or not.
    Large,
    /// The lessons in their order.
    Lessons,
    /// Words and what they mean.
    Glossary,
    /// Steps wait for predictions, or not.
    Predict,
    /// One more hint.
    Hint,
    /// The model schedule.
    ModelAnswer,
    /// The text as it is, to be judged.
    Judge,
    /// The result code.
    Results,
    /// How far a step goes.
    Size(Size),
    /// Who goes next when nobody is named.
    Turn(Turn),
    /// Dark, or light.
    Dark(bool),
    /// The commands by name.
    Palette,
    /// The list of keys.
    Help,
    /// Close what lies over the page, and back to stepping.
    Escape,
}

/// A command that has a name of its own, and can be given a key.
pub struct Row {
    /// The command.
    pub command: Command,
    /// What it is called where its key is kept; never changed.
    pub id: &'static str,
    /// The keys that it has unless the user gives it another one, as browsers name keys.
    pub keys: &'static [&'static str],
    /// What it does, in words.
    pub name: &'static str,
}

const fn row(command: Command, id: &'static str, keys: &'static [&'static str], name: &'static str) -> Row {
    Row { command, id, keys, name }
}

/// Every command that can be given a key.
pub const TABLE: [Row; 41] = [
    row(Command::Step, "step", &["ArrowRight", "ArrowDown"], "Step"),
    row(Command::Back, "back", &["ArrowLeft", "ArrowUp"], "Step back"),
    row(Command::First, "first", &["Home"], "First state"),
    row(Command::Last, "last", &["End"], "Last state"),
    row(Command::Play, "play", &[" "], "Play or pause"),
    row(Command::ToOwner, "to-owner", &["["], "From a waiting actor to the one it waits for"),
    row(Command::ToBlocked, "to-blocked", &["]"], "From an actor to one that waits for it"),
    row(Command::Explore, "explore", &["e"], "Explore every order of steps"),
    row(Command::Live, "live", &["l"], "Run live, on real threads"),
    row(Command::Scale, "scale", &[], "Scale: more processors, in virtual time"),
    row(Command::Stepping, "stepping", &[], "Back to stepping"),
    row(Command::Watchers, "watchers", &["w"], "Rules, counters and possible deadlocks, or the frames"),
    row(Command::Devices, "devices", &["d"], "Rings and TLBs, or the frames"),
    row(Command::Near, "near", &["z"], "A range from near, or all ranges"),
    row(Command::Shade, "shade", &["o"], "Shade the steps that came before and after this one, or not"),
    row(Command::Report, "report", &["r"], "Report of what is wrong"),
    row(Command::Edit, "edit", &["t"], "Edit the lesson's text"),
    row(Command::Share, "share", &["s"], "Share: a link, a file, a trace"),
    row(Command::Picture, "picture", &["i"], "Picture: SVG or PNG"),
    row(Command::Print, "print", &[], "Print this state"),
    row(Command::Present, "present", &["p"], "Presenter's view, or leave it"),
    row(Command::Answer, "answer", &["b"], "Presenter: show the answer, or hide it"),
    row(Command::Swap, "swap", &["v"], "Presenter: ranges, or graph and table"),
    row(Command::Large, "large", &[], "Large type, or normal"),
    row(Command::Lessons, "lessons", &["c"], "Lessons in their order"),
    row(Command::Predict, "predict", &["q"], "Predict before it is shown, or not"),
    row(Command::Hint, "hint", &[], "A hint"),
    row(Command::ModelAnswer, "model-answer", &[], "Model answer: how it breaks"),
    row(Command::Judge, "judge", &[], "Judge my repair"),
    row(Command::Results, "results", &[], "Result code"),
    row(Command::Glossary, "glossary", &["g"], "Glossary: words and what they mean"),
    row(Command::Size(Size::Effect), "effect", &[], "Steps of one effect"),
    row(Command::Size(Size::LockEvent), "lock-event", &[], "Steps to the next lock event"),
    row(Command::Size(Size::Statement), "statement", &[], "Steps of one statement"),
    row(Command::Turn(Turn::Round), "in-turn", &[], "Next goes: each in turn"),
    row(Command::Turn(Turn::Chance), "by-chance", &[], "Next goes: by chance"),
    row(Command::Dark(false), "light", &[], "Light theme"),
    row(Command::Dark(true), "dark", &[], "Dark theme"),
    row(Command::Palette, "palette", &[":"], "Every command by name"),
    row(Command::Help, "help", &["?"], "Keys"),
    row(Command::Escape, "escape", &["Escape"], "Close; leave the presenter's view, edit, explore or live"),
];

/// Keys that cannot be given to another command.
pub const FIXED: [(&str, &str); 4] = [
    ("1 .. 9", "Step that actor"),
    ("shift 1 .. 9", "Run that actor until it waits or ends"),
    ("ctrl K", "Every command by name"),
    ("PageDown . PageUp", "Presenter: step, step, step back, as clickers do"),
];

impl Command {
    /// Its row of the table; none for an actor's.
    pub fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.command == self)
    }

    /// Whether it is heard while a sheet lies over the page: there, keys are the sheet's.
    pub fn is_of_sheets(self) -> bool {
        matches!(
            self,
            Self::Escape | Self::Help | Self::Palette | Self::Share | Self::Report | Self::Lessons | Self::Glossary
        )
    }
}

impl State {
    /// What a command means now; none where it means nothing.
    pub(super) fn meaning(&self, command: Command) -> Option<Action> {
        Some(match command {
            Command::Play if self.predict.told.as_ref().is_some_and(|told| told.playing) => {
                Action::Predict(Predicting::PlayOn)
            }
            Command::Play => Action::Play(!self.playing),
            Command::Step => Action::Step,
            Command::Back => Action::Back,
            Command::First => Action::First,
            Command::Last => Action::Last,
            Command::Actor(n) if self.predict.asked.is_some() => Action::Predict(Predicting::Answer(usize::from(n))),
            Command::Actor(n) => Action::Actor(ActorId(n)),
            Command::UntilBlocked(n) => Action::UntilBlocked(ActorId(n)),
            Command::ToOwner => Action::Pick(self.picked.to_owner(self.moment.as_deref()?)?),
            Command::ToBlocked => Action::Pick(self.picked.to_blocked(self.moment.as_deref()?)?),
            Command::Stepping => Action::Mode(Mode::Step),
            Command::Explore if self.mode == Mode::Explore => Action::Explore,
            Command::Explore => Action::Mode(Mode::Explore),
            Command::Live if self.mode == Mode::Live && self.live.is_running() => Action::Live(Wish::Freeze),
            Command::Live if self.mode == Mode::Live => Action::Live(Wish::Run),
            Command::Live => Action::Mode(Mode::Live),
            Command::Scale => Action::Mode(Mode::Scale),
            Command::Edit => Action::Edit(!self.editing),
            Command::Watchers if self.side == Side::Watchers => Action::Side(Side::Frames),
            Command::Watchers => Action::Side(Side::Watchers),
            Command::Devices if self.side == Side::Devices => Action::Side(Side::Frames),
            Command::Devices => Action::Side(Side::Devices),
            Command::Near => Action::Pick(Picked { near: !self.picked.near, ..self.picked }),
            Command::Shade => Action::Pick(Picked { shade: !self.picked.shade, ..self.picked }),
            Command::Report => self.turn_over(Over::Report),
            Command::Share => self.turn_over(Over::Share),
            Command::Picture if self.over == Some(Over::Picture) => Action::Over(None),
            Command::Picture => Action::Picture(String::new()),
            Command::Print => Action::Print,
            Command::Present => Action::Present(self.presenting.is_none()),
            Command::Answer => Action::Presenter(Presenting { answer: !self.presenting?.answer, ..self.presenting? }),
            Command::Swap => Action::Presenter(Presenting { ranges: !self.presenting?.ranges, ..self.presenting? }),
            Command::Large => Action::Large(!self.kept.large),
            Command::Lessons => self.turn_over(Over::Lessons),
            Command::Glossary => self.turn_over(Over::Glossary),
            Command::Results => self.turn_over(Over::Results),
            Command::Predict => Action::Predict(Predicting::On(!self.kept.predict)),
            Command::Hint => Action::Learn(Learn::Hint),
            Command::ModelAnswer => Action::Learn(Learn::ModelAnswer { play: false }),
            Command::Judge => Action::Learn(Learn::Judge),
            Command::Size(size) => Action::Size(size),
            Command::Turn(turn) => Action::Turn(turn),
            Command::Dark(dark) => Action::Dark(dark),
            Command::Palette => self.turn_over(Over::Palette),
            Command::Help => self.turn_over(Over::Keys),
            Command::Escape if self.over.is_some() => Action::Over(None),
            Command::Escape if self.predict.asked.is_some() => Action::Predict(Predicting::Skip),
            Command::Escape if self.presenting.is_some() => Action::Present(false),
            Command::Escape if self.editing => Action::Edit(false),
            Command::Escape => Action::Mode(Mode::Step),
        })
    }

    /// Lays this sheet over the page, or takes it away.
    fn turn_over(&self, over: Over) -> Action {
        Action::Over((self.over != Some(over)).then_some(over))
    }

    /// Why a command cannot be done now, in one sentence; none if it can.
    pub fn why_not(&self, command: Command) -> Option<String> {
        let needs_a_run = matches!(
            command,
            Command::Play
                | Command::Step
                | Command::Back
                | Command::First
                | Command::Last
                | Command::Actor(_)
                | Command::UntilBlocked(_)
                | Command::ToOwner
                | Command::ToBlocked
                | Command::Report
                | Command::Picture
                | Command::Print
                | Command::Present
                | Command::Watchers
                | Command::Devices
                | Command::Near
                | Command::Shade
        );
        let Some(moment) = self.moment.as_deref() else {
            return needs_a_run.then(|| "There is no run until the lesson's text is free of faults.".to_owned());
        };
        let report = &moment.report;
        let why = match command {
            Command::Step | Command::Play if report.at == report.len => return nobody(moment),
            Command::Back | Command::First if report.at == 0 => "This is the first state.",
            Command::Last if report.at == report.len => "This is the last state of the branch.",
            Command::Actor(n) | Command::UntilBlocked(n) => return cannot_step(moment, n),
            Command::ToOwner if self.meaning(command).is_none() => match self.picked.actor {
                Some(actor) => return Some(format!("{} waits for nobody.", moment.name(actor.0))),
                None => "Nobody waits.",
            },
            Command::ToBlocked if self.meaning(command).is_none() => match self.picked.actor {
                Some(actor) => return Some(format!("Nobody waits for {}.", moment.name(actor.0))),
                None => "Nobody waits.",
            },
            Command::Answer | Command::Swap if self.presenting.is_none() => "Only in the presenter's view.",
            Command::Judge => return self.stage.lesson.as_ref().and_then(|lesson| lesson.no_exercise()),
            Command::Live => return self.stage.lesson.as_ref().and_then(|lesson| lesson.not_live.clone()),
            Command::Watchers | Command::Devices if self.mode == Mode::Live && self.live.is_running() => {
                "While threads run, frames and rules change too fast to be shown."
            }
            _ => return None,
        };
        Some(why.to_owned())
    }

    /// What a button that does this says of itself: its name, and its key in brackets.
    pub fn title(&self, command: Command) -> String {
        let name = command.row().map_or("", |row| row.name);
        match self.key_of(command) {
            Some(key) => format!("{name} ({key})"),
            None => name.to_owned(),
        }
    }

    /// The key that a command has now, as it is shown.
    pub fn key_of(&self, command: Command) -> Option<String> {
        let keys = &self.kept.keys;
        keys.of(command.row()?).first().filter(|key| keys.hears(key)).map(|key| Keys::shown(key))
    }
}

/// Why nobody can step; none if somebody can.
fn nobody(moment: &Moment) -> Option<String> {
    let can = |actor: &view::ActorView| actor.next.as_ref().is_some_and(|next| next.ways > 0);
    if moment.actors.iter().any(can) {
        return None;
    }
    Some(match moment.report.blocked.first() {
        None => "All programs have ended.".to_owned(),
        Some(why) => format!("Nobody can step. {why}"),
    })
}

/// Why this actor cannot step; none if it can.
fn cannot_step(moment: &Moment, actor: u8) -> Option<String> {
    match moment.actor(actor) {
        None => Some(format!("There is no actor {}; this lesson has {}.", u32::from(actor) + 1, moment.actors.len())),
        Some(actor) if actor.state == view::State::Runs => None,
        Some(actor) => Some(actor.why.clone().unwrap_or_else(|| format!("{} has ended.", actor.name))),
    }
}
