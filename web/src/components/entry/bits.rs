//! The strip of 64 bits: numbers above, values, field names below; what has changed is framed.

use p2mscope_core::view::{BitsView, FieldView};
use yew::prelude::*;

const BIT: u32 = 10;
const WIDTH: u32 = 64 * BIT;

/// What is drawn.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The bits.
    pub bits: BitsView,
    /// What a press on a bit does, if anything.
    #[prop_or_default]
    pub turn: Option<Callback<u8>>,
}

/// The strip.
#[component]
pub fn Strip(props: &Props) -> Html {
    let bits = &props.bits;
    html! {
        <svg class={classes!("bits", props.turn.is_some().then_some("loose"))} viewBox={format!("0 0 {WIDTH} 46")} role="img"
            aria-label={format!("{:#018x}; its fields in words follow", bits.raw)}>
            { for (0..64).rev().map(|bit| draw_bit(bits, bit, props.turn.as_ref())) }
            { for bits.fields.iter().map(draw_field) }
        </svg>
    }
}

/// Where bit `bit` begins, bit 63 on the left.
fn x_of(bit: u8) -> u32 {
    (63 - u32::from(bit)) * BIT
}

fn draw_bit(bits: &BitsView, bit: u8, turn: Option<&Callback<u8>>) -> Html {
    let is = |word: u64| word >> bit & 1 == 1;
    let class = classes!("bit", is(bits.raw).then_some("set"), is(bits.changed).then_some("changed"));
    let x = x_of(bit);
    let turn = turn.map(|turn| {
        let turn = turn.clone();
        Callback::from(move |_: MouseEvent| turn.emit(bit))
    });
    html! {
        <g {class} onclick={turn} data-bit={bit.to_string()}>
            <rect x={(x + 1).to_string()} y="12" width={(BIT - 2).to_string()} height="15" rx="2" />
            <text x={(x + BIT / 2).to_string()} y="23">{ u8::from(is(bits.raw)) }</text>
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

/// A field's value as people read it.
pub fn value(field: &FieldView) -> String {
    if field.value < 10 { field.value.to_string() } else { format!("{:#x}", field.value) }
}
