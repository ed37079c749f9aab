//! The scene: the ranges of each domain, their locks, and the actors that stand on them, queue, or sleep.

mod near;
mod place;

use p2mscope_core::addr::DomGfn;
use p2mscope_core::view::{ActorView, Cell, DomainScene, LockBox, PinView, RingView, Row};
use yew::prelude::*;

use self::place::{Band, Group, Plan, Reach, Rect, Spot, WIDTH};
use super::panel::Panel;
use super::say::key;
use super::token::{Token, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, Shown, id, mapped};
use crate::state::{Action, Command, Mode};

/// The panel.
#[component]
pub fn Stage(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let near = moment.near.as_ref();
    let controls = html! {
        <div class="faces">
            if near.is_none() {
                <Scale hot={moment.scene.hottest} live={ui.mode == Mode::Live} />
            }
            if ui.mode == Mode::Step && near.is_none() {
                { super::beside::choice(&ui) }
            }
            { zoom(&ui) }
        </div>
    };
    if let Some(near) = near {
        let title = format!("2 MB from {}:{:#x}", near.domain, near.first_gfn);
        let note = match near.whole {
            Some(9) => "one leaf of 2 MB maps all of it",
            Some(_) => "one leaf of 1 GB maps it and more",
            None => "each square is 4 KB",
        };
        return html! {
            <Panel id="scene" {title} {note} {controls}><near::Near zoom={near.clone()} /></Panel>
        };
    }
    let title = match moment.scene.policy {
        "global" => "Ranges: one lock for all",
        "unlocked" => "Ranges: no lock for look-ups",
        "1g" => "Ranges: a lock for each GB",
        "4k" => "Ranges: a lock for each page",
        "rw" => "Ranges: a lock each, shared by lookers",
        _ => "Ranges: a lock each",
    };
    html! {
        <Panel id="scene" {title} {controls}>
            { drawing(moment, &ui) }
        </Panel>
    }
}

/// The button that shows the range of the walk from near, or all ranges again.
fn zoom(ui: &Ui) -> Html {
    let near = ui.picked.near;
    let turn = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Do(Command::Near)))
    };
    let name = if near { "All ranges" } else { "From near" };
    html! { <button class="small" onclick={turn} title={ui.title(Command::Near)}>{ name }{ key(ui, Command::Near) }</button> }
}

/// What the colours of cells mean.
#[derive(Properties, PartialEq)]
struct ScaleProps {
    hot: u64,
    live: bool,
}

/// The scale of heat: where each shade begins.
#[component]
fn Scale(props: &ScaleProps) -> Html {
    let unit = if props.live { "% of the most" } else { "steps" };
    let from = |n: usize| if props.live { LIVE_FROM[n] } else { HEAT_FROM[n] };
    html! {
        <span class="heat-scale" title="How long actors have waited for a lock so far, summed over the actors">
            { "waited" }
            { for (0..HEAT_FROM.len()).map(|n| html! { <i style={format!("background: var(--heat{n})")}>{ from(n) }</i> }) }
            { unit }
        </span>
    }
}

/// Steps that were waited for a lock from which each shade begins; live, hundredths of what was waited for the longest.
const HEAT_FROM: [u64; 5] = [0, 1, 5, 16, 51];
const LIVE_FROM: [u64; 5] = [0, 1, 8, 26, 85];

/// The shade of a lock that was waited for so long.
fn shade(heat: u64) -> usize {
    HEAT_FROM.iter().rposition(|from| heat >= *from).unwrap_or(0)
}

/// The ranges of a moment, drawn and in words.
pub fn drawing(moment: &Shown, ui: &Ui) -> Html {
    let plan = place::plan(&moment.scene, &moment.rings, &moment.actors);
    html! {
        <>
            <svg class="scene" viewBox={format!("0 0 {WIDTH} {}", plan.height)} role="img"
                aria-label="Who stands on which range; the same in words follows">
                <Arrows />
                { for plan.bands.iter().map(|band| draw_band(band, moment, ui)) }
                { for plan.boxes.iter().map(|(rect, it)| draw_box(rect, it)) }
                { for plan.rings.iter().map(|(rect, it)| draw_ring(rect, it)) }
                { for plan.zones.iter().map(|zone| html! {
                    <g class="zone">
                        <rect x={px(zone.rect.x)} y={px(zone.rect.y)} width={px(zone.rect.w)} height={px(zone.rect.h)} rx="8" />
                        <text x={px(zone.rect.x + 9.0)} y={px(zone.rect.y + 13.0)}>{ zone.label }</text>
                        if zone.label == "asleep" {
                            <path class="bed" d={format!("M{:.1} {:.1}v-11m0 7h22v4m0-4v-4h-15v4", zone.rect.x + zone.rect.w - 32.0, zone.rect.y + 15.0)} />
                        }
                    </g>
                }) }
                { draw_actors(&plan, moment, ui) }
            </svg>
            <div class="unseen">
                <h3>{ "The ranges in words" }</h3>
                <ul>{ for in_words(moment).into_iter().map(|line| html! { <li>{ line }</li> }) }</ul>
            </div>
        </>
    }
}

/// The arrow heads that lines refer to.
#[component]
fn Arrows() -> Html {
    html! {
        <defs>
            <marker id="reach" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
                <path d="M0 .8 7.4 4 0 7.2Z" />
            </marker>
        </defs>
    }
}

fn draw_band(band: &Band, moment: &Shown, ui: &Ui) -> Html {
    let DomainScene { global, name, slot, .. } = band.domain;
    let rect = band.global;
    let held = global.exclusive.is_some();
    let others = match (&global.exclusive, global.shared.len()) {
        (Some(holder), _) => format!("whole table: {}", moment.name(holder.actor)),
        (None, 0) => "whole table: free".to_owned(),
        (None, n) => format!("whole table: {n} share it"),
    };
    html! {
        <g>
            <g class={classes!("global", held.then_some("held"), global.queued.then_some("queued"))}>
                <rect x={px(rect.x)} y={px(rect.y)} width={px(rect.w)} height={px(rect.h)} rx="8" />
                <text class="what" x={px(rect.x + 10.0)} y={px(rect.y + 15.0)}>{ name.clone() }</text>
                <text class="mute" x={px(rect.x + 10.0)} y={px(rect.y + 28.0)}>{ others }</text>
            </g>
            { for band.groups.iter().map(|group| draw_group(group, *slot, moment, ui)) }
        </g>
    }
}

fn draw_group(group: &Group, slot: u8, moment: &Shown, ui: &Ui) -> Html {
    let first = group.cells[0].1;
    let held = first.holder.as_ref();
    let style = held.map(|holder| colour(id(holder.actor)));
    let rect = group.rect;
    html! {
        <g class={classes!("range", held.map(|_| "held"), first.lock.is_none().then_some("bare"))} {style}>
            { for group.cells.iter().map(|(rect, cell)| draw_cell(rect, cell, slot, moment, ui)) }
            <rect class="rim" x={px(rect.x)} y={px(rect.y)} width={px(rect.w)} height={px(rect.h)} rx="8" />
            if let Some(holder) = held.filter(|holder| holder.depth > 1) {
                <text class="mute mid" x={px(rect.mid())} y={px(rect.y + rect.h - 18.0)}>{ format!("depth {}", holder.depth) }</text>
            }
        </g>
    }
}

fn draw_cell(rect: &Rect, cell: &Cell, slot: u8, moment: &Shown, ui: &Ui) -> Html {
    let Rect { x, y, w, h } = *rect;
    let heat = shade(cell.heat);
    let shown = moment.walk.as_ref().is_some_and(|walk| {
        walk.slot == slot && walk.gfn >= cell.first_gfn && walk.gfn < cell.first_gfn + 512 * cell.span
    });
    let kinds = match cell.types.as_slice() {
        [] => "empty".to_owned(),
        [(ty, n)] => format!("{ty}{}", if *n > 1 { format!(" \u{d7}{n}") } else { String::new() }),
        [(ty, _), rest @ ..] => format!("{ty} +{}", rest.len()),
    };
    let pick = {
        let all = cell.first_gfn..cell.first_gfn + 512 * cell.span;
        let here = |g: &DomGfn| g.dom.0 == moment.scene.domains[usize::from(slot)].id && all.contains(&g.gfn.0);
        let first = mapped(&moment.frames).into_iter().filter(here).map(|g| g.gfn.0).min();
        let (ui, gfn) = (ui.clone(), first.unwrap_or(cell.first_gfn));
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Pick(ui.picked.page(slot, gfn))))
    };
    let title = format!("gfn {:#x} to {:#x}, {kinds}", cell.first_gfn, cell.first_gfn + 512 * cell.span - 1);
    let near = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| ui.dispatch(Action::Do(Command::Near)))
    };
    let small = w < place::WORDS;
    html! {
        <g class={classes!("cell", shown.then_some("shown"), changes(cell, slot, moment).then_some("changed"))} onclick={pick} ondblclick={near}>
            <title>{ title }</title>
            <rect x={px(x)} y={px(y)} width={px(w)} height={px(h)} rx={if small { "3" } else { "8" }} style={format!("fill: var(--heat{heat})")} />
            if !small {
                <text class="what" x={px(x + 8.0)} y={px(y + 16.0)}>{ cell.index }</text>
                <text class="gfn" x={px(x + w - 8.0)} y={px(y + 16.0)}>{ format!("{:#x}", cell.first_gfn) }</text>
                <text class="mute mid" x={px(x + w / 2.0)} y={px(y + h - 7.0)}>{ kinds }</text>
                { draw_pins(rect, cell, slot, moment) }
            } else if w > 20.0 {
                <text class="tiny" x={px(x + 3.0)} y={px(y + 9.0)}>{ cell.index }</text>
            }
            if cell.cut {
                <path class="cut" d={format!("M{0:.1} {1:.1}l-3 5 5 4-3 5", x - 2.0, y + h / 2.0 - 7.0)} />
            }
        </g>
    }
}

/// Whether the last step changed an entry that maps a part of the cell.
fn changes(cell: &Cell, slot: u8, moment: &Moment) -> bool {
    let all = cell.first_gfn..cell.first_gfn + 512 * cell.span;
    moment.walk.as_ref().is_some_and(|walk| {
        walk.slot == slot
            && walk
                .levels
                .iter()
                .flat_map(|level| &level.rows)
                .any(|row| matches!(row, Row::Entry { changed: true, gfn, .. } if all.contains(gfn)))
    })
}

/// Frames that gets have pinned, as flags in the colours of those who did: the frame's name and how often it is counted.
fn draw_pins(rect: &Rect, cell: &Cell, slot: u8, moment: &Moment) -> Html {
    let all = cell.first_gfn..cell.first_gfn + 512 * cell.span;
    let domain = moment.scene.domains[usize::from(slot)].id;
    let pins = moment.actors.iter().flat_map(|actor| {
        actor.pins.iter().filter(|pin| pin.domain == domain && all.contains(&pin.gfn)).map(move |pin| (actor, pin))
    });
    let pins: Vec<_> = pins.collect();
    let flag = |(n, (actor, pin)): (usize, &(&ActorView, &PinView))| {
        let count = moment.frames.frames.iter().find(|frame| frame.mfn == pin.mfn).map_or(0, |frame| frame.count);
        let (x, y) = (rect.x + 9.0, rect.y + 25.0 + 15.0 * n as f32);
        let title =
            format!("{} pins {} by its get of gfn {:#x}; it is counted {count} times", actor.name, pin.frame, pin.gfn);
        html! {
            <g class="pin" style={colour(id(actor.actor))}>
                <title>{ title }</title>
                <path class="pole" d={format!("M{x:.1} {y:.1}v12")} />
                <path class="cloth" d={format!("M{x:.1} {y:.1}l9 3.2-9 3.2Z")} />
                <text x={px(x + 11.0)} y={px(y + 8.0)}>{ format!("{} {count}", pin.frame) }</text>
            </g>
        }
    };
    html! {
        <>
            { for pins.iter().take(3).enumerate().map(flag) }
            if pins.len() > 3 {
                <text class="tiny" x={px(rect.x + 8.0)} y={px(rect.y + 77.0)}>{ format!("+{}", pins.len() - 3) }</text>
            }
        </>
    }
}

/// A ring with its slots: what stands on them, what is set aside, what is free.
fn draw_ring(rect: &Rect, ring: &RingView) -> Html {
    const SLOT: f32 = 13.0;
    let used = ring.requests.len() as u64;
    let fit = ((rect.w - place::RING_TEXT - 70.0) / SLOT).max(1.0) as u64;
    let class = |n: u64| match n {
        n if n < used => "used",
        n if n < used + ring.claimed => "claimed",
        _ => "free",
    };
    let slot = |n: u64| {
        let title = ring.requests.get(n as usize).map_or(class(n).to_owned(), |it| format!("asks for {}", it.text));
        let x = rect.x + place::RING_TEXT + SLOT * n as f32;
        html! {
            <rect class={classes!("slot", class(n))} x={px(x)} y={px(rect.y + rect.h / 2.0 - 6.0)} width="11" height="12" rx="2"><title>{ title }</title></rect>
        }
    };
    html! {
        <g class={classes!("ring-of", ring.changed.then_some("changed"))}>
            <rect class="around" x={px(rect.x)} y={px(rect.y)} width={px(rect.w)} height={px(rect.h)} rx="8" />
            <text class="what" x={px(rect.x + 10.0)} y={px(rect.y + rect.h / 2.0 + 4.0)}>{ place::clipped(&ring.name) }</text>
            { for (0..ring.slots.min(fit)).map(slot) }
        </g>
    }
}

fn draw_box(rect: &Rect, it: &LockBox) -> Html {
    let held = it.holder.as_ref();
    html! {
        <g class={classes!("global", held.map(|_| "held"))} style={held.map(|holder| colour(id(holder.actor)))}>
            <rect x={px(rect.x)} y={px(rect.y)} width={px(rect.w)} height={px(rect.h)} rx="8" />
            <text class="what" x={px(rect.x + 10.0)} y={px(rect.y + rect.h / 2.0 + 4.0)}>{ &it.lock.text }</text>
        </g>
    }
}

fn draw_actors(plan: &Plan, moment: &Moment, ui: &Ui) -> Html {
    let small = |spot: &Spot, class: &'static str, name: bool| {
        let name = if name { moment.name(spot.actor) } else { String::new() };
        html! {
            <g {class} style={shift(spot.x, spot.y, spot.scale)}>
                <Token actor={id(spot.actor)} kind={moment.kind(spot.actor)} {name} />
            </g>
        }
    };
    html! {
        <>
            { for plan.flags.iter().map(|flag| small(flag, "flag", true)) }
            { for plan.reaches.iter().map(|reach| html! {
                <g>
                    <path class="reach" d={curve(reach)} marker-end="url(#reach)" />
                    { small(&Spot { actor: reach.actor, x: reach.to.0, y: reach.to.1, scale: 0.6 }, "wants", true) }
                </g>
            }) }
            { for plan.spots.iter().map(|spot| {
                let picked = ui.picked.actor == Some(id(spot.actor));
                let waits = moment.waits.stuck.contains(&spot.actor);
                let pick = {
                    let (ui, actor) = (ui.clone(), id(spot.actor));
                    Callback::from(move |_: MouseEvent| ui.dispatch(Action::Pick(ui.picked.actor(actor))))
                };
                html! {
                    <g key={spot.actor} class={classes!("stands", picked.then_some("picked"), waits.then_some("stuck"))}
                        style={shift(spot.x, spot.y, spot.scale)} onclick={pick}>
                        <circle class="halo" r="19" />
                        <Token actor={id(spot.actor)} kind={moment.kind(spot.actor)} name={moment.name(spot.actor)} />
                    </g>
                }
            }) }
        </>
    }
}

/// The arc from one who waits to its place in the queue.
fn curve(reach: &Reach) -> String {
    let ((x0, y0), (x1, y1)) = (reach.from, reach.to);
    // It leaves the token sideways and below, and comes to the queue from the side, clear of both.
    let side = if x1 > x0 { 1.0 } else { -1.0 };
    let (sx, sy) = (x0 + side * 13.0, y0 + 9.0);
    let (ex, ey) = (x1 - side * 13.0, y1);
    format!(
        "M{sx:.1} {sy:.1}C{:.1} {:.1} {:.1} {:.1} {ex:.1} {ey:.1}",
        sx + side * 22.0,
        sy + 26.0,
        ex - side * 34.0,
        ey
    )
}

/// The scene, a sentence a line, for those who do not see it.
fn in_words(moment: &Moment) -> Vec<String> {
    let mut lines = Vec::new();
    for domain in &moment.scene.domains {
        if let Some(holder) = &domain.global.exclusive {
            lines.push(format!("{} is held by {}.", domain.global.lock.text, moment.name(holder.actor)));
        } else if !domain.global.shared.is_empty() {
            let who = moment.names(domain.global.shared.iter().map(|holder| holder.actor));
            lines.push(format!("The shared side of {} is held by {who}.", domain.global.lock.text));
        }
        for cell in &domain.cells {
            let Some(lock) = &cell.lock else { continue };
            let holder = cell.holder.as_ref().map_or("nobody".to_owned(), |holder| moment.name(holder.actor));
            let queue = match cell.queue.as_slice() {
                [] => String::new(),
                queue => format!(" {} wait for it.", moment.names(queue.iter().copied())),
            };
            lines.push(format!("{}, from gfn {:#x}: held by {holder}.{queue}", lock.text, cell.first_gfn));
        }
    }
    for actor in &moment.actors {
        lines.extend(
            actor
                .pins
                .iter()
                .map(|pin| format!("{} pins {} by its get of {}:{:#x}.", actor.name, pin.frame, pin.domain, pin.gfn)),
        );
    }
    for ring in &moment.rings {
        let room = moment.names(ring.for_room.iter().copied());
        let room = if room.is_empty() { String::new() } else { format!(" {room} wait for room.") };
        lines.push(format!("{}: {} of {} slots used.{room}", ring.name, ring.requests.len(), ring.slots));
    }
    for it in &moment.scene.locks {
        let holder = it.holder.as_ref().map_or("nobody".to_owned(), |holder| moment.name(holder.actor));
        lines.push(format!("{}: held by {holder}.", it.lock.text));
    }
    if !moment.scene.asleep.is_empty() {
        lines.push(format!("Asleep: {}.", moment.names(moment.scene.asleep.iter().copied())));
    }
    if !moment.scene.ended.is_empty() {
        lines.push(format!("Ended: {}.", moment.names(moment.scene.ended.iter().copied())));
    }
    lines
}

fn shift(x: f32, y: f32, scale: f32) -> String {
    format!("transform: translate({x:.1}px, {y:.1}px) scale({scale})")
}

fn px(n: f32) -> String {
    format!("{n:.1}")
}
