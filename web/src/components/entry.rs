//! One entry: 64 bits, named fields, what each means, and what the last step changed.

use p2mscope_core::view::{EntryView, FieldView};
use yew::prelude::*;

use super::panel::Panel;

const BIT: u32 = 10;
const WIDTH: u32 = 64 * BIT;

/// The panel.
#[component]
pub fn Entry(props: &super::Props) -> Html {
    let Some(entry) = &props.moment.entry else { return Html::default() };
    let title = format!("Entry {} of level {}", entry.index, entry.bits.level + 1);
    html! {
        <Panel id="entry" {title} note={entry.bits.summary.clone()}>
            <svg class="bits" viewBox={format!("0 0 {WIDTH} 46")} role="img"
                aria-label={format!("{:#018x}; its fields in words follow", entry.bits.raw)}>
                { for (0..64).rev().map(|bit| draw_bit(entry, bit)) }
                { for entry.bits.fields.iter().map(draw_field) }
            </svg>
            <details>
                <summary>{ "Fields in words" }</summary>
                <table>
                    <thead><tr><th>{ "bits" }</th><th>{ "field" }</th><th>{ "value" }</th><th>{ "meaning" }</th></tr></thead>
                    <tbody>{ for entry.bits.fields.iter().rev().map(words) }</tbody>
                </table>
            </details>
        </Panel>
    }
}

/// Where bit `bit` begins, bit 63 on the left.
fn x_of(bit: u8) -> u32 {
    (63 - u32::from(bit)) * BIT
}

fn draw_bit(entry: &EntryView, bit: u8) -> Html {
    let is = |word: u64| word >> bit & 1 == 1;
    let class = classes!("bit", is(entry.bits.raw).then_some("set"), is(entry.bits.changed).then_some("changed"));
    let x = x_of(bit);
    html! {
        <g {class}>
            <rect x={(x + 1).to_string()} y="12" width={(BIT - 2).to_string()} height="15" rx="2" />
            <text x={(x + BIT / 2).to_string()} y="23">{ u8::from(is(entry.bits.raw)) }</text>
            if bit.is_multiple_of(8) || bit == 63 {
                <text class="number" x={(x + BIT / 2).to_string()} y="8">{ bit }</text>
            }
        </g>
    }
}

fn draw_field(field: &FieldView) -> Html {
    let (left, right) = (x_of(field.high) + 1, x_of(field.low) + BIT - 1);
    let width = right - left;
    // About five units to a letter; what does not fit is in the title and the table.
    let room = (width / 5) as usize;
    let both = format!("{} {}", field.name, value(field));
    let label = match room {
        _ if field.name == "unused" => "",
        room if both.len() <= room => &both,
        room if field.name.len() <= room => field.name,
        room if room >= 1 => &field.name[..1],
        _ => "",
    };
    html! {
        <g class={classes!("field", field.changed.then_some("changed"))}>
            <title>{ format!("{} = {}: {}. {}", field.name, value(field), field.meaning, field.what) }</title>
            <path d={format!("M{left} 29.5V32H{right}V29.5")} />
            <text x={((left + right) / 2).to_string()} y="42">{ label.to_owned() }</text>
        </g>
    }
}

fn value(field: &FieldView) -> String {
    if field.value < 10 { field.value.to_string() } else { format!("{:#x}", field.value) }
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
