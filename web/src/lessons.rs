//! The lessons that come with the page, in the order in which they are offered.

/// A lesson by its text.
pub struct BuiltIn {
    /// Its name in the list.
    pub name: &'static str,
    /// The text: what a user would write.
    pub text: &'static str,
}

/// All of them; the first is what the page opens with.
pub const ALL: [BuiltIn; 8] = [
    BuiltIn { name: "First minute", text: include_str!("../../static/lessons/first.toml") },
    BuiltIn { name: "S03  Looked up, then gone", text: include_str!("../../static/lessons/S03.toml") },
    BuiltIn { name: "S14  Each waits for the other's page", text: include_str!("../../static/lessons/S14.toml") },
    BuiltIn { name: "S15  The sort that was half dead", text: include_str!("../../static/lessons/S15.toml") },
    BuiltIn { name: "S17  Asleep with the frame held", text: include_str!("../../static/lessons/S17.toml") },
    BuiltIn { name: "S39  Counted too late", text: include_str!("../../static/lessons/S39.toml") },
    BuiltIn { name: "S54  One frame, two addresses", text: include_str!("../../static/lessons/S54.toml") },
    BuiltIn { name: "S61  Marked, harvested, changed", text: include_str!("../../static/lessons/S61.toml") },
];
