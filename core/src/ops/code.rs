//! What operations answer. The names of errors are those of Xen's interface.

use crate::step::Plain;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// What an operation answers.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All of them; the index is the word of the value.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// As programs write it.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// Done.
    Ok "ok",
    /// A guest access met an entry that does not permit it.
    Fault "fault",
    /// In use; with `nowait`: it would have slept.
    Ebusy "EBUSY",
    /// No memory for a table, frame, object or record.
    Enomem "ENOMEM",
    /// An argument that makes no sense here.
    Einval "EINVAL",
    /// Nothing there.
    Enoent "ENOENT",
    /// Try again.
    Eagain "EAGAIN",
    /// Not permitted.
    Eperm "EPERM",
    /// There already.
    Eexist "EEXIST",
    /// Too large.
    E2big "E2BIG",
    /// No such address.
    Enxio "ENXIO",
    /// Bad address.
    Efault "EFAULT",
    /// No such domain.
    Esrch "ESRCH",
    /// Preempted: to be continued.
    Erestart "ERESTART",
    /// Unsafe: no further reference protects the page.
    Eilseq "EILSEQ",
    /// Of another domain.
    Exdev "EXDEV",
    /// Access refused.
    Eacces "EACCES",
    /// No ring.
    Enodev "ENODEV",
    /// Not empty.
    Enotempty "ENOTEMPTY",
    /// Out of range.
    Erange "ERANGE",
    /// The source's sharing handle is not valid.
    SHandleInvalid "S_HANDLE_INVALID",
    /// The client's sharing handle is not valid.
    CHandleInvalid "C_HANDLE_INVALID",
}

impl Code {
    /// The code of that name.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|c| c.name() == name)
    }

    /// The word of the value.
    pub const fn word(self) -> u64 {
        self as u64
    }

    /// The inverse of [`Code::word`].
    pub fn from_word(word: u64) -> Option<Code> {
        Code::ALL.get(usize::try_from(word).ok()?).copied()
    }
}

/// So that it may leave a combinator's closure.
impl Plain for Code {
    const WORDS: usize = 1;

    #[inline(always)]
    fn to_words(self) -> [u64; 4] {
        [self.word(), 0, 0, 0]
    }

    #[inline(always)]
    fn from_words(w: [u64; 4]) -> Code {
        Code::from_word(w[0]).unwrap_or(Code::Einval)
    }
}
