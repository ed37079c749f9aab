//! The page's parts, one to a panel. They draw what the views say and dispatch what the user does.

mod actors;
mod beside;
mod compare;
mod course;
mod devices;
mod diagnosis;
mod edit;
mod embed;
mod entry;
mod explore;
mod frames;
mod glossary;
mod goal;
mod head;
mod icon;
mod judge;
mod keys_sheet;
mod legend;
mod live;
mod live_timeline;
mod live_times;
mod palette;
mod panel;
mod picture;
mod predict;
mod present;
mod printed;
mod results;
mod say;
mod scale;
mod scene;
mod share;
mod sheet;
mod side;
mod story;
mod tabs;
mod timeline;
mod token;
mod waits;
mod walk;
mod watchers;

pub use actors::Actors;
pub use beside::BesidePanel;
pub use compare::ComparePanel;
pub use course::LessonsSheet;
pub use diagnosis::ReportSheet;
pub use edit::Edit;
pub use embed::Embed;
pub use entry::Entry;
pub use explore::Explore;
pub use glossary::GlossarySheet;
pub use head::Head;
pub use keys_sheet::KeysSheet;
pub use live::LivePanel;
pub use live_timeline::LiveTimelinePanel;
pub use palette::Palette;
pub use picture::PictureSheet;
pub use predict::spoken as spoken_question;
pub use present::Present;
pub use printed::Printed;
pub use results::ResultsSheet;
pub use say::Say;
pub use scale::ScalePanel;
pub use scene::Stage;
pub use share::ShareSheet;
pub use side::SidePanel;
pub use timeline::TimelinePanel;
pub use waits::WaitsPanel;
pub use walk::WalkPanel;

use crate::moment::Shown;

/// What a panel shows.
#[derive(yew::Properties, PartialEq)]
pub struct Props {
    /// The moment.
    pub moment: Shown,
}
