//! The scene: the ranges of each domain, their locks, and the actors that stand on them, queue, or sleep.

mod place;

use p2mscope_core::addr::DomGfn;
use p2mscope_core::view::{Cell, DomainScene, LockBox};
use yew::prelude::*;

use self::place::{Band, Group, Plan, Reach, Rect, Spot, WIDTH};
use super::panel::Panel;
use super::token::{Token, colour};
use crate::hooks::{Ui, use_ui};
use crate::moment::{Moment, Shown, id, mapped};
use crate::state::{Action, Mode};

/// The panel.
#[component]
pub fn Stage(props: &super::Props) -> Html {
    let ui = use_ui();
    let moment = &props.moment;
    let controls = if ui.mode == Mode::Step { super::beside::choice(&ui) } else { Html::default() };
    let note = match moment.scene.policy {
        "global" => "one lock guards the whole table",
        "unlocked" => "look-ups take no lock; updates take the whole table",
        "1g" => "one lock for each GB; darker: waited for longer",
        "4k" => "one lock for each page, beside the cells; a cell is its 2 MB as a whole",
        "rw" => "one lock for each cell of 2 MB, which lookers share; darker: waited for longer",
        _ => "one lock for each cell of 2 MB; darker: waited for longer",
    };
    html! {
        <Panel id="scene" title="Ranges" {note} {controls}>
            { drawing(moment, &ui) }
        </Panel>
    }
}

/// The ranges of a moment, drawn and in words.
pub fn drawing(moment: &Shown, ui: &Ui) -> Html {
    let plan = place::plan(&moment.scene, &moment.actors);
    html! {
        <>
            <svg class="scene" viewBox={format!("0 0 {WIDTH} {}", plan.height)} role="img"
                aria-label="Who stands on which range; the same in words follows">
                <Arrows />
                { for plan.bands.iter().map(|band| draw_band(band, moment, ui)) }
                { for plan.boxes.iter().map(|(rect, it)| draw_box(rect, it)) }
                { for plan.zones.iter().map(|zone| html! {
                    <g class="zone">
                        <rect x={px(zone.rect.x)} y={px(zone.rect.y)} width={px(zone.rect.w)} height={px(zone.rect.h)} rx="8" />
                        <text x={px(zone.rect.x + 9.0)} y={px(zone.rect.y + 13.0)}>{ zone.label }</text>
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
    let heat = match cell.heat {
        0 => 0,
        1..=4 => 1,
        5..=15 => 2,
        16..=50 => 3,
        _ => 4,
    };
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
    html! {
        <g class={classes!("cell", shown.then_some("shown"))} onclick={pick}>
            <title>{ format!("gfn {:#x} to {:#x}, {} leaves", cell.first_gfn, cell.first_gfn + 512 * cell.span - 1, cell.leaves) }</title>
            <rect x={px(x)} y={px(y)} width={px(w)} height={px(h)} rx="8" style={format!("fill: var(--heat{heat})")} />
            <text class="what" x={px(x + 8.0)} y={px(y + 16.0)}>{ cell.index }</text>
            <text class="gfn" x={px(x + w - 8.0)} y={px(y + 16.0)}>{ format!("{:#x}", cell.first_gfn) }</text>
            <text class="mute mid" x={px(x + w / 2.0)} y={px(y + h - 7.0)}>{ kinds }</text>
            if cell.cut {
                <text class="mute mid" x={px(x - 3.0)} y={px(y + h / 2.0)}>{ "\u{2026}" }</text>
            }
        </g>
    }
}

fn draw_box(rect: &Rect, it: &LockBox) -> Html {
    let held = it.holder.as_ref();
    html! {
        <g class={classes!("global", held.map(|_| "held"))} style={held.map(|holder| colour(id(holder.actor)))}>
            <rect x={px(rect.x)} y={px(rect.y)} width={px(rect.w)} height={px(rect.h)} rx="8" />
            <text class="what" x={px(rect.x + 10.0)} y={px(rect.y + 24.0)}>{ &it.lock.text }</text>
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
