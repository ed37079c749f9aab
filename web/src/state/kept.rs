//! What the browser keeps for the user from one visit to the next. It is one text of JSON; where storage is refused it lasts as
//! long as the page is open, and everything works without it.

use std::collections::BTreeMap;

use p2mscope_core::lesson::Results;
use serde::{Deserialize, Serialize};

use super::Keys;

/// All that is kept. A field that an older release did not have has its default; one that is not known is passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Dark or light, if the user said so; else it is the browser's wish.
    pub dark: Option<bool>,
    /// Larger letters everywhere.
    pub large: bool,
    /// The user's own keys.
    pub keys: Keys,
    /// Whether steps wait for predictions.
    pub predict: bool,
    /// What has been done of the lessons.
    pub results: Results,
    /// Lessons that the user has changed, by their ids: the text as it is now.
    pub edits: BTreeMap<String, String>,
    /// Lessons that did not come with the page, by their ids: the text as it was opened.
    pub own: BTreeMap<String, String>,
}

impl Kept {
    /// What this text says; a damaged one says nothing.
    pub fn of(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The text to keep.
    pub fn text(&self) -> String {
        // Plain fields can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_and_a_damaged_text_says_nothing() {
        let kept = Kept { dark: Some(true), ..Kept::default() };
        assert_eq!(Kept::of(&kept.text()), kept);
        assert_eq!(Kept::of("{\"dark\":true,\"later\":[1]}"), kept);
        for damaged in ["", "{", "7", "{\"dark\":\"very\"}"] {
            assert_eq!(Kept::of(damaged), Kept::default(), "{damaged}");
        }
    }
}
