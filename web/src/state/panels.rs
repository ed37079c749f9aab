//! The faces of panels that have several, and what is tried out in them. None of it touches the run.

use p2mscope_core::entry::{Field, Format};

/// What the waits are shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitsFace {
    /// Who waits for whom.
    #[default]
    Graph,
    /// Who stands behind whom.
    Behind,
    /// Which lock was asked for while which was held, over the whole session.
    Orders,
}

/// An entry whose bits are tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sandbox {
    /// The word that it was taken from.
    pub word: u32,
    /// The level that it is read at.
    pub level: u8,
    /// How its bits are read.
    pub format: Format,
    /// The bits that it began with.
    pub from: u64,
    /// The bits now.
    pub raw: u64,
}

impl Sandbox {
    /// With one bit the other way round.
    pub fn toggled(self, bit: u8) -> Self {
        Self { raw: self.raw ^ 1 << (bit & 63), ..self }
    }

    /// With a field set, as far as the value fits.
    pub fn with(self, field: &Field, value: u64) -> Self {
        Self { raw: field.set(self.raw, value), ..self }
    }
}

/// The faces, and what is tried out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Panels {
    /// The waits.
    pub waits: WaitsFace,
    /// The entry whose bits are tried out, in the place of the walk.
    pub sandbox: Option<Sandbox>,
    /// Whether the entry is shown as other formats have it, in the place of the walk.
    pub formats: bool,
    /// Folded stretches of the timeline that are unfolded, by the positions at which they begin.
    pub unfolded: Vec<usize>,
}

/// What is done to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// Another face of the waits.
    Waits(WaitsFace),
    /// Bits to try out, or none.
    Sandbox(Option<Sandbox>),
    /// The entry in all formats, or in its own.
    Formats(bool),
    /// Unfolds a stretch of the timeline, or folds it again.
    Fold(usize),
}

impl Panels {
    /// Does it.
    pub fn turn(&mut self, face: Face) {
        match face {
            Face::Waits(face) => self.waits = face,
            Face::Sandbox(sandbox) => (self.sandbox, self.formats) = (sandbox, false),
            Face::Formats(all) => (self.sandbox, self.formats) = (None, all),
            Face::Fold(from) => match self.unfolded.iter().position(|it| *it == from) {
                Some(at) => drop(self.unfolded.remove(at)),
                None => self.unfolded.push(from),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_tried_out_and_values_are_clipped_to_their_fields() {
        let field = Format::Ept2011.fields(0).iter().find(|field| field.name == "emt").unwrap();
        let begun = Sandbox { word: 1, level: 0, format: Format::Ept2011, from: 7, raw: 7 };
        assert_eq!((begun.toggled(1).raw, begun.toggled(1).toggled(1)), (5, begun));
        assert_eq!(begun.toggled(200).raw, 7 ^ 1 << (200 & 63), "there are 64 bits");
        assert_eq!(begun.with(field, 6).raw, 7 | 6 << 3, "emt is bits 3 to 5");
        assert_eq!(begun.with(field, u64::MAX).raw, 7 | 7 << 3, "and no more");
    }

    #[test]
    fn the_sandbox_and_the_formats_take_one_place() {
        let sandbox = Sandbox { word: 1, level: 0, format: Format::Ept, from: 0, raw: 0 };
        let mut panels = Panels::default();
        panels.turn(Face::Sandbox(Some(sandbox)));
        panels.turn(Face::Formats(true));
        assert_eq!((panels.sandbox, panels.formats), (None, true));
        panels.turn(Face::Sandbox(Some(sandbox)));
        assert!(!panels.formats && panels.sandbox.is_some());
    }

    #[test]
    fn a_stretch_unfolds_and_folds_again() {
        let mut panels = Panels::default();
        for (from, open) in [(3, vec![3]), (9, vec![3, 9]), (3, vec![9])] {
            panels.turn(Face::Fold(from));
            assert_eq!(panels.unfolded, open);
        }
    }
}
