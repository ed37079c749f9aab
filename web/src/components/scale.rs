//! Scale: how the work of one actor would go on up to 256 processors, in virtual time.

mod chart;

use p2mscope_core::lesson::Spread;
use p2mscope_core::machine::Form;
use p2mscope_core::scale::{COUNTS, Line, Waiters};
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use self::chart::Chart;
use super::head::policy_in_words;
use super::panel::Panel;
use crate::hooks::{Ui, use_ui};
use crate::state::{Action, Dot, Settings};

/// The panel.
#[component]
pub fn ScalePanel(props: &super::Props) -> Html {
    let ui = use_ui();
    let scale = &ui.scale;
    let lines = scale.answers.as_ref().map(|it| it.settings.lines()).unwrap_or_default();
    let note = "copies of one actor, each on a processor of its own, in virtual time: computed, not measured";
    html! {
        <Panel id="scale" title="Scale: up to 256 virtual processors" {note}>
            { controls(&ui, &props.moment) }
            <div role="status" id="scale-says">{ says(&ui, lines.len()) }</div>
            if !scale.dots.is_empty() {
                <div class="scale-shown">
                    <Chart names={lines.iter().map(|line| in_words(*line)).collect::<Vec<_>>()} dots={scale.dots.clone()} />
                    { table(&lines, &scale.dots) }
                </div>
            }
        </Panel>
    }
}

/// What a line is called.
fn in_words(line: Line) -> String {
    match line.policy.range_bits() {
        None => policy_in_words(line.policy).to_owned(),
        Some(_) => format!("{}, {}", policy_in_words(line.policy), form_in_words(line.form)),
    }
}

fn form_in_words(form: Form) -> &'static str {
    match form {
        Form::Spinlock => "spinlock",
        Form::Atomic => "one count",
        Form::Percpu => "a count each",
    }
}

fn spread_in_words(spread: Spread) -> &'static str {
    match spread {
        Spread::Page => "all on one page",
        Spread::Range => "own pages, one 2 MB range",
        Spread::Ranges => "own 2 MB ranges",
        Spread::Gigabytes => "own gigabytes",
        Spread::Random => "anywhere, at random",
    }
}

fn waiters_in_words(waiters: Waiters) -> &'static str {
    match waiters {
        Waiters::Queue => "in a queue",
        Waiters::Spin => "all spinning on its line",
        Waiters::Backoff => "spin, then sleep",
    }
}

fn controls(ui: &Ui, moment: &crate::moment::Moment) -> Html {
    let now = ui.scale.settings;
    let actors: Vec<String> = (0..moment.actors.len() as u8).map(|n| moment.name(n)).collect();
    let spreads = Spread::ALL.map(|it| spread_in_words(it.1).to_owned());
    let forms: Vec<String> = Form::ALL
        .iter()
        .rev()
        .map(|it| form_in_words(it.1).to_owned())
        .chain(["all three, 2 MB ranges".to_owned()])
        .collect();
    let form = |n: usize| Form::ALL.iter().rev().nth(n).map(|it| it.1);
    let waiters = Waiters::ALL.map(|it| waiters_in_words(it.1).to_owned());
    let chosen_form = (0..4).position(|n| form(n) == now.form);
    html! {
        <div class="scale-controls">
            { select(ui, "copies of", actors, Some(now.actor), move |s, n| Settings { actor: n, ..s }) }
            { select(ui, "work on", spreads.to_vec(), Spread::ALL.iter().position(|it| it.1 == now.spread),
                |s, n| Settings { spread: Spread::ALL.get(n).map_or(s.spread, |it| it.1), ..s }) }
            { select(ui, "shared side", forms, chosen_form, move |s, n| Settings { form: form(n), ..s }) }
            { select(ui, "who waits", waiters.to_vec(), Waiters::ALL.iter().position(|it| it.1 == now.waiters),
                |s, n| Settings { waiters: Waiters::ALL.get(n).map_or(s.waiters, |it| it.1), ..s }) }
            { number(ui, "atomic operation", "scale-atomic", now.atomic, 1000.0, |s, ns| Settings { atomic: ns, ..s }) }
            { number(ui, "line transfer", "scale-transfer", now.transfer, 10_000.0, |s, ns| Settings { transfer: ns, ..s }) }
            { number(ui, "time elsewhere", "scale-pause", now.pause, 1_000_000.0, |s, ns| Settings { pause: ns, ..s }) }
            if ui.scale.inquiry.is_some() {
                <button onclick={on(ui, Action::StopScale)}>{ "Stop" }</button>
            } else {
                <button class="primary" onclick={on(ui, Action::Scale)}>{ "Compute" }</button>
            }
        </div>
    }
}

fn on(ui: &Ui, action: Action) -> Callback<MouseEvent> {
    let ui = ui.clone();
    Callback::from(move |_| ui.dispatch(action.clone()))
}

fn select(
    ui: &Ui,
    label: &'static str,
    options: Vec<String>,
    chosen: Option<usize>,
    set: impl Fn(Settings, usize) -> Settings + 'static,
) -> Html {
    let ui = ui.clone();
    let onchange = Callback::from(move |event: Event| {
        let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
        if let Some(n) = select.and_then(|select| usize::try_from(select.selected_index()).ok()) {
            ui.dispatch(Action::ScaleSettings(set(ui.scale.settings, n)));
        }
    });
    html! {
        <label class="labelled">{ label }
            <select {onchange}>
                { for options.into_iter().enumerate().map(|(n, option)| html! {
                    <option selected={chosen == Some(n)}>{ option }</option>
                }) }
            </select>
        </label>
    }
}

/// A number of nanoseconds; what is none, or out of bounds, is not taken.
fn number(
    ui: &Ui,
    label: &'static str,
    id: &'static str,
    value: f64,
    most: f64,
    set: impl Fn(Settings, f64) -> Settings + 'static,
) -> Html {
    let ui = ui.clone();
    let onchange = Callback::from(move |event: Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        match input.value().parse::<f64>() {
            Ok(ns) if (0.0..=most).contains(&ns) => ui.dispatch(Action::ScaleSettings(set(ui.scale.settings, ns))),
            _ => input.set_value(&value.to_string()),
        }
    });
    html! {
        <label class="labelled">{ label }
            <input {id} type="number" min="0" max={most.to_string()} step="any" value={value.to_string()} {onchange} />
            { "ns" }
        </label>
    }
}

fn says(ui: &Ui, lines: usize) -> Html {
    let scale = &ui.scale;
    let all = lines * COUNTS.len();
    let stale = scale.answers.as_ref().is_some_and(|it| it.settings != scale.settings);
    let failed: u64 = scale.dots.iter().map(|dot| dot.failures).sum();
    if let Some(why) = &scale.trouble {
        return html! { <p class="verdict found">{ format!("This cannot be computed: {why}") }</p> };
    }
    let text = match (&scale.inquiry, scale.dots.len()) {
        (Some(_), done) => format!("Computing: {done} of {all} points."),
        (None, 0) => "The same program, effect by effect. What an effect takes follows from the cache lines that it \
                      touches, so each lock costs what its words cost. Costs are those of one measured machine; \
                      `p2mscope scale --measure` measures yours."
            .to_owned(),
        (None, done) if done < all => format!("Stopped after {done} of {all} points."),
        (None, _) if stale => "These are the points of earlier settings.".to_owned(),
        (None, _) if failed > 0 => {
            format!("{failed} rounds ended with an error: the program does not leave the world as it was.")
        }
        (None, _) => "Done.".to_owned(),
    };
    html! { <p class="mute">{ text }</p> }
}

fn table(lines: &[Line], dots: &[Dot]) -> Html {
    let at = |line: usize, vcpus: usize| dots.iter().find(|dot| dot.line == line && dot.vcpus == vcpus);
    let cell = |line: usize, vcpus: usize| match at(line, vcpus) {
        None => html! { <td></td> },
        Some(dot) => html! {
            <td title={format!("waits {:.0} % of the time for locks, {:.0} % for lines; most is lost at {}", dot.waiting * 100.0, dot.moving * 100.0, dot.lost)}>
                { rate(dot.rate) }
                <small>{ dot.speedup.map(|by| format!(" \u{d7}{by:.1}")).unwrap_or_default() }</small>
            </td>
        },
    };
    let last = |line: usize| dots.iter().rfind(|dot| dot.line == line);
    html! {
        <div class="scale-tables">
            <table id="scale-table">
                <caption>{ "Rounds a second of all together, and times one processor's" }</caption>
                <thead><tr><th>{ "processors" }</th>{ for lines.iter().map(|line| html! { <th>{ in_words(*line) }</th> }) }</tr></thead>
                <tbody>
                    { for COUNTS.map(|vcpus| html! {
                        <tr><th scope="row">{ vcpus }</th>{ for (0..lines.len()).map(|line| cell(line, vcpus)) }</tr>
                    }) }
                </tbody>
            </table>
            <table>
                <caption>{ "At the right end: where time goes" }</caption>
                <thead><tr><th>{ "locks" }</th><th>{ "for locks" }</th><th>{ "for lines" }</th><th>{ "most is lost at" }</th></tr></thead>
                <tbody>
                    { for lines.iter().enumerate().filter_map(|(n, line)| last(n).map(|dot| html! {
                        <tr><th scope="row">{ in_words(*line) }</th><td>{ format!("{:.0} %", dot.waiting * 100.0) }</td>
                            <td>{ format!("{:.0} %", dot.moving * 100.0) }</td><td>{ &dot.lost }</td></tr>
                    })) }
                </tbody>
            </table>
        </div>
    }
}

/// A rate in three digits: `4.12 M`.
fn rate(per_second: f64) -> String {
    let (value, unit) = match per_second {
        x if x >= 1e9 => (x / 1e9, " G"),
        x if x >= 1e6 => (x / 1e6, " M"),
        x if x >= 1e3 => (x / 1e3, " k"),
        x => (x, ""),
    };
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn a_rate_has_three_digits() {
        let all = [0.0, 999.0, 4_115_226.0, 57_553_957.0, 142_857_142.0, 1.5e9].map(rate);
        assert_eq!(all, ["0.00", "999", "4.12 M", "57.6 M", "143 M", "1.50 G"]);
    }
}
