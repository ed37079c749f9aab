//! The walk of the picked page through the tables, level by level; siblings stay, in grey.

use p2mscope_core::view::{Level, Row, Walk};
use yew::prelude::*;

use super::panel::Panel;
use crate::hooks::{Ui, use_ui};
use crate::state::{Action, Picked};

/// The panel.
#[component]
pub fn WalkPanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let Some(walk) = &props.moment.walk else {
        return html! { <Panel id="walk" title="Walk" note="no domain has a table">{ "" }</Panel> };
    };
    let title = format!("Walk of {}:{:#x}", walk.domain, walk.gfn);
    let shown = props.moment.entry.as_ref().map(|entry| entry.bits.level);
    let (note, class) = match &walk.remade {
        Some(it) => (it.sentence.clone(), Some("remade")),
        None => (walk.end.clone(), None),
    };
    html! {
        <Panel id="walk" {title} {note} class={classes!(class)}>
            { levels(walk, shown, &ui) }
        </Panel>
    }
}

/// The tables that the walk goes through, one after the other; the shown one is marked.
pub fn levels(walk: &Walk, shown: Option<u8>, ui: &Ui) -> Html {
    html! { <ol class="walk">{ for walk.levels.iter().map(|level| table(level, walk, shown, ui)) }</ol> }
}

fn table(level: &Level, walk: &Walk, shown: Option<u8>, ui: &Ui) -> Html {
    let class = classes!(
        "table",
        level.linked.then_some("linked"),
        (!level.table).then_some("astray"),
        (shown == Some(level.level)).then_some("shown")
    );
    html! {
        <li {class}>
            <h3>{ format!("L{}", level.level + 1) }<span>{ format!("frame {:#x}", level.mfn) }</span>
                if level.linked {
                    <span class="chip linked">{ "new here" }</span>
                }
            </h3>
            if !level.table {
                <p class="why">{ "this frame is no table any more" }</p>
            }
            <ol class="mono">
                { for level.rows.iter().map(|it| row(it, level, walk, ui)) }
            </ol>
        </li>
    }
}

fn row(row: &Row, level: &Level, walk: &Walk, ui: &Ui) -> Html {
    let left_out = |first: u64, count: u64, what: &str| {
        let which = if count == 1 { format!("[{first}]") } else { format!("[{first}..{}]", first + count - 1) };
        html! { <li class="left-out">{ format!("{which} {what}") }</li> }
    };
    match row {
        Row::Empty { first, count } => left_out(*first, *count, "empty"),
        Row::More { first, count } => left_out(*first, *count, "\u{2026}"),
        Row::Entry { index, gfn, summary, picked, changed, before, .. } => {
            let on_path = *picked;
            let pick = {
                let (ui, page, level) = (ui.clone(), if on_path { walk.gfn } else { *gfn }, level.level);
                let slot = walk.slot;
                Callback::from(move |_: MouseEvent| {
                    let picked = Picked { page: Some((slot, page)), level: Some(level), ..ui.picked };
                    ui.dispatch(Action::Pick(picked));
                })
            };
            let class = classes!(on_path.then_some("on"), changed.then_some("changed"));
            let title = match before {
                Some(before) => format!("{summary} Before this step: {before}"),
                None => summary.clone(),
            };
            html! {
                <li {class}>
                    <button class="plain" onclick={pick} {title}>{ format!("[{index}] {}", short(summary)) }</button>
                </li>
            }
        }
    }
}

/// The part of an entry's sentence that tells entries apart: where a link leads, or a leaf's type and frame.
pub fn short(summary: &str) -> String {
    if let Some(rest) = summary.strip_prefix("A link to the table of level ") {
        let frame = rest.split_once("in frame ").map_or(rest, |(_, frame)| frame);
        return format!("\u{2192} {}", frame.split(['.', ' ']).next().unwrap_or(frame));
    }
    let ty = summary.split_once("of type ").and_then(|(_, rest)| rest.split(' ').next());
    let frame = summary.split_once("at frame ").and_then(|(_, rest)| rest.split([';', '.', ' ']).next());
    match (ty, frame) {
        (Some(ty), Some(frame)) => format!("{frame} {ty}"),
        (Some(ty), None) => ty.to_owned(),
        // The walk says in words what nothing is.
        _ if summary.starts_with("Empty") => "empty".to_owned(),
        _ => summary.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::short;
    use p2mscope_core::addr::{Mfn, Order};
    use p2mscope_core::entry::{Access, Format, Leaf, LeafCtx, P2mType, summary};

    #[test]
    fn entries_are_told_apart_in_few_words() {
        let format = Format::Ept2011;
        let leaf = Leaf::new(P2mType::RamRw, Access::Rwx, Mfn(0x1f), Order::K4);
        let leaf = format.leaf(&leaf, &LeafCtx::default());
        assert_eq!(short(&summary(format, 0, leaf)), "0x1f ram_rw");
        assert_eq!(short(&summary(format, 2, format.link(Mfn(0x22)))), "\u{2192} 0x22");
    }
}
