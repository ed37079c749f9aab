//! An actor's token: its shape is its kind, its colour and name are its own, in every panel.

use p2mscope_core::addr::ActorId;
use p2mscope_core::machine::Kind;
use yew::prelude::*;

/// How many colours the themes have; from here on they come again, in tokens that are only outlined.
const COLOURS: u8 = 8;

/// The outline of a kind's token around (0, 0), about 28 across.
fn outline(kind: Kind) -> &'static str {
    match kind {
        Kind::Vcpu => "M0-13A13 13 0 1 1-.01-13Z",
        Kind::Hardware => "M-5-13H5L13-5V5L5 13H-5L-13 5V-5Z",
        Kind::Pager => "M-9-12H9Q12-12 12-9V9Q12 12 9 12H-9Q-12 12-12 9V-9Q-12-12-9-12Z",
        Kind::Sharer => "M-5-14H5Q6-14 6.5-13L15.5 11Q16 12 15 12H-15Q-16 12-15.5 11L-6.5-13Q-6-14-5-14Z",
        Kind::Toolstack => "M-7.5-12.5H7.5L14.5 0 7.5 12.5H-7.5L-14.5 0Z",
        Kind::Balloon => "M0-13.5 13.5-3 8.5 12.5H-8.5L-13.5-3Z",
        Kind::LogDirty => "M0-15.5 15.5 0 0 15.5-15.5 0Z",
        Kind::Grant => "M0-14 13-3V12H-13V-3Z",
        Kind::Debugger => "M-5.5-13.5H5.5V-5.5H13.5V5.5H5.5V13.5H-5.5V5.5H-13.5V-5.5H-5.5Z",
    }
}

/// What a kind is called where there is room.
pub fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Vcpu => "vCPU",
        Kind::LogDirty => "log-dirty",
        other => other.name(),
    }
}

/// The actor's colour, as a style that drawings take up.
pub fn colour(actor: ActorId) -> String {
    format!("--c: var(--a{});", actor.0 % COLOURS)
}

/// What a token looks like.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// Whose it is.
    pub actor: ActorId,
    /// What its shape says.
    pub kind: Kind,
    /// The name on it; none on small ones.
    #[prop_or_default]
    pub name: AttrValue,
}

/// A token inside a drawing, around (0, 0).
#[component]
pub fn Token(props: &Props) -> Html {
    let hollow = props.actor.0 >= COLOURS;
    let long = props.name.chars().count() > 3;
    html! {
        <g class={classes!("token", hollow.then_some("hollow"))} style={colour(props.actor)}>
            <path d={outline(props.kind)} />
            if !props.name.is_empty() {
                <text class={classes!(long.then_some("long"))} y={if props.kind == Kind::Sharer { "6" } else { "4" }}>
                    { &props.name }
                </text>
            }
        </g>
    }
}

/// A small token in a line of text.
#[component]
pub fn Badge(props: &Props) -> Html {
    html! {
        <svg class="badge" viewBox="-16 -16 32 32" aria-hidden="true">
            <Token actor={props.actor} kind={props.kind} name={props.name.clone()} />
        </svg>
    }
}
