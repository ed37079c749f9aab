//! The lesson as something to be learnt: what it asks for and whether that is reached, its hints and model answer, the
//! learner's changes to its text, and lessons of one's own.
//!
//! A text on the stage is always some lesson's: a built-in one's, or one of the user's own, by its id. What is typed is kept
//! under that id, beside the lesson as it was; so whoever comes back finds it, and the lesson as it was can be had again. A
//! text that takes another's place under the same id leaves that one to be brought back.

use std::rc::Rc;

use p2mscope_core::addr::ActorId;
use p2mscope_core::lesson::{Results, ResultsError};
use p2mscope_core::machine::Policy;
use p2mscope_core::script::MAX_BYTES;
use p2mscope_core::watch::Rule;

use super::judge::{Answer, Counterexample, Word};
use super::stage::Stage;
use super::{Action, Mode, State};
use crate::lessons::{self, id_in};

/// A lesson to begin one's own from.
pub const TEMPLATE: &str = include_str!("template.toml");

/// What can happen to the lesson that is learnt.
#[derive(Clone)]
pub enum Learn {
    /// A lesson's whole text has been dropped or opened.
    Open(String),
    /// One of the user's own lessons, by its id.
    Own(String),
    /// That lesson is kept no longer.
    Forget(String),
    /// A lesson of one's own, from the template.
    New,
    /// Back to the text as the lesson's author has it.
    Original,
    /// Bring back the text that another one has taken the place of.
    Former,
    /// The same run from its first state, without its branches.
    Afresh,
    /// One more hint.
    Hint,
    /// The model schedule, played; or at its end at once where nothing may move.
    ModelAnswer {
        /// Whether things may move.
        play: bool,
    },
    /// The text as it is, to be judged.
    Judge,
    /// No longer.
    StopJudging,
    /// What is heard of that.
    Judged(Word),
    /// The shortest way in which the judged text fails, in the same two ways.
    Counterexample {
        /// Whether things may move.
        play: bool,
    },
    /// The name on the result code.
    Name(String),
    /// A result code, to be read.
    Read(String),
}

/// Whose text stands on the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The lesson's id.
    pub id: String,
    /// Its place among the built-in ones; none for one's own.
    pub built_in: Option<usize>,
    /// Its text as the author has it.
    pub original: Rc<str>,
}

impl Home {
    /// A built-in lesson.
    pub fn built_in(n: usize) -> Self {
        let lesson = &lessons::ALL[n];
        Self { id: lesson.id.clone(), built_in: Some(n), original: lesson.text.into() }
    }
}

/// Of the lesson that is learnt, what no run says.
#[derive(Clone)]
pub struct Course {
    /// Whose text it is.
    pub home: Home,
    /// How many hints have been given.
    pub hints: usize,
    /// Whether steps of the run were loaded: they are not the learner's own.
    pub loaded: bool,
    /// A text that another one has taken the place of.
    pub former: Option<Rc<str>>,
    /// What a pasted result code says.
    pub read: Option<Result<Results, ResultsError>>,
}

impl Course {
    /// At the beginning of a lesson.
    pub(super) fn of(home: Home) -> Self {
        Self { home, hints: 0, loaded: false, former: None, read: None }
    }
}

/// A breach that the lesson names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// Which.
    pub rule: Rule,
    /// The step that reached it, and why it is one; none: not yet.
    pub step: Option<(usize, String)>,
}

/// Where the run stands towards what the lesson says can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The breaches that the lesson names, the one that matters last.
    pub rules: Vec<Met>,
    /// Whether the one that matters is reached.
    pub reached: bool,
    /// Whether that was by steps of the learner's own.
    pub own: bool,
}

impl State {
    /// Where the run stands; none where the lesson says that nothing breaks in this version under this policy.
    pub fn standing(&self) -> Option<Standing> {
        let goals = &self.stage.lesson.as_ref()?.goals;
        let broken = &self.moment.as_ref()?.report.broken;
        let met = |rule: Rule| {
            let breach = broken.iter().find(|breach| breach.rule == rule.name())?;
            Some((breach.step, breach.why.clone()))
        };
        let rules: Vec<_> = goals.iter().map(|goal| Met { rule: goal.rule, step: met(goal.rule) }).collect();
        let reached = rules.last().is_some_and(|met| met.step.is_some());
        (!rules.is_empty()).then_some(Standing { rules, reached, own: !self.course.loaded })
    }

    /// Whether the text on the stage is not as its author has it.
    pub fn is_edited(&self) -> bool {
        *self.stage.text != *self.course.home.original
    }

    /// Notes what the learner has reached.
    pub(super) fn note_reached(&mut self) {
        let Home { id, built_in, .. } = &self.course.home;
        if self.mode != Mode::Step || built_in.is_none() || self.is_edited() {
            return;
        }
        if !self.kept.results.reached.contains(id) && self.standing().is_some_and(|it| it.reached && it.own) {
            self.kept.results.reached.insert(id.clone());
        }
    }

    pub(super) fn learn(&mut self, what: Learn) {
        match what {
            Learn::Open(text) => self.open_text(text),
            Learn::Own(id) => {
                if let Some(original) = self.kept.own.get(&id) {
                    self.visit(Home { original: original.as_str().into(), id, built_in: None });
                }
            }
            Learn::Forget(id) => {
                self.kept.own.remove(&id);
                self.kept.edits.remove(&id);
            }
            Learn::New => {
                let free = |id: &String| !self.kept.own.contains_key(id);
                let id = (1..).map(|n| if n == 1 { "mine".into() } else { format!("mine-{n}") }).find(free);
                let id = id.unwrap_or_default();
                self.open_text(TEMPLATE.replacen("id = \"mine\"", &format!("id = \"{id}\""), 1));
                self.editing = true;
            }
            Learn::Original => {
                let text = self.course.home.original.to_string();
                let former = self.stage.text.clone();
                self.typed(text);
                self.course.former = Some(former);
            }
            Learn::Former => {
                let Some(text) = self.course.former.take() else { return };
                let former = self.stage.text.clone();
                self.typed(text.to_string());
                self.course.former = Some(former);
            }
            Learn::Afresh => {
                let version = self.stage.version.clone();
                self.restart(|stage| stage.set_version(version));
            }
            Learn::Hint => {
                let hints = self.stage.lesson.as_ref().map_or(0, |lesson| lesson.hints.len());
                self.course.hints = (self.course.hints + 1).min(hints);
            }
            Learn::ModelAnswer { play } => {
                self.restart(|_| {});
                let loaded = self.stage.load_model_answer(play);
                self.show_loaded(loaded, play);
            }
            Learn::Judge => {
                self.explore.stop();
                let (lesson, text) = (self.course.home.original.clone(), self.stage.text.clone());
                self.judging.begin(Answer { lesson, text });
            }
            Learn::StopJudging => self.judging.forget(),
            Learn::Judged(word) => {
                if self.judging.hear(word) && self.course.home.built_in.is_some() {
                    self.kept.results.repaired.insert(self.course.home.id.clone());
                }
            }
            Learn::Counterexample { play } => {
                let Some(ruled) = self.judging.ruled.clone() else { return };
                let Some(counterexample) = &ruled.counterexample else { return };
                let judging = self.judging.clone();
                self.restart(|_| {});
                self.judging = judging;
                let loaded = self.stage.load_counterexample(counterexample, play);
                self.show_loaded(loaded, play);
            }
            Learn::Name(name) => self.kept.results.name = name.chars().take(p2mscope_core::lesson::NAME).collect(),
            Learn::Read(code) => self.course.read = (!code.trim().is_empty()).then(|| Results::read(&code)),
        }
    }

    /// Shows steps that were loaded, up to the last of them.
    fn show_loaded(&mut self, loaded: Result<usize, String>, play: bool) {
        self.course.loaded = true;
        match loaded {
            Ok(until) => (self.mode, self.playing, self.until) = (Mode::Step, play, Some(until)),
            Err(why) => self.notice = Some(why),
        }
    }

    /// Goes to a lesson, with what the user has made of it.
    pub(super) fn visit(&mut self, home: Home) {
        let edited = self.kept.edits.get(&home.id).cloned();
        self.restart(|stage| {
            *stage = Stage::of_text(&home.original, "", "");
            if let Some(text) = edited {
                stage.set_text(text);
            }
        });
        self.course = Course::of(home);
    }

    /// A lesson's whole text from elsewhere. One with faults is shown with them, beside the last run.
    fn open_text(&mut self, text: String) {
        let before = self.stage.text.clone();
        let opened = Stage::of_text(&text, "", "");
        let good = opened.faults.is_empty();
        self.restart(|stage| match good {
            true => *stage = opened,
            false => stage.set_text(text.clone()),
        });
        let id = id_in(&text).unwrap_or("untitled").to_owned();
        let home = match lessons::ALL.iter().position(|lesson| lesson.id == id) {
            Some(n) => Home::built_in(n),
            None => Home { id, built_in: None, original: text.as_str().into() },
        };
        if home.built_in.is_none() && text.len() <= MAX_BYTES {
            if let Some(edited) = self.kept.edits.remove(&home.id) {
                self.course.former = Some(edited.into());
            }
            self.kept.own.insert(home.id.clone(), text);
        }
        let former = self.course.former.take();
        self.course = Course { former, ..Course::of(home) };
        self.keep(&before);
        self.editing |= !good;
        self.over = None;
    }

    /// The text on the stage has become this, by typing or pasting.
    pub(super) fn typed(&mut self, text: String) {
        let before = self.stage.text.clone();
        let old = self.course.home.clone();
        self.restart(|stage| stage.set_text(text));
        let text = self.stage.text.clone();
        let said = self.stage.lesson.as_ref().map(|lesson| lesson.id.clone());
        let home = match (self.stage.built_in, said.filter(|_| self.stage.faults.is_empty())) {
            (Some(n), _) => Home::built_in(n),
            (None, Some(id)) if id != old.id => match lessons::ALL.iter().position(|lesson| lesson.id == id) {
                Some(n) => Home::built_in(n),
                None => {
                    let renamed = old.built_in.is_none() && without_id(&before) == without_id(&text);
                    if renamed {
                        self.kept.own.remove(&old.id);
                        self.kept.edits.remove(&old.id);
                    }
                    let original = self.kept.own.get(&id).map_or(text.clone(), |text| text.as_str().into());
                    Home { id, built_in: None, original }
                }
            },
            _ => old.clone(),
        };
        if home.id != old.id {
            self.course.home = home;
        }
        self.keep(&before);
    }

    /// Keeps the text on the stage under its lesson's id. `before`: the text that stood there until now.
    fn keep(&mut self, before: &str) {
        let (home, text) = (self.course.home.clone(), self.stage.text.clone());
        // More cannot be a lesson; the last text that could be one is kept.
        if text.len() > MAX_BYTES {
            return;
        }
        if home.built_in.is_none() {
            self.kept.own.entry(home.id.clone()).or_insert_with(|| home.original.to_string());
        }
        let kept = match text == home.original {
            true => self.kept.edits.remove(&home.id),
            false => self.kept.edits.insert(home.id, text.to_string()),
        };
        // Where it was not the text before this one, its place has been taken by something else.
        if let Some(kept) = kept.filter(|kept| kept != before && **kept != *text) {
            self.course.former = Some(kept.into());
        }
    }

    /// After a link was opened: whose text it is. Nothing is kept of it until it is changed.
    pub(super) fn at_home_of_link(&mut self) {
        let id = self.stage.lesson.as_ref().map(|lesson| lesson.id.clone()).unwrap_or_default();
        let place = self.stage.built_in.or(lessons::ALL.iter().position(|lesson| lesson.id == id));
        let home = match place {
            Some(n) => Home::built_in(n),
            None => Home { id, built_in: None, original: self.stage.text.clone() },
        };
        let stepped = self.stage.running().is_some_and(|(run, _)| !run.borrow().is_empty());
        self.course = Course { loaded: stepped, ..Course::of(home) };
    }

    /// Whether an action loads steps that are not the learner's own.
    pub(super) fn loads(action: &Action) -> bool {
        matches!(action, Action::LoadFinding { .. } | Action::StepThrough | Action::Seen { .. })
    }
}

/// A text without the line that says its id.
fn without_id(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("id = ")).collect()
}

impl Stage {
    /// Takes the steps of the model schedule: that of this version under this policy, else of the first that has one; gives how
    /// many. Then stands at the first state, to be played, or at the end.
    fn load_model_answer(&mut self, play: bool) -> Result<usize, String> {
        let Some(lesson) = self.lesson.clone() else {
            return Err("There is no lesson until its text is free of faults.".to_owned());
        };
        let all = || lesson.expects.iter().filter(|it| it.breach.is_some() && !it.schedule.is_empty());
        let here = all().rfind(|it| it.version == self.version && it.policies.contains(&self.policy));
        let there = all().find(|it| it.policies.contains(&lesson.own_policy)).or_else(|| all().next());
        let Some(answer) = here.or(there) else {
            return Err("This lesson has no model schedule.".to_owned());
        };
        let policy = [self.policy, lesson.own_policy].into_iter().find(|it| answer.policies.contains(it));
        self.restage(&answer.version, policy.or(answer.policies.first().copied()).unwrap_or_default());
        let Some((run, lesson)) = self.running() else { return Err("There is no run.".to_owned()) };
        let mut run = run.borrow_mut();
        let gone = run.go(&answer.schedule, &|actor, label| lesson.places(actor, label));
        gone.map_err(|why| format!("The model schedule cannot be played on this text: {why}"))?;
        let until = run.at();
        if play {
            run.seek(0);
        }
        Ok(until)
    }

    /// Takes the steps of a counterexample, in whichever version of the text it is one.
    fn load_counterexample(&mut self, of: &Counterexample, play: bool) -> Result<usize, String> {
        let policy = Policy::from_name(&of.policy).unwrap_or(self.policy);
        let versions = self.lesson.as_ref().map(|lesson| lesson.versions.clone()).unwrap_or_default();
        for version in std::iter::once(self.version.clone()).chain(versions) {
            self.restage(&version, policy);
            let Some((run, _)) = self.running() else { break };
            let mut run = run.borrow_mut();
            let taken =
                of.steps.iter().take_while(|(actor, choice)| run.take(ActorId(*actor), *choice).is_ok()).count();
            let breaks = Rule::from_name(&of.rule).is_some_and(|rule| run.sim_mut().broken_rules().has(rule));
            if taken == of.steps.len() && breaks {
                if play {
                    run.seek(0);
                }
                return Ok(taken);
            }
        }
        Err("The text has changed since it was judged, and these steps do not lead there any more.".to_owned())
    }
}
