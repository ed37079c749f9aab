//! What a link says of the page, and a page opened from one.
//!
//! A link's own part ([`Link`]) is the run. Beside it stand members of the page's, each by its name; one that is missing,
//! or says what this page does not know, is passed over.

use p2mscope_core::link::{Link, LinkError, Source};
use p2mscope_core::machine::Policy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::stage::Stage;
use super::{Side, State, WaitsFace};

/// What there is to hand out of the page as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The letters behind `#`.
    pub letters: String,
    /// Whether they are few enough for an address; else a file is better.
    pub fits: bool,
    /// The most that an address should have.
    pub most: usize,
}

impl State {
    /// The link to what is shown now; none while there is no run.
    pub fn shared(&self) -> Option<Shared> {
        let mut link = self.stage.link()?;
        let mut put = |name: &str, value: Value| drop(link.page.insert(name.to_owned(), value));
        put("size", said(&self.size));
        put("turn", said(&self.turn));
        put("mode", said(&self.mode));
        put("picked", said(&self.picked));
        if self.kept.predict {
            put("predict", Value::Bool(true));
        }
        if self.side != Side::default() {
            put("side", said(&self.side));
        }
        if self.panels.waits != WaitsFace::default() {
            put("waits", said(&self.panels.waits));
        }
        if let Some(policy) = self.beside {
            put("beside", said(&policy.name()));
        }
        if self.editing {
            put("edit", Value::Bool(true));
        }
        let letters = link.write();
        Some(Shared { fits: letters.len() <= link.most(), most: link.most(), letters })
    }

    /// Opens what a link says; one that cannot be read leaves the page as it is, and says why.
    pub(super) fn open_link(&mut self, letters: &str) {
        let opened = Link::read(letters).map_err(|e: LinkError| e.to_string()).and_then(|link| {
            let (stage, notes) = Stage::linked(&link)?;
            Ok((link, stage, notes))
        });
        match opened {
            Err(why) => self.notice = Some(why),
            Ok((link, stage, notes)) => {
                self.restart(|old| *old = stage);
                self.at_home_of_link();
                self.kept.predict |= heard::<bool>(&link.page, "predict").unwrap_or_default();
                self.size = heard(&link.page, "size").unwrap_or(self.size);
                self.turn = heard(&link.page, "turn").unwrap_or(self.turn);
                self.mode = heard(&link.page, "mode").unwrap_or_default();
                self.picked = heard(&link.page, "picked").unwrap_or_default();
                self.side = heard(&link.page, "side").unwrap_or_default();
                self.panels.waits = heard(&link.page, "waits").unwrap_or_default();
                self.beside = heard::<String>(&link.page, "beside").and_then(|name| Policy::from_name(&name));
                self.editing = heard(&link.page, "edit").unwrap_or_default();
                self.notice = (!notes.is_empty()).then(|| notes.join(" "));
            }
        }
    }
}

/// A value as a link says it; what cannot be said is nothing.
fn said(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// What a link says under that name, if this page understands it.
fn heard<T: DeserializeOwned>(page: &Map<String, Value>, name: &str) -> Option<T> {
    serde_json::from_value(page.get(name)?.clone()).ok()
}

impl Stage {
    /// The link to the run; none while there is none.
    fn link(&self) -> Option<Link> {
        let (run, lesson) = self.running()?;
        let source = match self.built_in {
            Some(_) => Source::BuiltIn(lesson.id.clone()),
            None => Source::Text(self.text.to_string()),
        };
        Some(Link::of(&run.borrow(), source, &self.version, self.policy.name()))
    }

    /// The lesson and run that a link says, and what of it could not be brought back; or why there is none.
    fn linked(link: &Link) -> Result<(Stage, Vec<String>), String> {
        let stage = match &link.source {
            Source::Text(text) => Stage::of_text(text, &link.version, &link.policy),
            Source::BuiltIn(id) => match crate::lessons::by_id(id) {
                Some(lesson) => Stage::of_text(lesson.text, &link.version, &link.policy),
                None => return Err(format!("The link is to the lesson {id:?}, and this page has none of that name.")),
            },
        };
        let mut notes = Vec::new();
        if !link.version.is_empty() && stage.version != link.version {
            notes.push(format!("The lesson has no version {:?} any more.", link.version));
        }
        let replayed = stage.running().map(|(run, _)| link.replay(&mut run.borrow_mut()));
        notes.extend(replayed.unwrap_or_default().notes);
        Ok((stage, notes))
    }
}
