//! What each action makes of the state.

use std::rc::Rc;

use p2mscope_core::sched::Size;
use yew::Reducible;

use super::{Action, Explore, Home, Mode, Over, Panels, Picked, Presenting, Stage, State, Turn};

impl State {
    pub(super) fn act(&mut self, action: Action) {
        self.notice = None;
        let Some(action) = self.ask_before(action) else { return self.look() };
        let loads = Self::loads(&action);
        match action {
            Action::Do(command) => {
                if let Some(action) = self.meaning(command) {
                    self.act(action);
                }
                return;
            }
            Action::Choose(offer) => {
                self.over = None;
                match offer.why_not {
                    Some(why) => self.notice = Some(why),
                    None => self.act(offer.action),
                }
                return;
            }
            Action::Lesson(n) => self.visit(Home::built_in(n)),
            Action::Text(text) => self.typed(text),
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
            // The one that is compared with becomes the current one, and the other way round.
            Action::At(fork, step) => {
                let was = self.moment.as_ref().and_then(|it| it.timeline.forks.iter().find(|fork| fork.current));
                if let Some(was) = was.filter(|was| self.picked.against == Some(fork) && was.index != fork) {
                    self.picked.against = Some(was.index);
                }
                self.move_by(|stage, _, _| stage.select_fork(fork).and_then(|()| stage.seek(step)));
            }
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
            Action::Over(over) => self.over = over,
            Action::Dark(dark) => self.kept.dark = Some(dark),
            Action::Large(large) => self.kept.large = large,
            Action::Present(on) => self.presenting = on.then(Presenting::default),
            Action::Presenter(presenting) => self.presenting = Some(presenting),
            Action::Picture(what) => (self.pictured, self.over) = (what, Some(Over::Picture)),
            Action::Print => self.prints += 1,
            Action::Printing(printing) => self.printing = printing,
            Action::Keys(keys) => self.kept.keys = keys,
            Action::Side(side) => self.side = side,
            Action::Face(face) => self.panels.turn(face),
            Action::Name(fork, name) => self.stage.name_fork(fork, name),
            Action::Seen { run, step } => self.move_by(|stage, _, _| stage.go_to(run, step)),
            Action::Link(letters) => self.open_link(&letters),
            Action::Explore => {
                self.mode = Mode::Explore;
                self.judging.forget();
                self.explore.begin(self.stage.question());
            }
            Action::Reduced(reduced) => self.explore.reduced = reduced,
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
            Action::Learn(what) => self.learn(what),
            Action::Predict(what) => self.predicting(what),
        }
        self.course.loaded |= loads;
        self.look();
        self.note_reached();
    }

    /// A step by hand; it ends playing.
    fn move_by(&mut self, step: impl FnOnce(&mut Stage, Size, Turn) -> Result<(), String>) {
        self.playing = false;
        self.predict.forget();
        if self.mode == Mode::Live {
            self.mode = Mode::Step;
        }
        self.notice = step(&mut self.stage, self.size, self.turn).err();
    }

    /// Another run from its first state; what was picked may not be in it.
    pub(super) fn restart(&mut self, change: impl FnOnce(&mut Stage)) {
        change(&mut self.stage);
        self.playing = false;
        self.picked = Picked::default();
        self.course.loaded = false;
        self.predict.forget();
        self.judging.forget();
        self.panels = Panels { waits: self.panels.waits, ..Panels::default() };
        self.explore.stop();
        self.explore = Explore { reduced: self.explore.reduced, ..Explore::default() };
        self.live = self.live.without_threads();
        self.scale = self.scale.of_another(self.stage.first_vcpu());
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
