//! What stands below the waits: the frames, the rings and TLBs, or the watchers.

use yew::prelude::*;

use super::devices::Devices;
use super::frames::FrameTable;
use super::panel::Panel;
use super::tabs::{Tab, Tabs};
use super::watchers::Watchers;
use crate::hooks::use_ui;
use crate::state::{Action, Side};

/// The faces, in the order of their tabs.
const FACES: [Side; 3] = [Side::Frames, Side::Devices, Side::Watchers];

/// The panel.
#[component]
pub fn SidePanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let broken = moment.rules.iter().filter(|rule| rule.step.is_some()).count();
    let (mark, said) = match broken {
        0 => ("\u{2713}".to_owned(), "all rules hold".to_owned()),
        n => (format!("\u{2717}{n}"), format!("{n} rules broken")),
    };
    let tabs = vec![
        Tab::new("Frames", "Frames: who counts which"),
        Tab::new("Rings, TLBs", "Rings, TLBs: requests and cached entries"),
        Tab::new(format!("Watchers {mark}"), format!("Watchers {mark}: {said}")),
    ];
    let chosen = FACES.iter().position(|face| *face == ui.side).unwrap_or(0);
    let choose = {
        let ui = ui.clone();
        Callback::from(move |n: usize| ui.dispatch(Action::Side(FACES[n.min(2)])))
    };
    let (id, title) = match ui.side {
        Side::Frames => ("frames", "Frames"),
        Side::Devices => ("devices", "Rings and TLBs"),
        Side::Watchers => ("watchers", "Watchers"),
    };
    let controls = html! { <Tabs id="side-tab" label="Below the waits" {tabs} {chosen} {choose} /> };
    html! {
        <Panel {id} {title} {controls} tab={format!("side-tab-{chosen}")}>
            { match ui.side {
                Side::Frames => html! { <FrameTable moment={moment.clone()} /> },
                Side::Devices => html! { <Devices moment={moment.clone()} /> },
                Side::Watchers => html! { <Watchers moment={moment.clone()} /> },
            } }
        </Panel>
    }
}
