//! The signs on buttons, drawn, since not every font has them.

use yew::prelude::*;

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// To the first state.
    First,
    /// A step back.
    Back,
    /// A step.
    Step,
    /// To the last state.
    Last,
    /// Play.
    Play,
    /// Stop playing.
    Pause,
    /// The light theme.
    Sun,
    /// The dark theme.
    Moon,
    /// A picture.
    Picture,
    /// The commands by name.
    Commands,
    /// A list.
    List,
    /// On, until something stops it.
    UntilBlocked,
}

/// Which sign.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The sign.
    pub sign: Sign,
}

/// A sign as large as a letter, in the colour of the text.
#[component]
pub fn Icon(props: &Props) -> Html {
    let path = match props.sign {
        Sign::First => "M3 3h2v10H3zM13 3v10L6 8z",
        Sign::Back => "M12 3v10L4 8z",
        Sign::Step => "M4 3v10l8-5z",
        Sign::Last => "M11 3h2v10h-2zM3 3v10l7-5z",
        Sign::Play => "M2.5 3v10l6-5zM8.5 3v10l6-5z",
        Sign::Pause => "M4 3h3v10H4zM9 3h3v10H9z",
        Sign::Sun => {
            "M8 4.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8zM7.4.8h1.2v2.4H7.4zM7.4 12.8h1.2v2.4H7.4zM.8 7.4h2.4v1.2H.8z\
             M12.8 7.4h2.4v1.2h-2.4zM3.3 2.4l1.7 1.7-.9.9-1.7-1.7zM11.9 11l1.7 1.7-.9.9-1.7-1.7zM12.7 2.4l.9.9-1.7 1.7-.9-.9z\
             M4.1 11l.9.9-1.7 1.7-.9-.9z"
        }
        Sign::Moon => "M10.4 2.2a6 6 0 1 0 3.4 8.2A5.2 5.2 0 0 1 10.4 2.2z",
        Sign::Picture => "M2 3h12v10H2zM3.3 4.3v7.4h9.4V4.3zM4 11l2.8-4 2 2.6L10.4 7.8 12 11zM10.5 5.2h1.6v1.6h-1.6z",
        Sign::Commands => "M2 4l1.2-1.2L8.4 8l-5.2 5.2L2 12l4-4zM8 12h6v1.6H8z",
        Sign::List => "M2 3h2v2H2zM6 3h8v2H6zM2 7h2v2H2zM6 7h8v2H6zM2 11h2v2H2zM6 11h8v2H6z",
        Sign::UntilBlocked => "M1 3v10l6-5zM6.5 3v10l6-5zM13 3h2v10h-2z",
    };
    html! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d={path} /></svg> }
}
