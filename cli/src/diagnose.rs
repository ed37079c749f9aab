//! What is wrong with a run, told below it: in plain words, as engineers read it, or both.

use clap::ValueEnum;
use p2mscope_core::addr::ActorId;
use p2mscope_core::lesson::{Lesson, Staged};
use p2mscope_core::sched::{Run, Session};
use p2mscope_core::script::Script;
use p2mscope_core::view::{Context, Diagnosis, diagnosis};

/// How what is wrong is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Register {
    /// Plain sentences, for a class.
    Plain,
    /// With levels, chains and scenarios, as lockdep does.
    Lockdep,
    /// The one, then the other.
    #[default]
    Both,
    /// Not at all.
    None,
}

/// A run with all that is known of its session.
pub struct Told<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    /// What of it is run.
    pub staged: &'a Staged,
    /// The version of its programs.
    pub version: &'a str,
}

impl Told<'_> {
    /// What is wrong where the run stands, and over the session; empty if nothing is.
    pub fn text(&self, register: Register, run: &mut Run<Script>, session: &Session) -> String {
        let found = diagnosis(run, session);
        if register == Register::None || found.is_quiet() {
            return String::new();
        }
        let plain = || found.plain().iter().map(|s| format!("{s}\n")).collect::<String>();
        let engineer = || self.engineer(&found);
        match register {
            Register::Plain => format!("\n{}", plain()),
            Register::Lockdep => format!("\n{}", engineer()),
            _ => format!("\n{}\n{}", plain(), engineer()),
        }
    }

    /// The text for engineers.
    pub fn engineer(&self, found: &Diagnosis) -> String {
        let what = format!("{} {} under {}", self.lesson.id, self.version, self.staged.world.policy.name());
        let statement = |a: u8, place: u64| self.statement(ActorId(a), place);
        found.engineer(&Context { what: &what, statement: &statement })
    }

    /// `line 21: f = get_gfn 2:0x20`.
    fn statement(&self, a: ActorId, place: u64) -> Option<String> {
        let program = self.staged.script.programs.get(usize::from(a.0))?;
        let origin = program.origins.get(usize::try_from(place).ok()?)?;
        Some(format!("line {}: {}", origin.line, self.lesson.file().slice(origin.span).trim()))
    }
}
