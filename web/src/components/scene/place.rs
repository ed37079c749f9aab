//! Where everything in the scene is. Places never depend on who holds what, only tokens do.
//!
//! An actor's token stands on the lock that it took last, else where it waits, else in the global lock's box when it
//! holds that one's shared side, else on the floor. One that waits while it holds reaches for what it waits for.

use p2mscope_core::view::{ActorView, Cell, DomainScene, GlobalBox, LockBox, RingView, Scene, State};

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
/// More cells than that in a domain are small squares in a field of this height.
const MANY: usize = 18;
const FIELD: f32 = 220.0;
/// A cell that is narrower has no room for words.
pub const WORDS: f32 = 60.0;
/// How far from its left edge a ring's slots begin.
pub const RING_TEXT: f32 = 136.0;
/// Letters of a name that fit there.
const RING_LETTERS: usize = 17;

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
    /// The rings.
    pub rings: Vec<(Rect, &'a RingView)>,
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
pub fn plan<'a>(scene: &'a Scene, rings: &'a [RingView], actors: &[ActorView]) -> Plan<'a> {
    let mut places = Vec::new();
    let (bands, mut y) = bands(&scene.domains);
    for band in &bands {
        places.extend(band.groups.iter().filter_map(place_of_group));
        places.push(place_of_global(&band.domain.global, band.global));
    }
    let spare = spare(&bands, scene.locks.len() + rings.len());
    let boxes = boxes(&scene.locks, spare, &mut y);
    places.extend(boxes.iter().map(|&(rect, it)| Place {
        lock: it.lock.id,
        rect,
        holder: it.holder.as_ref().map(|holder| (holder.actor, holder.since)),
        queue: it.queue.clone(),
    }));
    let rings = ring_boxes(rings, spare.map(|it| it.below(boxes.len())), &mut y);
    let height = (y + 2.0).max(LOW);
    let zones = zones(height);
    let mut plan =
        Plan { height, bands, boxes, rings, zones, spots: Vec::new(), flags: Vec::new(), reaches: Vec::new() };
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
    if domain.cells.len() > MANY {
        return (Band { domain, global, groups: field(domain, Rect { y: top, h: FIELD, ..room }) }, top + FIELD + GAP);
    }
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

/// Very many cells: small squares, as large as the field allows.
fn field(domain: &DomainScene, room: Rect) -> Vec<Group<'_>> {
    let n = domain.cells.len() as f32;
    let side = (1..).map(|columns| room.w / columns as f32).find(|side| (n / (room.w / side)).ceil() * side <= room.h);
    let side = side.unwrap_or(1.0);
    let columns = (room.w / side).round() as usize;
    let gap = (side * 0.1).min(3.0);
    let place = |(i, cell)| {
        let (row, column) = (i / columns, i % columns);
        let (x, y) = (room.x + column as f32 * side, room.y + row as f32 * side);
        let rect = Rect { x, y, w: side - gap, h: side - gap };
        Group { rect, cells: vec![(rect, cell)] }
    };
    domain.cells.iter().enumerate().map(place).collect()
}

/// Where locks and rings stand beside the cells, one below the other, if there is room for all of them.
fn spare(bands: &[Band], wanted: usize) -> Option<Rect> {
    let [band] = bands else { return None };
    let last = band.groups.last()?.rect;
    let x = last.x + last.w + 2.0 * GAP;
    let rect = Rect { x, y: last.y, w: band.global.x + band.global.w - x, h: GLOBAL };
    let one_row = band.groups.first()?.rect.y == last.y && last.h == CELL;
    (one_row && rect.w >= 150.0 && wanted as f32 * (GLOBAL + GAP) <= CELL + QUEUE).then_some(rect)
}

impl Rect {
    /// The `n`th of such rectangles below it.
    fn below(self, n: usize) -> Rect {
        Rect { y: self.y + n as f32 * (self.h + GAP), ..self }
    }
}

fn boxes<'a>(locks: &'a [LockBox], spare: Option<Rect>, y: &mut f32) -> Vec<(Rect, &'a LockBox)> {
    if locks.is_empty() {
        return Vec::new();
    }
    if let Some(first) = spare {
        return locks.iter().enumerate().map(|(i, it)| (first.below(i), it)).collect();
    }
    let width = WIDTH - ASIDE - 4.0;
    let w = ((width - GAP * (locks.len() as f32 - 1.0)) / locks.len() as f32).min(250.0);
    let at = |i: usize| Rect { x: 2.0 + i as f32 * (w + GAP), y: *y, w, h: GLOBAL };
    let boxes = locks.iter().enumerate().map(|(i, it)| (at(i), it)).collect();
    *y += GLOBAL + GAP;
    boxes
}

/// The rings, one below the other, or two in a row.
fn ring_boxes<'a>(rings: &'a [RingView], spare: Option<Rect>, y: &mut f32) -> Vec<(Rect, &'a RingView)> {
    if let Some(first) = spare {
        return rings.iter().enumerate().map(|(i, it)| (first.below(i), it)).collect();
    }
    let width = WIDTH - ASIDE - 4.0;
    let in_a_row = rings.len().clamp(1, 2);
    let w = (width - GAP * (in_a_row as f32 - 1.0)) / in_a_row as f32;
    let at = |i: usize| Rect {
        x: 2.0 + (i % in_a_row) as f32 * (w + GAP),
        y: *y + (i / in_a_row) as f32 * (GLOBAL + GAP),
        w,
        h: GLOBAL,
    };
    let all: Vec<_> = rings.iter().enumerate().map(|(i, it)| (at(i), it)).collect();
    *y += rings.len().div_ceil(in_a_row) as f32 * (GLOBAL + GAP);
    all
}

/// A ring's name as far as it fits.
pub fn clipped(name: &str) -> String {
    let name = name.strip_prefix("the ").unwrap_or(name);
    match name.chars().count() {
        n if n <= RING_LETTERS => name.to_owned(),
        _ => name.chars().take(RING_LETTERS - 1).chain(['\u{2026}']).collect(),
    }
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
            false if self.is_small() => (self.rect.mid(), self.rect.y + self.rect.h / 2.0),
            false => (self.rect.mid(), self.rect.y + 45.0),
        }
    }

    /// A box with words beside its tokens.
    fn is_flat(&self) -> bool {
        self.rect.h < CELL && !self.is_small()
    }

    /// One of very many cells.
    fn is_small(&self) -> bool {
        self.rect.w < WORDS
    }

    /// How large its holder's token is.
    fn scale(&self) -> f32 {
        match self.is_small() {
            true => (self.rect.w / 34.0).clamp(0.35, 1.0),
            false if self.is_flat() => 0.86,
            false => 1.0,
        }
    }

    /// The place in front of it for one who is `n`th in the queue.
    fn queue_spot(&self, n: usize) -> (f32, f32) {
        let n = n as f32;
        match self.is_flat() {
            true => (self.rect.x + self.rect.w - 20.0 - n * 30.0, self.rect.y + self.rect.h / 2.0),
            // Over the cell's own corner, since the next one is close below.
            false if self.is_small() => (self.rect.x + self.rect.w + n * 10.0, self.rect.y + self.rect.h),
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
        (Some(on), _) => spot(me, on.middle(), on.scale()),
        (None, Some(at)) => spot(me, at, wanted.map_or(0.8, |it| 0.8 * it.scale())),
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
    // Whoever sleeps for a ring stands at it.
    let at_ring = plan.rings.iter().find_map(|(rect, ring)| {
        let n = ring.for_room.iter().chain(&ring.for_request).position(|who| *who == me)?;
        Some((rect.x + rect.w - 20.0 - n as f32 * 26.0, rect.y + rect.h / 2.0))
    });
    if let (Some(at), true) = (at_ring, asleep) {
        return spot(me, at, 0.8);
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
