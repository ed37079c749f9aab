//! Where everything in the scene is. Places never depend on who holds what, only tokens do.
//!
//! An actor's token stands on the lock that it took last, else where it waits, else in the global lock's box when it
//! holds that one's shared side, else on the floor. One that waits while it holds reaches for what it waits for.

use p2mscope_core::view::{ActorView, Cell, DomainScene, GlobalBox, LockBox, Scene, State};

/// How wide the drawing is.
pub const WIDTH: f32 = 640.0;
const GAP: f32 = 6.0;
const GLOBAL: f32 = 34.0;
const CELL: f32 = 88.0;
const QUEUE: f32 = 34.0;
/// The width of the zones at the right, for tokens without a lock.
const ASIDE: f32 = 128.0;
/// How high the drawing is at least.
const LOW: f32 = 172.0;
/// Cells in a row, at the most.
const ROW: usize = 6;
/// Cells of all domains together that have room in one row.
const TOGETHER: usize = 5;

/// A rectangle of the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Its left edge.
    pub x: f32,
    /// Its upper edge.
    pub y: f32,
    /// Its width.
    pub w: f32,
    /// Its height.
    pub h: f32,
}

impl Rect {
    /// The middle from left to right.
    pub fn mid(&self) -> f32 {
        self.x + self.w / 2.0
    }

    /// The smallest rectangle around both.
    fn around(self, other: Rect) -> Rect {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let (right, low) = ((self.x + self.w).max(other.x + other.w), (self.y + self.h).max(other.y + other.h));
        Rect { x, y, w: right - x, h: low - y }
    }
}

/// Where a token is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Whose.
    pub actor: u8,
    /// Its middle.
    pub x: f32,
    /// Its middle.
    pub y: f32,
    /// 1 for one that stands.
    pub scale: f32,
}

/// An actor that holds something reaches for a lock that somebody else has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reach {
    /// Whose.
    pub actor: u8,
    /// From its token.
    pub from: (f32, f32),
    /// To its place in the queue.
    pub to: (f32, f32),
}

/// Cells that one lock guards: the same for all of them under 1 GB ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'a> {
    /// Around all of its cells.
    pub rect: Rect,
    /// Its cells.
    pub cells: Vec<(Rect, &'a Cell)>,
}

/// A domain's part of the scene.
pub struct Band<'a> {
    /// The domain.
    pub domain: &'a DomainScene,
    /// The global lock's box.
    pub global: Rect,
    /// Its cells by lock.
    pub groups: Vec<Group<'a>>,
}

/// A part of the floor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zone {
    /// Where.
    pub rect: Rect,
    /// What it is for.
    pub label: &'static str,
}

/// The whole drawing.
pub struct Plan<'a> {
    /// How high it is.
    pub height: f32,
    /// The domains, one below the other.
    pub bands: Vec<Band<'a>>,
    /// The locks that are neither ranges nor global.
    pub boxes: Vec<(Rect, &'a LockBox)>,
    /// Where tokens without a lock are.
    pub zones: [Zone; 3],
    /// Each actor's token, once, in the order of actors.
    pub spots: Vec<Spot>,
    /// What a token has left behind: held by an actor that stands elsewhere.
    pub flags: Vec<Spot>,
    /// Who reaches for what.
    pub reaches: Vec<Reach>,
}

/// Something that can be stood on: a lock with its place.
struct Place {
    lock: u64,
    rect: Rect,
    holder: Option<(u8, Option<usize>)>,
    queue: Vec<u8>,
}

/// Lays the scene out.
pub fn plan<'a>(scene: &'a Scene, actors: &[ActorView]) -> Plan<'a> {
    let mut places = Vec::new();
    let (bands, mut y) = bands(&scene.domains);
    for band in &bands {
        places.extend(band.groups.iter().filter_map(place_of_group));
        places.push(place_of_global(&band.domain.global, band.global));
    }
    let boxes = boxes(&scene.locks, &mut y);
    places.extend(boxes.iter().map(|&(rect, it)| Place {
        lock: it.lock.id,
        rect,
        holder: it.holder.as_ref().map(|holder| (holder.actor, holder.since)),
        queue: it.queue.clone(),
    }));
    let height = (y + 2.0).max(LOW);
    let zones = zones(height);
    let mut plan = Plan { height, bands, boxes, zones, spots: Vec::new(), flags: Vec::new(), reaches: Vec::new() };
    let mut crowd = [0_u8; 3];
    for actor in actors {
        stand(&mut plan, &places, scene, actor, &mut crowd);
    }
    plan
}

/// Lays the domains out, side by side where there are few cells; and says where they end.
fn bands(domains: &[DomainScene]) -> (Vec<Band<'_>>, f32) {
    let width = WIDTH - ASIDE - 4.0;
    let weight = |domain: &DomainScene| domain.cells.len().max(1);
    let all: usize = domains.iter().map(weight).sum();
    let (mut x, mut y) = (2.0, 2.0);
    let mut bands = Vec::new();
    if domains.len() > 1 && all <= TOGETHER {
        let room = width - 2.0 * GAP * (domains.len() as f32 - 1.0);
        let mut low = y;
        for domain in domains {
            let w = room * weight(domain) as f32 / all as f32;
            let (band, end) = band(domain, Rect { x, y, w, h: 0.0 }, weight(domain));
            (x, low) = (x + w + 2.0 * GAP, end.max(low));
            bands.push(band);
        }
        return (bands, low);
    }
    for domain in domains {
        let (band, end) = band(domain, Rect { x, y, w: width, h: 0.0 }, weight(domain).clamp(3, ROW));
        y = end;
        bands.push(band);
    }
    (bands, y)
}

/// Lays a domain out at the top of `room`, so many cells in a row; and says where it ends.
fn band(domain: &DomainScene, room: Rect, in_a_row: usize) -> (Band<'_>, f32) {
    let global = Rect { h: GLOBAL, ..room };
    let top = room.y + GLOBAL + GAP;
    let w = (room.w - GAP * (in_a_row as f32 - 1.0)) / in_a_row as f32;
    let mut groups: Vec<Group> = Vec::new();
    for (i, cell) in domain.cells.iter().enumerate() {
        let (row, column) = (i / in_a_row, i % in_a_row);
        let (x, y) = (room.x + column as f32 * (w + GAP), top + row as f32 * (CELL + QUEUE + GAP));
        let rect = Rect { x, y, w, h: CELL };
        let shares_lock = |group: &&mut Group| {
            cell.lock.is_some() && column > 0 && group.cells.last().is_some_and(|(_, last)| last.lock == cell.lock)
        };
        match groups.last_mut().filter(shares_lock) {
            Some(group) => {
                group.rect = group.rect.around(rect);
                group.cells.push((rect, cell));
            }
            None => groups.push(Group { rect, cells: vec![(rect, cell)] }),
        }
    }
    let rows = domain.cells.len().div_ceil(in_a_row).max(1);
    (Band { domain, global, groups }, top + rows as f32 * (CELL + QUEUE + GAP))
}

fn boxes<'a>(locks: &'a [LockBox], y: &mut f32) -> Vec<(Rect, &'a LockBox)> {
    if locks.is_empty() {
        return Vec::new();
    }
    let width = WIDTH - ASIDE - 4.0;
    let w = ((width - GAP * (locks.len() as f32 - 1.0)) / locks.len() as f32).min(166.0);
    let at = |i: usize| Rect { x: 2.0 + i as f32 * (w + GAP), y: *y, w, h: GLOBAL + 6.0 };
    let boxes = locks.iter().enumerate().map(|(i, it)| (at(i), it)).collect();
    *y += GLOBAL + 6.0 + QUEUE + GAP;
    boxes
}

fn zones(height: f32) -> [Zone; 3] {
    let x = WIDTH - ASIDE + 8.0;
    let part = (height - 4.0 - 2.0 * GAP) / 4.0;
    let zone = |y: f32, h: f32, label| Zone { rect: Rect { x, y, w: ASIDE - 10.0, h }, label };
    [
        zone(2.0, 2.0 * part, "holds nothing"),
        zone(2.0 + 2.0 * part + GAP, part, "asleep"),
        zone(2.0 + 3.0 * part + 2.0 * GAP, part, "ended"),
    ]
}

fn place_of_group(group: &Group) -> Option<Place> {
    let (_, cell) = group.cells.first()?;
    let holder = cell.holder.as_ref().map(|holder| (holder.actor, holder.since));
    Some(Place { lock: cell.lock.as_ref()?.id, rect: group.rect, holder, queue: cell.queue.clone() })
}

fn place_of_global(global: &GlobalBox, rect: Rect) -> Place {
    let holder = global.exclusive.as_ref().map(|holder| (holder.actor, holder.since));
    Place { lock: global.lock.id, rect, holder, queue: global.queue.iter().map(|(actor, _)| *actor).collect() }
}

/// How far from its left edge a flat box has its first token: beside the text, where there is room.
fn beside_text(rect: &Rect) -> f32 {
    148.0_f32.min(rect.w - 76.0)
}

impl Place {
    /// Where its holder stands.
    fn middle(&self) -> (f32, f32) {
        match self.is_flat() {
            true => (self.rect.x + beside_text(&self.rect), self.rect.y + self.rect.h / 2.0),
            false => (self.rect.mid(), self.rect.y + 45.0),
        }
    }

    fn is_flat(&self) -> bool {
        self.rect.h < CELL
    }

    /// The place in front of it for one who is `n`th in the queue.
    fn queue_spot(&self, n: usize) -> (f32, f32) {
        let n = n as f32;
        match self.is_flat() {
            true => (self.rect.x + self.rect.w - 20.0 - n * 30.0, self.rect.y + self.rect.h / 2.0),
            false => (self.rect.mid() + n * 24.0, self.rect.y + self.rect.h + 18.0),
        }
    }
}

/// Puts an actor's token down, with what it has left behind and what it reaches for.
fn stand(plan: &mut Plan, places: &[Place], scene: &Scene, actor: &ActorView, crowd: &mut [u8; 3]) {
    let me = actor.actor;
    let mut held: Vec<&Place> = places.iter().filter(|it| it.holder.is_some_and(|(who, _)| who == me)).collect();
    held.sort_by_key(|it| it.holder.and_then(|(_, since)| since));
    let wanted = match &actor.state {
        State::Waits { lock, .. } => places.iter().find(|it| it.lock == lock.id),
        _ => None,
    };
    let waits_at = wanted.map(|it| it.queue_spot(it.queue.iter().position(|who| *who == me).unwrap_or(0)));
    let asleep = matches!(actor.state, State::Asleep { .. });
    let on = if asleep { None } else { held.pop() };
    plan.flags.extend(held.iter().map(|it| spot(me, it.middle(), 0.62)));
    let stands = match (on, waits_at) {
        (Some(on), _) => spot(me, on.middle(), if on.is_flat() { 0.86 } else { 1.0 }),
        (None, Some(at)) => spot(me, at, 0.8),
        (None, None) => off_lock(plan, scene, actor, crowd),
    };
    if let (Some(_), Some(to)) = (on, waits_at) {
        plan.reaches.push(Reach { actor: me, from: (stands.x, stands.y), to });
    }
    plan.spots.push(stands);
}

/// Where an actor is that neither stands on a lock nor waits for one.
fn off_lock(plan: &Plan, scene: &Scene, actor: &ActorView, crowd: &mut [u8; 3]) -> Spot {
    let me = actor.actor;
    let shared = scene.domains.iter().enumerate().find_map(|(band, domain)| {
        let n = domain.global.shared.iter().position(|holder| holder.actor == me)?;
        Some((band, n))
    });
    let ended = matches!(actor.state, State::Ended);
    let asleep = matches!(actor.state, State::Asleep { .. });
    if let (Some((band, n)), false, false) = (shared, ended, asleep) {
        let rect = plan.bands[band].global;
        return spot(me, (rect.x + beside_text(&rect) + n as f32 * 30.0, rect.y + rect.h / 2.0), 0.86);
    }
    let zone = if ended { 2 } else { usize::from(asleep) };
    let rect = plan.zones[zone].rect;
    let n = f32::from(crowd[zone]);
    crowd[zone] += 1;
    let in_a_row = if zone == 0 { 4.0 } else { 6.0 };
    let (row, column) = ((n / in_a_row).floor(), n % in_a_row);
    let apart = (rect.w - 32.0) / (in_a_row - 1.0);
    spot(me, (rect.x + 16.0 + column * apart, rect.y + 28.0 + row * 28.0), if zone == 0 { 0.8 } else { 0.6 })
}

fn spot(actor: u8, (x, y): (f32, f32), scale: f32) -> Spot {
    Spot { actor, x, y, scale }
}
