//! Points and curves, and how they become path data.

use std::{
    fmt::Write,
    ops::{Add, Mul, Sub},
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pt {
    pub x: f64,
    pub y: f64,
}

pub const fn pt(x: f64, y: f64) -> Pt {
    Pt { x, y }
}

impl Add for Pt {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        pt(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Pt {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        pt(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f64> for Pt {
    type Output = Self;
    fn mul(self, by: f64) -> Self {
        pt(self.x * by, self.y * by)
    }
}

impl Pt {
    pub fn towards(self, other: Self, share: f64) -> Self {
        self + (other - self) * share
    }

    pub fn turned(self, angle: f64) -> Self {
        let (s, c) = angle.sin_cos();
        pt(self.x * c - self.y * s, self.x * s + self.y * c)
    }

    fn length(self) -> f64 {
        self.x.hypot(self.y)
    }
}

/// An upright rectangle round something.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub low: Pt,
    pub high: Pt,
}

impl Bounds {
    pub const EVERYTHING: Self = Self { low: pt(-1e9, -1e9), high: pt(1e9, 1e9) };

    /// Meets, with a little room for the width of a line.
    pub fn meets(self, other: Self) -> bool {
        let room = 12.0;
        self.low.x - room <= other.high.x
            && other.low.x <= self.high.x + room
            && self.low.y - room <= other.high.y
            && other.low.y <= self.high.y + room
    }

    pub fn shared(self, other: Self) -> Self {
        Self {
            low: pt(self.low.x.max(other.low.x), self.low.y.max(other.low.y)),
            high: pt(self.high.x.min(other.high.x), self.high.y.min(other.high.y)),
        }
    }

    pub fn middle(self) -> Pt {
        self.low.towards(self.high, 0.5)
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Seg {
    Line(Pt),
    Cubic(Pt, Pt, Pt),
}

#[derive(Clone, Debug)]
pub struct Curve {
    pub start: Pt,
    pub segs: Vec<Seg>,
    pub closed: bool,
}

impl Curve {
    pub fn line(points: &[Pt]) -> Self {
        Self { start: points[0], segs: points[1..].iter().map(|p| Seg::Line(*p)).collect(), closed: false }
    }

    pub fn polygon(points: &[Pt]) -> Self {
        Self { closed: true, ..Self::line(points) }
    }

    /// Part of a circle, clockwise on screen from angle `from` to angle `to`.
    pub fn arc(centre: Pt, radius: f64, from: f64, to: f64) -> Self {
        Self::oval_arc(centre, radius, radius, from, to)
    }

    pub fn oval_arc(centre: Pt, rx: f64, ry: f64, from: f64, to: f64) -> Self {
        let pieces = ((to - from).abs() / 2.1).ceil().max(1.0);
        let step = (to - from) / pieces;
        let k = 4.0 / 3.0 * (step / 4.0).tan();
        let on = |a: f64| centre + pt(rx * a.cos(), ry * a.sin());
        let along = |a: f64| pt(-rx * a.sin(), ry * a.cos()) * k;
        let segs = (0..pieces as usize)
            .map(|i| {
                let (a, b) = (from + step * i as f64, from + step * (i + 1) as f64);
                Seg::Cubic(on(a) + along(a), on(b) - along(b), on(b))
            })
            .collect();
        Self { start: on(from), segs, closed: false }
    }

    pub fn oval(centre: Pt, rx: f64, ry: f64) -> Self {
        Self { closed: true, ..Self::oval_arc(centre, rx, ry, 0.0, std::f64::consts::TAU) }
    }

    pub fn circle(centre: Pt, radius: f64) -> Self {
        Self::oval(centre, radius, radius)
    }

    pub fn rect(x: f64, y: f64, w: f64, h: f64) -> Self {
        Self::polygon(&[pt(x, y), pt(x + w, y), pt(x + w, y + h), pt(x, y + h)])
    }

    pub fn round_rect(x: f64, y: f64, w: f64, h: f64, r: f64) -> Self {
        let (q, pi) = (std::f64::consts::FRAC_PI_2, std::f64::consts::PI);
        let mut curve = Self::arc(pt(x + r, y + r), r, pi, pi + q);
        curve = curve.then(Self::arc(pt(x + w - r, y + r), r, -q, 0.0));
        curve = curve.then(Self::arc(pt(x + w - r, y + h - r), r, 0.0, q));
        curve.then(Self::arc(pt(x + r, y + h - r), r, q, pi)).close()
    }

    /// A soft line through all points.
    pub fn smooth(points: &[Pt], closed: bool) -> Self {
        let n = points.len();
        let at = |i: isize| {
            if closed { points[i.rem_euclid(n as isize) as usize] } else { points[i.clamp(0, n as isize - 1) as usize] }
        };
        let spans = if closed { n } else { n - 1 };
        let segs = (0..spans as isize)
            .map(|i| {
                let (a, b, c, d) = (at(i - 1), at(i), at(i + 1), at(i + 2));
                Seg::Cubic(b + (c - a) * (1.0 / 6.0), c - (d - b) * (1.0 / 6.0), c)
            })
            .collect();
        Self { start: points[0], segs, closed }
    }

    /// Goes on with another curve, joined by a straight line.
    pub fn then(mut self, next: Self) -> Self {
        self.segs.push(Seg::Line(next.start));
        self.segs.extend(next.segs);
        self
    }

    pub fn close(mut self) -> Self {
        self.closed = true;
        self
    }

    /// The curve bent by `warp`; long straight lines are split so that they bend too.
    pub fn warped(&self, longest: f64, warp: &dyn Fn(Pt) -> Pt) -> Self {
        let mut at = self.start;
        let mut segs = Vec::with_capacity(self.segs.len());
        let mut ends = self.segs.clone();
        if self.closed {
            ends.push(Seg::Line(self.start));
        }
        let last = ends.len() - 1;
        for (i, seg) in ends.into_iter().enumerate() {
            match seg {
                Seg::Line(to) => {
                    let parts = ((to - at).length() / longest).ceil().max(1.0) as usize;
                    let stop = if self.closed && i == last { parts - 1 } else { parts };
                    for part in 1..=stop {
                        let p = at.towards(to, part as f64 / parts as f64);
                        segs.push(Seg::Line(warp(p)));
                    }
                    at = to;
                }
                Seg::Cubic(a, b, to) => {
                    segs.push(Seg::Cubic(warp(a), warp(b), warp(to)));
                    at = to;
                }
            }
        }
        Self { start: warp(self.start), segs, closed: self.closed }
    }

    pub fn bounds(&self) -> Bounds {
        let mut bounds = Bounds { low: self.start, high: self.start };
        let mut grow = |p: &Pt| {
            bounds.low = pt(bounds.low.x.min(p.x), bounds.low.y.min(p.y));
            bounds.high = pt(bounds.high.x.max(p.x), bounds.high.y.max(p.y));
        };
        for seg in &self.segs {
            match seg {
                Seg::Line(to) => grow(to),
                Seg::Cubic(a, b, to) => [a, b, to].into_iter().for_each(&mut grow),
            }
        }
        bounds
    }

    /// A dot: a line of no length, for round caps.
    pub fn dot(at: Pt) -> Self {
        Self::line(&[at, at + pt(0.1, 0.0)])
    }

    pub fn moved(&self, by: Pt) -> Self {
        self.warped(f64::INFINITY, &|p| p + by)
    }

    pub fn data(&self) -> String {
        data(std::slice::from_ref(self))
    }
}

/// Path data for several curves, in tenths of a unit.
pub fn data(curves: &[Curve]) -> String {
    rough_data(curves, 10.0)
}

/// Path data rounded to `steps` (10, 2 or 1) to a unit.
pub fn rough_data(curves: &[Curve], steps: f64) -> String {
    let mut pen = Pen { steps, ..Pen::default() };
    for curve in curves {
        pen.jump(curve.start);
        for seg in &curve.segs {
            match seg {
                Seg::Line(to) => pen.step('l', &[*to]),
                Seg::Cubic(a, b, to) => pen.step('c', &[*a, *b, *to]),
            }
        }
        if curve.closed {
            pen.out.push('z');
            pen.command = 'z';
            pen.at = pen.tenths(curve.start);
        }
    }
    pen.out
}

#[derive(Default)]
struct Pen {
    out: String,
    at: (i64, i64),
    command: char,
    steps: f64,
}

impl Pen {
    fn tenths(&self, p: Pt) -> (i64, i64) {
        let round = |v: f64| (v * self.steps).round() as i64 * (10.0 / self.steps) as i64;
        (round(p.x), round(p.y))
    }

    fn jump(&mut self, to: Pt) {
        let (x, y) = self.tenths(to);
        self.out.push('M');
        self.command = 'M';
        self.number(x, true);
        self.number(y, false);
        self.at = (x, y);
    }

    fn step(&mut self, command: char, points: &[Pt]) {
        let fresh = self.command != command;
        if fresh {
            self.out.push(command);
            self.command = command;
        }
        let mut end = self.at;
        for (i, p) in points.iter().enumerate() {
            end = self.tenths(*p);
            self.number(end.0 - self.at.0, fresh && i == 0);
            self.number(end.1 - self.at.1, false);
        }
        self.at = end;
    }

    fn number(&mut self, value: i64, first: bool) {
        if !first && value >= 0 {
            self.out.push(' ');
        }
        if value < 0 {
            self.out.push('-');
        }
        let (whole, rest) = (value.abs() / 10, value.abs() % 10);
        let _ = match (whole, rest) {
            (w, 0) => write!(self.out, "{w}"),
            (0, r) => write!(self.out, ".{r}"),
            (w, r) => write!(self.out, "{w}.{r}"),
        };
    }
}
