//! The words between a verb and its arguments.

/// A word that introduces an argument of a verb, or stands for itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Word {
    /// What stands behind the verb without a word.
    Object,
    /// `=`
    Equals,
    /// `with`
    With,
    /// `to`
    To,
    /// `from`
    From,
    /// `into`
    Into,
    /// `after`
    After,
    /// `by`
    By,
    /// `as`
    As,
    /// `for`
    For,
    /// `order`
    Order,
    /// `through`
    Through,
    /// `shared`
    Shared,
    /// `nowait`
    Nowait,
    /// `destroy`
    Destroy,
    /// `for_write`
    ForWrite,
    /// `readonly`
    Readonly,
    /// `unshare`
    Unshare,
}

impl Word {
    /// All that are written, `=` among them.
    pub const ALL: [Word; 17] = [
        Word::Equals,
        Word::With,
        Word::To,
        Word::From,
        Word::Into,
        Word::After,
        Word::By,
        Word::As,
        Word::For,
        Word::Order,
        Word::Through,
        Word::Shared,
        Word::Nowait,
        Word::Destroy,
        Word::ForWrite,
        Word::Readonly,
        Word::Unshare,
    ];

    /// As it is written; what stands behind a verb has none.
    pub const fn name(self) -> &'static str {
        match self {
            Word::Object => "",
            Word::Equals => "=",
            Word::With => "with",
            Word::To => "to",
            Word::From => "from",
            Word::Into => "into",
            Word::After => "after",
            Word::By => "by",
            Word::As => "as",
            Word::For => "for",
            Word::Order => "order",
            Word::Through => "through",
            Word::Shared => "shared",
            Word::Nowait => "nowait",
            Word::Destroy => "destroy",
            Word::ForWrite => "for_write",
            Word::Readonly => "readonly",
            Word::Unshare => "unshare",
        }
    }

    /// The word with that name.
    pub fn from_name(name: &str) -> Option<Word> {
        Word::ALL.into_iter().find(|w| w.name() == name)
    }
}
