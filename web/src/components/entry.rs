//! One entry: 64 bits, named fields, what each means, and what the last step changed. Beside that, in the place of the
//! walk: its bits to try out, away from the run, and the same entry as every format has it.

mod bits;
mod formats;
mod sandbox;

use p2mscope_core::entry::Format;
use p2mscope_core::view::{self, EntryView, FieldView};
use yew::prelude::*;

use self::bits::{Strip, value};
use super::panel::Panel;
use crate::hooks::{Ui, use_ui};
use crate::state::{Action, Face, Sandbox};

/// The panel.
#[component]
pub fn Entry(props: &super::Props) -> Html {
    let ui = use_ui();
    let Some(entry) = &props.moment.entry else { return Html::default() };
    let (sandbox, formats) = (ui.panels.sandbox, ui.panels.formats);
    let title = match sandbox {
        Some(it) => format!("Bits of level {} to try out", it.level + 1),
        None => format!("Entry {} of level {}", entry.index, entry.bits.level + 1),
    };
    let note = match sandbox {
        Some(it) => view::bits(it.format, it.level, it.raw, it.from).summary,
        None => entry.bits.summary.clone(),
    };
    let open = sandbox.is_some() || formats;
    html! {
        <Panel id="entry" {title} {note} controls={faces(entry, &ui)} class={classes!(open.then_some("tall"))}>
            if let Some(sandbox) = sandbox {
                <sandbox::Try {sandbox} run={entry.bits.raw} />
            } else if formats {
                <formats::Formats entry={entry.bits.clone()} />
            } else {
                <Strip bits={entry.bits.clone()} />
                <details>
                    <summary>{ "Fields in words" }</summary>
                    <table>
                        <thead><tr><th>{ "bits" }</th><th>{ "field" }</th><th>{ "value" }</th><th>{ "meaning" }</th></tr></thead>
                        <tbody>{ for entry.bits.fields.iter().rev().map(words) }</tbody>
                    </table>
                </details>
            }
        </Panel>
    }
}

/// What the panel can show beside the entry as it is.
fn faces(entry: &EntryView, ui: &Ui) -> Html {
    let on = |face: Face| {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Face(face)))
    };
    let begun = Format::from_name(entry.bits.encoding).map(|format| Sandbox {
        word: entry.word,
        level: entry.bits.level,
        format,
        from: entry.bits.raw,
        raw: entry.bits.raw,
    });
    let trying = ui.panels.sandbox.is_some();
    html! {
        <div class="faces">
            <button class="small" aria-pressed={trying.to_string()} title="Turn bits and see what becomes of the entry; the run stays as it is"
                onclick={on(Face::Sandbox(begun.filter(|_| !trying)))}>{ "Try bits" }</button>
            <button class="small" aria-pressed={ui.panels.formats.to_string()} title="The same entry as each format of EPT and NPT has it"
                onclick={on(Face::Formats(!ui.panels.formats))}>{ "EPT | NPT" }</button>
        </div>
    }
}

fn words(field: &FieldView) -> Html {
    let bits = if field.low == field.high { field.low.to_string() } else { format!("{}:{}", field.high, field.low) };
    html! {
        <tr class={classes!(field.changed.then_some("changed"))} title={field.what}>
            <td class="mono">{ bits }</td>
            <td>{ field.name }</td>
            <td class="mono">{ value(field) }</td>
            <td>{ &field.meaning }</td>
        </tr>
    }
}
