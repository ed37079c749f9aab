//! How long locks are held and waited for in a live run, and two live runs under different policies beside each other.

use p2mscope_core::view::{Spread, TimesView, nanos};
use yew::prelude::*;

use super::explore::grouped;
use super::head::policy_in_words;
use crate::state::Summary;

/// Locks that are shown, those that cost the most waiting first.
const LOCKS: usize = 8;

/// Times of one run.
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The times, in the order in which they are shown.
    pub times: Vec<TimesView>,
    /// How many found no place.
    #[prop_or_default]
    pub beyond: u64,
    /// How finely the clock ticks, in ns.
    pub tick: Option<u64>,
}

/// A row to each lock: how long it was held and waited for, drawn and in words.
#[component]
pub fn Times(props: &Props) -> Html {
    let Some(tick) = props.tick else { return Html::default() };
    let more = props.times.len().saturating_sub(LOCKS);
    html! {
        <div class="times">
            <table>
                <caption class="mute">{ format!("How long locks were held and waited for. The clock ticks every {}: what is shorter counts as none or as one tick.", nanos(tick)) }</caption>
                <thead><tr><th>{ "lock" }</th><th>{ "held" }</th><th>{ "waited for" }</th></tr></thead>
                <tbody>{ for props.times.iter().take(LOCKS).map(row) }</tbody>
            </table>
            if more > 0 {
                <p class="mute">{ format!("{more} more locks were waited for less.") }</p>
            }
            if props.beyond > 0 {
                <p class="mute">{ format!("{} times are left out: there are more locks than a thread can meter.", grouped(props.beyond)) }</p>
            }
        </div>
    }
}

fn row(times: &TimesView) -> Html {
    let name = format!("{}{}", times.lock.text, if times.shared { ", shared" } else { "" });
    html! {
        <tr>
            <td>{ name }</td>
            <td>{ chart(&times.held, "held") }</td>
            <td>{ chart(&times.waited, "waited") }</td>
        </tr>
    }
}

/// The histogram as bars, one to a power of two, and the same in words.
fn chart(spread: &Spread, class: &'static str) -> Html {
    let most = spread.bars.iter().map(|bar| bar.2).max().unwrap_or(0).max(1);
    let (width, height) = (5.0, 22.0);
    let of = spread.bars.len() as f64 * width;
    html! {
        <div class="spread">
            if spread.count > 0 {
                <svg class={class} viewBox={format!("0 0 {of} {height}")} width={of.to_string()} height={height.to_string()} aria-hidden="true">
                    { for spread.bars.iter().enumerate().map(|(i, (from, to, n))| {
                        let h = if *n == 0 { 0.0 } else { (*n as f64 / most as f64 * (height - 2.0)).max(1.5) };
                        html! { <rect x={(i as f64 * width).to_string()} y={format!("{:.1}", height - h)} width="4" height={format!("{h:.1}")}>
                            <title>{ format!("{} to {}: {n}", nanos(*from), nanos(*to)) }</title></rect> }
                    }) }
                </svg>
            }
            <span>{ spread.in_words() }</span>
        </div>
    }
}

/// Runs under several policies.
#[derive(Properties, PartialEq)]
pub struct ComparedProps {
    /// What each came to.
    pub summaries: Vec<Summary>,
    /// How finely the clock ticks, in ns, if locks were metered.
    pub tick: Option<u64>,
}

/// The figures of each policy beside those of the others.
#[component]
pub fn Compared(props: &ComparedProps) -> Html {
    let most = props.summaries.iter().map(Summary::rate).fold(1.0, f64::max);
    let cells = |cell: &dyn Fn(&Summary) -> Html| -> Html {
        props.summaries.iter().map(|it| html! { <td>{ cell(it) }</td> }).collect()
    };
    let number = |of: fn(&Summary) -> u64| cells(&|it| html! { grouped(of(it)) });
    let waited = |it: &Summary| it.times.iter().map(|it| it.waited.count * it.waited.mean).sum::<u64>();
    html! {
        <>
            <table class="compared" id="compared">
                <caption class="mute">{ "The same loops under two policies, one after the other" }</caption>
                <thead><tr><th></th>{ for props.summaries.iter().map(|it| html! { <th><b>{ policy_in_words(it.policy) }</b></th> }) }</tr></thead>
                <tbody>
                    <tr><th>{ "operations a second" }</th>{ cells(&|it| html! {
                        <><span class="amount" style={format!("width: {:.1}%", it.rate() / most * 55.0)} />{ grouped(it.rate() as u64) }</>
                    }) }</tr>
                    <tr><th>{ "operations" }</th>{ number(|it| it.operations) }</tr>
                    <tr><th>{ "failures" }</th>{ number(|it| it.failures) }</tr>
                    <tr><th>{ "waits" }</th>{ number(|it| it.waits) }</tr>
                    if props.tick.is_some() {
                        <tr><th>{ "waited for locks, all threads" }</th>{ cells(&|it| html! { nanos(waited(it)) }) }</tr>
                    }
                    <tr><th>{ "deadlock" }</th>{ cells(&|it| html! { { if it.stuck { "stood still" } else { "none stood" } } }) }</tr>
                </tbody>
            </table>
            if props.tick.is_some() {
                <div class="pair">
                    { for props.summaries.iter().map(|it| html! {
                        <div>
                            <h3>{ policy_in_words(it.policy) }</h3>
                            <Times times={it.times.clone()} tick={props.tick} />
                        </div>
                    }) }
                </div>
            }
        </>
    }
}
