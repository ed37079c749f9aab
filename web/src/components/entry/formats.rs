//! The entry as each format has it, one below the other: what is the same page has other bits.

use p2mscope_core::entry::Format;
use p2mscope_core::view::{self, BitsView};
use yew::prelude::*;

use super::bits::Strip;

/// What is shown.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The entry in its own format.
    pub entry: BitsView,
}

/// A strip to each format.
#[component]
pub fn Formats(props: &Props) -> Html {
    let entry = &props.entry;
    let Some(own) = Format::from_name(entry.encoding) else { return Html::default() };
    let row = |to: &Format| {
        let there =
            view::translated(own, *to, entry.level, entry.raw).map(|raw| view::bits(*to, entry.level, raw, raw));
        let title = if *to == own { "the world's own" } else { "the same entry there" };
        html! {
            <li class={classes!((*to == own).then_some("own"))}>
                <h3 {title}>{ to.name() }
                    if let Ok(bits) = &there {
                        <span class="mono" title={format!("{:#x}", bits.raw)}>{ format!("may {}", bits.may) }</span>
                    }
                </h3>
                { match there {
                    Ok(bits) => html! { <Strip bits={if *to == own { entry.clone() } else { bits }} /> },
                    Err(why) => html! { <p class="mute">{ why }</p> },
                } }
            </li>
        }
    };
    html! { <ol class="formats">{ for Format::all().iter().map(row) }</ol> }
}
