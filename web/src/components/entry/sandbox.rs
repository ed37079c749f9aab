//! Bits to try out: turned one by one or set by field; what a guest may then do, and whether a processor refuses them.

use p2mscope_core::entry::{Field, Format, Kind};
use p2mscope_core::view::{self, FieldView};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::bits::{Strip, value};
use crate::hooks::{Ui, use_ui};
use crate::state::{Action, Face, Sandbox};

/// What is tried out.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The bits.
    pub sandbox: Sandbox,
    /// The entry's bits in the run, as it stands now.
    pub run: u64,
}

/// The strip, what it says, and its fields.
#[component]
pub fn Try(props: &Props) -> Html {
    let ui = use_ui();
    let (now, run) = (props.sandbox, props.run);
    let bits = view::bits(now.format, now.level, now.raw, now.from);
    let turn = {
        let ui = ui.clone();
        Callback::from(move |bit: u8| tried(&ui, now.toggled(bit)))
    };
    let back = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| tried(&ui, Sandbox { from: run, raw: run, ..now }))
    };
    let same = now.raw == run && now.from == run;
    let refused = bits.refused.clone().map(|why| format!("a processor refuses it: {why}"));
    html! {
        <>
            <Strip bits={bits.clone()} turn={Some(turn)} />
            <div class="tried" role="status" id="tried">
                <span class={classes!("pill", if bits.refused.is_some() || bits.is == "no entry" { "waits" } else { "runs" })}>{ bits.is }</span>
                <b>{ "a guest may " }<span class="mono">{ &bits.may }</span></b>
                <span class={classes!(refused.is_some().then_some("why"))}>{ refused.unwrap_or_else(|| "a processor takes it".to_owned()) }</span>
            </div>
            <div class="tried-controls">
                <button class="small" onclick={back} aria-disabled={same.to_string()}>{ "Back to the run's value" }</button>
                { format_of(now, &ui) }
                { whole(now, &ui) }
            </div>
            <ol class="tried-fields">
                { for bits.fields.iter().rev().filter_map(|it| field(it, now, &ui)) }
            </ol>
        </>
    }
}

fn tried(ui: &Ui, sandbox: Sandbox) {
    ui.dispatch(Action::Face(Face::Sandbox(Some(sandbox))));
}

/// As which format the bits are read.
fn format_of(now: Sandbox, ui: &Ui) -> Html {
    let choose = {
        let ui = ui.clone();
        Callback::from(move |event: Event| {
            let list = event.target().and_then(|it| it.dyn_into::<HtmlSelectElement>().ok());
            let index = list.and_then(|list| usize::try_from(list.selected_index()).ok());
            if let Some(format) = index.and_then(|i| Format::all().get(i)) {
                tried(&ui, Sandbox { format: *format, ..now });
            }
        })
    };
    html! {
        <label class="labelled small">{ "read as" }
            <select onchange={choose} aria-label="Read as">
                { for Format::all().iter().map(|format| html! {
                    <option selected={*format == now.format}>{ format.name() }</option>
                }) }
            </select>
        </label>
    }
}

/// All bits as one number.
fn whole(now: Sandbox, ui: &Ui) -> Html {
    let set = on_number(ui, move |raw| Sandbox { raw, ..now });
    html! {
        <label class="labelled small">{ "bits" }
            <input class="mono wide" value={format!("{:#018x}", now.raw)} onchange={set} aria-label="All bits" spellcheck="false" />
        </label>
    }
}

/// A field to be set; none for bits without a use.
fn field(it: &FieldView, now: Sandbox, ui: &Ui) -> Option<Html> {
    // What nobody reads can be turned in the strip.
    let read = |field: &&Field| field.low == it.low && field.kind != Kind::Unused;
    let known: &'static Field = now.format.fields(now.level).iter().find(read)?;
    let class = classes!(it.changed.then_some("changed"));
    let bits = if it.low == it.high { it.low.to_string() } else { format!("{}:{}", it.high, it.low) };
    let control = if it.low == it.high {
        let (ui, bit) = (ui.clone(), it.low);
        let turn = Callback::from(move |_: Event| tried(&ui, now.toggled(bit)));
        html! { <input type="checkbox" checked={it.value == 1} onchange={turn} aria-label={it.name} /> }
    } else {
        let set = on_number(ui, move |value| now.with(known, value));
        html! { <input class="mono" value={value(it)} onchange={set} aria-label={it.name} spellcheck="false" /> }
    };
    Some(html! {
        <li key={it.low} {class} title={format!("bits {bits}: {}", it.what)}>
            <label><span>{ it.name }</span>{ control }</label>
            <span class="mute">{ &it.meaning }</span>
        </li>
    })
}

/// Hears a number being typed, in tens or, with `0x`, by its bits; what is no number is put back.
fn on_number(ui: &Ui, then: impl Fn(u64) -> Sandbox + 'static) -> Callback<Event> {
    let ui = ui.clone();
    Callback::from(move |event: Event| {
        let Some(input) = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok()) else { return };
        match number(&input.value()) {
            Some(value) => {
                input.set_custom_validity("");
                tried(&ui, then(value));
            }
            None => {
                input.set_custom_validity("A number, in tens or as 0x and hexadecimal digits.");
                let _ = input.report_validity();
            }
        }
    })
}

/// The number that a text is, if it is one of 64 bits.
fn number(text: &str) -> Option<u64> {
    let text = text.trim().replace('_', "");
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_read_in_tens_and_by_their_bits() {
        assert_eq!(number(" 0x1F "), Some(0x1f));
        assert_eq!(number("42"), Some(42));
        assert_eq!(number("0xffff_ffff_ffff_ffff"), Some(u64::MAX));
        for text in ["", "0x", "-1", "f", "0x1ffffffffffffffff", "1.5"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }
}
