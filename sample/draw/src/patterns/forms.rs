//! The construction of each pattern: which arcs, lines and faces cover an area.

use std::f64::consts::{FRAC_PI_2, PI};

use super::Area;
use crate::{
    geometry::{Curve, Pt, Seg, pt},
    random::Random,
};

#[derive(Default)]
pub struct Marks {
    pub fills: Vec<Curve>,
    pub lines: Vec<(f64, Vec<Curve>)>,
}

/// Whole steps of `size` that cover a span.
fn steps(from: f64, to: f64, size: f64) -> std::ops::RangeInclusive<i64> {
    ((from / size).floor() as i64)..=((to / size).ceil() as i64)
}

/// Waves: rings of overlapping circles, only the arcs the next rows leave bare.
pub fn seigaiha(a: Area) -> Marks {
    let (r, rise) = (0.5, 0.25);
    let bare = |ring: f64, angle: f64| {
        let p = pt(ring * angle.cos(), -ring * angle.sin());
        let clear = |x: f64, y: f64| (p.x - x).hypot(p.y - y) >= r - 1e-6;
        clear(r, rise) && clear(-r, rise) && clear(0.0, 2.0 * rise)
    };
    let reach = |ring: f64| {
        let (mut open, mut shut) = (0.0, FRAC_PI_2);
        for _ in 0..24 {
            let middle = f64::midpoint(open, shut);
            if bare(ring, FRAC_PI_2 + middle) {
                open = middle;
            } else {
                shut = middle;
            }
        }
        open
    };
    let mut wide = Vec::new();
    let mut fine = Vec::new();
    for row in steps(a.v0, a.v1 + rise, rise) {
        let shift = if row.rem_euclid(2) == 0 { 0.0 } else { 0.5 };
        for column in steps(a.u0 - 1.0, a.u1, 1.0) {
            let centre = pt(column as f64 + shift + 0.5, row as f64 * rise + 0.25);
            for (i, ring) in [0.5, 0.385, 0.27, 0.155].into_iter().enumerate() {
                let open = reach(ring);
                let arc = Curve::arc(centre, ring, -FRAC_PI_2 - open, -FRAC_PI_2 + open);
                if i == 0 { &mut wide } else { &mut fine }.push(arc);
            }
        }
    }
    Marks { fills: Vec::new(), lines: vec![(0.052, wide), (0.036, fine)] }
}

/// Hemp leaf: a net of triangles, each joined to its own middle.
pub fn asanoha(a: Area) -> Marks {
    let (side, height) = (0.5, 0.5 * 3f64.sqrt() / 2.0);
    let mut lines = Vec::new();
    for row in steps(a.v0 - height, a.v1, height) {
        let shift = if row.rem_euclid(2) == 0 { 0.0 } else { side / 2.0 };
        let y = row as f64 * height;
        for column in steps(a.u0 - side, a.u1, side) {
            let p = pt(column as f64 * side + shift, y);
            let right = p + pt(side, 0.0);
            let below = p + pt(side / 2.0, height);
            let left = p + pt(-side / 2.0, height);
            let heart = pt(p.x + side / 2.0, y + height / 3.0);
            let other = pt(p.x, y + height * 2.0 / 3.0);
            lines.push(Curve::line(&[right, p, below]));
            lines.push(Curve::line(&[p, left]));
            lines.push(Curve::line(&[p, heart, right]));
            lines.push(Curve::line(&[heart, below, other, left]));
            lines.push(Curve::line(&[p, other]));
        }
    }
    Marks { fills: Vec::new(), lines: vec![(0.026, lines)] }
}

pub fn ichimatsu(a: Area) -> Marks {
    let mut fills = Vec::new();
    for row in steps(a.v0 - 0.5, a.v1, 0.5) {
        let shift = if row.rem_euclid(2) == 0 { 0.0 } else { 0.5 };
        for column in steps(a.u0 - 1.0, a.u1, 1.0) {
            let (x, y) = (column as f64 + shift, row as f64 * 0.5);
            fills.push(Curve::rect(x, y, 0.5, 0.5));
        }
    }
    Marks { fills, lines: Vec::new() }
}

/// Linked circles, drawn as the petals where two neighbours overlap.
pub fn shippo(a: Area) -> Marks {
    let s = 0.5;
    let r = s / 2f64.sqrt();
    let q = FRAC_PI_2 / 2.0;
    let mut fills = Vec::new();
    for row in steps(a.v0 - s, a.v1, s) {
        for column in steps(a.u0 - s, a.u1, s) {
            let c = pt(column as f64 * s, row as f64 * s);
            let inset = r - 0.018;
            let tall = Curve::arc(c, inset, -q, q);
            let back = Curve::arc(c + pt(s, 0.0), inset, PI - q, PI + q);
            fills.push(petal(tall, back));
            let flat = Curve::arc(c, inset, q, PI - q);
            let back = Curve::arc(c + pt(0.0, s), inset, PI + q, 2.0 * PI - q);
            fills.push(petal(flat, back));
            fills.push(Curve::circle(c, 0.035));
        }
    }
    Marks { fills, lines: Vec::new() }
}

fn petal(mut one: Curve, two: Curve) -> Curve {
    one.segs.push(Seg::Line(two.start));
    one.segs.extend(two.segs);
    one.close()
}

/// Arrow feathers: slanting vanes left and right of a shaft, neighbours upside down.
pub fn yagasuri(a: Area) -> Marks {
    let (wide, tall, slant) = (0.5, 0.62, 0.2);
    let mut fills = Vec::new();
    for column in steps(a.u0 - wide, a.u1, wide) {
        let odd = column.rem_euclid(2) != 0;
        let lean = if odd { -slant } else { slant };
        let x = column as f64 * wide;
        for row in steps(a.v0 - 2.0 * tall, a.v1 + tall, 2.0 * tall) {
            let y = row as f64 * 2.0 * tall + if odd { tall } else { 0.0 };
            let gap = 0.012;
            let middle = x + wide / 2.0;
            let vane = |outer: f64, inner: f64| {
                Curve::polygon(&[pt(outer, y), pt(inner, y + lean), pt(inner, y + lean + tall), pt(outer, y + tall)])
            };
            fills.push(vane(x + gap, middle - gap));
            fills.push(vane(x + wide - gap, middle + gap));
        }
    }
    Marks { fills, lines: Vec::new() }
}

pub fn uroko(a: Area) -> Marks {
    let (side, tall) = (0.5, 0.433);
    let mut fills = Vec::new();
    for row in steps(a.v0 - tall, a.v1, tall) {
        let shift = if row.rem_euclid(2) == 0 { 0.0 } else { side / 2.0 };
        for column in steps(a.u0 - side, a.u1, side) {
            let p = pt(column as f64 * side + shift, row as f64 * tall);
            fills.push(Curve::polygon(&[p + pt(side / 2.0, 0.0), p + pt(side, tall), p + pt(0.0, tall)]));
        }
    }
    Marks { fills, lines: Vec::new() }
}

/// Tortoise shell: hexagons, a smaller one inside each, and a bud at the heart.
pub fn kikko(a: Area) -> Marks {
    let r = 0.5 / 3f64.sqrt();
    let mut marks = Marks::default();
    let (mut wide, mut fine) = (Vec::new(), Vec::new());
    for row in steps(a.v0 - r, a.v1 + r, 1.5 * r) {
        let shift = if row.rem_euclid(2) == 0 { 0.0 } else { 0.25 };
        for column in steps(a.u0 - 0.5, a.u1, 0.5) {
            let c = pt(column as f64 * 0.5 + shift, row as f64 * 1.5 * r);
            let corner = |i: i32, r: f64| {
                let angle = PI / 3.0 * f64::from(i) + FRAC_PI_2;
                c + pt(r * angle.cos(), r * angle.sin())
            };
            wide.push(Curve::line(&[corner(0, r), corner(1, r), corner(2, r), corner(3, r)]));
            let inner: Vec<Pt> = (0..6).map(|i| corner(i, r * 0.66)).collect();
            fine.push(Curve::polygon(&inner));
            marks.fills.push(Curve::circle(c, r * 0.2));
        }
    }
    marks.lines = vec![(0.034, wide), (0.018, fine)];
    marks
}

/// Rising steam: pairs of curves that swell and narrow.
pub fn tatewaku(a: Area) -> Marks {
    let (wide, tall, swing) = (0.5, 1.1, 0.085);
    let mut strong = Vec::new();
    let mut fine = Vec::new();
    for column in steps(a.u0 - wide, a.u1, wide / 2.0) {
        let sign = if column.rem_euclid(2) == 0 { 1.0 } else { -1.0 };
        let x = column as f64 * wide / 2.0;
        for row in steps(a.v0 - tall, a.v1, tall) {
            let y = row as f64 * tall;
            let half = tall / 2.0;
            let reach = half * 0.4;
            let swell = |dx: f64| {
                let (from, to) = (x + dx + sign * swing, x + dx - sign * swing);
                Curve {
                    start: pt(from, y),
                    segs: vec![
                        Seg::Cubic(pt(from, y + reach), pt(to, y + half - reach), pt(to, y + half)),
                        Seg::Cubic(pt(to, y + half + reach), pt(from, y + tall - reach), pt(from, y + tall)),
                    ],
                    closed: false,
                }
            };
            strong.push(swell(0.0));
            fine.push(swell(sign * 0.036));
        }
    }
    Marks { fills: Vec::new(), lines: vec![(0.03, strong), (0.012, fine)] }
}

pub fn shima(a: Area) -> Marks {
    let mut fills = Vec::new();
    for column in steps(a.u0 - 1.0, a.u1, 1.0) {
        for row in steps(a.v0 - 1.0, a.v1, 1.0) {
            for (x, w) in [(0.0, 0.22), (0.3, 0.05), (0.42, 0.05), (0.54, 0.05), (0.68, 0.1)] {
                let (x, y) = (column as f64 + x, row as f64);
                fills.push(Curve::rect(x, y, w, 1.01));
            }
        }
    }
    Marks { fills, lines: Vec::new() }
}

/// Rows of bean-like dots; poured dye never makes two quite alike.
pub fn mameshibori(a: Area) -> Marks {
    let mut random = Random::new(77);
    let mut sizes = [Vec::new(), Vec::new(), Vec::new()];
    for row in steps(a.v0, a.v1, 0.25) {
        let shift = if row.rem_euclid(2) == 0 { 0.0 } else { 0.125 };
        for column in steps(a.u0, a.u1, 0.25) {
            let wobble = pt(random.between(0.0, 0.014), random.between(0.0, 0.014));
            let c = pt(column as f64 * 0.25 + shift, row as f64 * 0.25) + wobble;
            sizes[(random.unit() * 3.0) as usize].push(Curve::line(&[c, c + pt(0.002, 0.0)]));
        }
    }
    let lines = sizes.into_iter().zip([0.126, 0.136, 0.146]);
    Marks { fills: Vec::new(), lines: lines.map(|(dots, width)| (width, dots)).collect() }
}
