//! The lesson that is open and its run: all wishes to move end here, and are met by the run or refused with a reason.

use std::cell::RefCell;
use std::rc::Rc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::judge;
use p2mscope_core::lesson::Form;
use p2mscope_core::live::Recording;
use p2mscope_core::machine::{Kind, Policy};
use p2mscope_core::sched::{Beside, Offer, Origin, Picker, Random, RoundRobin, Run, Session, Sighting, Size};
use p2mscope_core::view;

use super::explore::{Found, Question};
use super::pick::Picked;
use crate::lessons;
use crate::moment::Moment;
use crate::program::{self, Fault, Lesson, Program};

/// The most letters of a branch's name.
const LONGEST_NAME: usize = 40;

/// Who goes next when nobody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// Each in turn.
    #[default]
    Round,
    /// By chance; the same each time from the same position.
    Chance,
}

/// The lesson and its run. A text with faults leaves the run of the last good one standing.
#[derive(Clone)]
pub struct Stage {
    /// Which of the built-in lessons this is; none once its text was changed.
    pub built_in: Option<usize>,
    /// The lesson's text, good or not.
    pub text: Rc<str>,
    /// What is wrong with the text.
    pub faults: Rc<[Fault]>,
    /// What the last good text says.
    pub lesson: Option<Rc<Lesson>>,
    /// The version of the programs.
    pub version: String,
    /// The lock policy.
    pub policy: Policy,
    run: Option<Rc<RefCell<Run<Program>>>>,
    /// In which orders locks were asked for, on all branches and in searches of this program under this policy.
    session: Rc<RefCell<Session>>,
}

impl Stage {
    /// A built-in lesson at its first state, as it is meant to be opened.
    pub fn open(lesson: usize) -> Self {
        Self::of_text(lessons::ALL[lesson].text, "", "")
    }

    /// A text at its first state. Without a version of that name its first is taken, without such a policy its own.
    pub(super) fn of_text(text: &str, version: &str, policy: &str) -> Self {
        let mut stage = Self {
            built_in: lessons::ALL.iter().position(|lesson| lesson.text == text),
            text: text.into(),
            faults: Rc::new([]),
            lesson: None,
            version: version.to_owned(),
            policy: Policy::default(),
            run: None,
            session: Rc::default(),
        };
        stage.begin(Policy::from_name(policy));
        stage
    }

    /// The run and its lesson, while there is a run.
    pub(super) fn running(&self) -> Option<(&RefCell<Run<Program>>, &Lesson)> {
        Some((self.run.as_deref()?, self.lesson.as_deref()?))
    }

    /// The same with a run of its own, so that stepping it leaves this one where it is.
    pub(super) fn apart(&self) -> Self {
        let run = self.run.as_ref().map(|run| Rc::new(RefCell::new(run.borrow().clone())));
        Self { run, ..self.clone() }
    }

    /// Another version of the programs under another policy, at the first state; as it is if it is this one already.
    pub(super) fn restage(&mut self, version: &str, policy: Policy) {
        if (self.version.as_str(), self.policy) != (version, policy) {
            self.version = version.to_owned();
            self.begin(Some(policy));
        }
        if let Some(run) = &self.run {
            run.borrow_mut().seek(0);
        }
    }

    /// Another text: its run begins at the top, or its faults are told.
    pub fn set_text(&mut self, text: String) {
        self.built_in = lessons::ALL.iter().position(|lesson| lesson.text == text);
        self.text = text.into();
        self.begin(Some(self.policy));
    }

    /// Another version of the programs.
    pub fn set_version(&mut self, version: String) {
        self.version = version;
        self.begin(Some(self.policy));
    }

    /// Another lock policy.
    pub fn set_policy(&mut self, policy: Policy) {
        self.begin(Some(policy));
    }

    fn begin(&mut self, policy: Option<Policy>) {
        match program::open(&self.text, &self.version, policy, None) {
            Ok(opened) => {
                self.version = opened.version;
                self.policy = opened.policy;
                self.lesson = Some(Rc::new(opened.lesson));
                self.run = Some(Rc::new(RefCell::new(Run::new(opened.sim))));
                self.session = Rc::default();
                self.faults = Rc::new([]);
            }
            Err(faults) => self.faults = faults.into(),
        }
    }

    /// The first vCPU of the lesson, else its first actor.
    pub fn first_vcpu(&self) -> usize {
        let run = self.run.as_ref().map(|run| run.borrow());
        let actors = run.as_ref().map(|run| run.world().actors.iter());
        actors.and_then(|mut all| all.position(|a| a.kind == Kind::Vcpu)).unwrap_or(0)
    }

    /// What a search or live run of this lesson is to be about.
    pub fn question(&self) -> Question {
        let expects = self.lesson.as_ref().and_then(|lesson| lesson.finds);
        Question {
            text: self.text.clone(),
            version: self.version.clone(),
            policy: self.policy,
            find: expects,
            reduced: false,
        }
    }

    /// The views of where the run stands.
    pub fn moment(&self, picked: &Picked) -> Option<Moment> {
        let mut run = self.run.as_ref()?.borrow_mut();
        self.session.borrow_mut().note(&run);
        Some(Moment::of(&mut run, picked, &self.session.borrow()))
    }

    /// Takes over in which orders a search has seen locks asked for.
    pub fn learn(&mut self, met: &[Sighting]) {
        self.session.borrow_mut().learn(met);
    }

    /// To a step of a run of the session. One that a search has met is stepped here, and is a branch from then on.
    pub fn go_to(&mut self, run: usize, step: usize) -> Result<(), String> {
        let origin = self.session.borrow().origin(run).cloned();
        match origin {
            None => Err("There is no such run any more.".to_owned()),
            Some(Origin::Branch(fork)) => self.run(|run| {
                run.select_fork(fork);
                run.seek(step);
                Ok(())
            }),
            Some(Origin::Steps(steps)) => self.run(|run| match run.retrace(&steps) {
                taken if taken == steps.len() => Ok(()),
                taken => Err(format!("Step {} of that run cannot be taken here.", taken + 1)),
            }),
        }
    }

    /// The run to where it stands, as a schedule's text.
    pub fn schedule(&self) -> Option<String> {
        Some(self.run.as_ref()?.borrow().schedule())
    }

    /// The branch as a trace for trace viewers: JSON.
    pub fn trace(&self) -> Option<String> {
        let (run, lesson) = self.running()?;
        Some(view::trace(&mut run.borrow_mut(), &lesson.id).to_string())
    }

    fn run<R>(&mut self, what: impl FnOnce(&mut Run<Program>) -> Result<R, String>) -> Result<R, String> {
        match &self.run {
            Some(run) => what(&mut run.borrow_mut()),
            None => Err("There is no lesson to step through until its text is free of faults.".to_owned()),
        }
    }

    /// The noted step, or at the end of the branch one of whoever's turn it is.
    pub fn step(&mut self, size: Size, turn: Turn) -> Result<(), String> {
        self.run(|run| {
            if run.forward(size) {
                return Ok(());
            }
            let enabled = run.enabled();
            if enabled.is_empty() {
                return Err(nobody(run));
            }
            let offer = Offer { enabled: &enabled, past: run.past() };
            let picked = match turn {
                Turn::Round => RoundRobin.pick(&offer),
                Turn::Chance => Random::new(run.hash()).pick(&offer),
            };
            let Some((actor, choice)) = picked else { return Err(nobody(run)) };
            // The world's choice is made by the first effect; the rest of the step has none.
            if choice > 0 {
                return run.take(actor, choice).map_err(|_| nobody(run));
            }
            run.step(actor, size).map(drop).map_err(|_| nobody(run))
        })
    }

    /// A step back.
    pub fn back(&mut self, size: Size) -> Result<(), String> {
        self.run(|run| {
            run.back(size);
            Ok(())
        })
    }

    /// To a position, or to the branch's end if that comes first.
    pub fn seek(&mut self, k: usize) -> Result<(), String> {
        self.run(|run| {
            run.seek(k);
            Ok(())
        })
    }

    /// Another branch.
    pub fn select_fork(&mut self, i: usize) -> Result<(), String> {
        self.run(|run| {
            run.select_fork(i);
            Ok(())
        })
    }

    /// Gives a branch another name; without letters it keeps the one that it has.
    pub fn name_fork(&mut self, i: usize, name: String) {
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        if let Some(run) = self.run.as_ref().filter(|_| !name.is_empty()) {
            run.borrow_mut().rename_fork(i, name);
        }
    }

    /// A step of this actor, or why it cannot.
    pub fn step_actor(&mut self, actor: ActorId, size: Size) -> Result<(), String> {
        self.run(|run| run.step(actor, size).map(drop).map_err(|_| refused(run, actor)))
    }

    /// This actor goes on until it waits or ends, or why it cannot.
    pub fn until_blocked(&mut self, actor: ActorId) -> Result<(), String> {
        self.run(|run| run.until_blocked(actor).map(drop).map_err(|_| refused(run, actor)))
    }

    /// Takes the steps of a recorded live run, from the first state of the loops that it ran; then stands at the first state
    /// again. Another version, policy or text leads back to the programs.
    pub fn load_recording(&mut self, question: &Question, recording: &Recording) -> Result<(), String> {
        let (text, policy) = (&question.text, Some(question.policy));
        let opened = program::open_as(text, &question.version, Form::Loop, policy, None);
        let opened = opened.map_err(|faults| faults.first().map_or(String::new(), ToString::to_string))?;
        let mut run = Run::new(opened.staged.sim_of(recording, judge::watched()));
        let taken = run.retrace(&recording.steps);
        run.seek(0);
        self.version = opened.version;
        self.policy = opened.policy;
        self.lesson = Some(Rc::new(opened.lesson));
        self.run = Some(Rc::new(RefCell::new(run)));
        match taken == recording.steps.len() {
            true => Ok(()),
            false => Err(format!("Step {} of the recording cannot be taken again.", taken + 1)),
        }
    }

    /// What another policy makes of the steps so far.
    pub fn beside(&self, policy: Policy) -> Option<Beside<Program>> {
        let mut run = self.run.as_ref()?.borrow_mut();
        let form = if run.sim().rounds().is_empty() { Form::Once } else { Form::Loop };
        let opened = program::open_as(&self.text, &self.version, form, Some(policy), None).ok()?;
        let other = Run::new(opened.staged.sim_with(run.sim().rounds().to_vec(), judge::watched()));
        Some(Beside::new(&mut run, other))
    }

    /// Takes the steps of a finding from the first state on; then stands at the first state again, or at the end.
    pub fn load(&mut self, found: &Found, play: bool) -> Result<(), String> {
        self.run(|run| {
            run.seek(0);
            for (i, &(actor, choice)) in found.steps.iter().enumerate() {
                let taken = run.take(ActorId(actor), choice);
                taken.map_err(|_| format!("Step {} of the finding cannot be taken here.", i + 1))?;
            }
            if play {
                run.seek(0);
            }
            Ok(())
        })
    }
}

/// Why nobody can step.
fn nobody(run: &mut Run<Program>) -> String {
    let report = view::report(run);
    match report.blocked.first() {
        None => "All programs have ended. Go back, or begin again.".to_owned(),
        Some(why) => format!("Nobody can step. {why}"),
    }
}

/// Why this actor cannot step.
fn refused(run: &mut Run<Program>, actor: ActorId) -> String {
    let actors = view::actors(run);
    match actors.get(usize::from(actor.0)) {
        None => format!("There is no actor {}; this lesson has {}.", actor.0 + 1, actors.len()),
        Some(actor) => actor.why.clone().unwrap_or_else(|| format!("{} has ended.", actor.name)),
    }
}
