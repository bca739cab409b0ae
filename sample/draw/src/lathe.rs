//! Things turned on a wheel: bowls, cups, tins, bottles, pots.
//!
//! A profile of radii and heights is seen from a little above. Circles become
//! ovals flattened by `k`; the outline is the hull of all of them.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::{
    geometry::{Curve, Pt, pt},
    light,
    palette::{Rgb, SHADE, WHITE},
    patterns::{Pattern, area},
    svg::Picture,
};

/// Where a turned thing stands and from how far above it is seen.
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub foot: Pt,
    /// Pixels per centimetre.
    pub scale: f64,
    /// Flattening of circles: 0 from the side, 1 from straight above.
    pub k: f64,
}

pub const fn view(x: f64, y: f64, scale: f64, k: f64) -> View {
    View { foot: pt(x, y), scale, k }
}

impl View {
    fn rise(self) -> f64 {
        (1.0 - self.k * self.k).sqrt()
    }

    /// Screen height of the axis at height `z`.
    pub fn y(self, z: f64) -> f64 {
        self.foot.y - z * self.scale * self.rise()
    }

    /// A point on a circle of radius `r` at height `z`; angle 0 faces us.
    pub fn at(self, r: f64, z: f64, angle: f64) -> Pt {
        pt(self.foot.x + r * self.scale * angle.sin(), self.y(z) + r * self.scale * self.k * angle.cos())
    }

    /// How far round a wall of this slope (radius over height) can be seen.
    fn limb(self, slope: f64) -> f64 {
        (slope * self.k / self.rise()).clamp(-1.0, 1.0).acos().min(1.62)
    }

    pub fn ring(self, r: f64, z: f64) -> Curve {
        Curve::oval(pt(self.foot.x, self.y(z)), r * self.scale, r * self.scale * self.k)
    }

    /// The same view with its foot moved on the table (centimetres right and towards us).
    pub fn beside(self, right: f64, near: f64) -> Self {
        Self { foot: self.foot + pt(right * self.scale, near * self.scale * self.k), ..self }
    }

    pub fn raised(self, z: f64) -> Self {
        Self { foot: pt(self.foot.x, self.y(z)), ..self }
    }
}

/// Radii by height in centimetres, from foot to rim, filled in smoothly.
#[derive(Clone, Debug)]
pub struct Profile(pub Vec<(f64, f64)>);

impl Profile {
    pub fn smooth(points: &[(f64, f64)]) -> Self {
        let mut out = Vec::new();
        let n = points.len();
        for i in 0..n - 1 {
            let (a, b) = (points[i.saturating_sub(1)], points[i]);
            let (c, d) = (points[i + 1], points[(i + 2).min(n - 1)]);
            for step in 0..8 {
                let t = f64::from(step) / 8.0;
                let spline = |a: f64, b: f64, c: f64, d: f64| {
                    0.5 * (2.0 * b
                        + (c - a) * t
                        + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t
                        + (3.0 * b - a - 3.0 * c + d) * t * t * t)
                };
                out.push((spline(a.0, b.0, c.0, d.0), spline(a.1, b.1, c.1, d.1)));
            }
        }
        out.push(points[n - 1]);
        Self(out)
    }

    pub fn straight(points: &[(f64, f64)]) -> Self {
        let mut out = vec![points[0]];
        for pair in points.windows(2) {
            for step in 1..=8 {
                let t = f64::from(step) / 8.0;
                let mix = |a: f64, b: f64| a + (b - a) * t;
                out.push((mix(pair[0].0, pair[1].0), mix(pair[0].1, pair[1].1)));
            }
        }
        Self(out)
    }

    pub fn widest(&self) -> f64 {
        self.0.iter().map(|p| p.0).fold(0.0, f64::max)
    }

    pub fn rim(&self) -> (f64, f64) {
        self.0[self.0.len() - 1]
    }

    pub fn base(&self) -> (f64, f64) {
        self.0[0]
    }

    pub fn outline(&self, view: View) -> Curve {
        let wide = self.widest() * view.scale;
        let mut top = Vec::new();
        let mut bottom = Vec::new();
        let steps = 24;
        for i in 0..=steps {
            let d = -wide * (PI * f64::from(i) / f64::from(steps)).cos();
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for (r, z) in &self.0 {
                let r = r * view.scale;
                if r + 0.01 >= d.abs() {
                    let bulge = view.k * (r * r - d * d).max(0.0).sqrt();
                    low = low.min(view.y(*z) - bulge);
                    high = high.max(view.y(*z) + bulge);
                }
            }
            top.push(pt(view.foot.x + d, low));
            bottom.push(pt(view.foot.x + d, high));
        }
        bottom.reverse();
        top.extend(bottom);
        Curve::polygon(&top)
    }

    /// The front of the wall as a sheet: x turns round, y runs down from the rim
    /// (both in centimetres), bent onto the picture.
    pub fn sheet(&self, view: View) -> impl Fn(Pt) -> Pt + '_ {
        let reference = self.widest();
        let wall = self.wall();
        move |p: Pt| {
            let (r, z, slope) = wall(p.y);
            let limb = view.limb(slope);
            view.at(r, z, (p.x / reference).clamp(-limb, limb))
        }
    }

    /// Radius, height and slope of the wall so many centimetres down from the rim.
    fn wall(&self) -> impl Fn(f64) -> (f64, f64, f64) + '_ {
        let mut walked = vec![0.0];
        for pair in self.0.windows(2).rev() {
            let step = (pair[0].0 - pair[1].0).hypot(pair[0].1 - pair[1].1);
            walked.push(walked[walked.len() - 1] + step);
        }
        move |down: f64| {
            let n = self.0.len();
            let along = down.clamp(0.0, walked[n - 1]);
            let i = walked.partition_point(|w| *w < along).clamp(1, n - 1);
            let span = (walked[i] - walked[i - 1]).max(1e-9);
            let t = (along - walked[i - 1]) / span;
            let (a, b) = (self.0[n - i], self.0[n - 1 - i]);
            let slope = (a.0 - b.0) / (a.1 - b.1).max(1e-6);
            (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t, slope)
        }
    }

    /// The strip of the front between two distances below the rim.
    pub fn strip(&self, view: View, from: f64, to: f64) -> Curve {
        let wall = self.wall();
        let edge = |down: f64, side: f64| {
            let (r, z, slope) = wall(down);
            let (r, reach) = (r * view.scale, (view.limb(slope) + 0.05) * side);
            let front = FRAC_PI_2;
            Curve::oval_arc(pt(view.foot.x, view.y(z)), r, r * view.k, front + reach, front - reach)
        };
        edge(from, 1.0).then(edge(to, -1.0)).close()
    }
}

/// Glaze over the body from its rim down to a line; what is below stays clay.
pub fn dip(picture: &mut Picture, profile: &Profile, view: View, to: f64, glaze: Rgb) {
    let (r, z, _) = profile.wall()(to);
    let (r, middle) = (r * view.scale, pt(view.foot.x, view.y(z)));
    let far = 4.0 * r;
    let line = Curve::oval_arc(middle, r, r * view.k, PI, 0.0);
    let above = Curve::line(&[middle - pt(far, far), middle - pt(far, 0.0)])
        .then(line)
        .then(Curve::line(&[middle + pt(far, 0.0), middle + pt(far, -far)]))
        .close();
    picture.clipped(&profile.outline(view), |p| p.fill(&above, &glaze.to_string()));
}

/// A pattern laid round the wall between two distances below the rim.
pub struct Band {
    pub pattern: Pattern,
    pub colour: Rgb,
    /// Width of one repeat in centimetres.
    pub repeat: f64,
    pub from: f64,
    pub to: f64,
}

pub fn band(picture: &mut Picture, profile: &Profile, view: View, band: &Band) {
    let sheet = profile.sheet(view);
    let reach = profile.widest() * 1.58;
    let outline = profile.strip(view, band.from, band.to);
    let r = band.repeat;
    picture.clipped(&outline, |p| {
        band.pattern.draw(
            p,
            area(-reach / r, 0.0, reach / r, (band.to - band.from) / r),
            r * view.scale,
            band.colour,
            &|q| sheet(pt(q.x * r, (q.y * r) + band.from)),
        );
    });
}

/// A strip of plain colour round the wall.
pub fn strip(picture: &mut Picture, profile: &Profile, view: View, from: f64, to: f64, paint: &str) {
    let outline = profile.strip(view, from, to);
    picture.fill(&outline, paint);
}

/// Light and weight over the outside of a turned body.
pub fn shade(picture: &mut Picture, profile: &Profile, view: View, gloss: f64, depth: f64) {
    let outline = profile.outline(view);
    let wide = profile.widest() * view.scale;
    let (left, right) = (view.foot.x - wide, view.foot.x + wide);
    light::shade_round(picture, &outline, left, right, gloss);
    let (rim, base) = (view.y(profile.rim().1), view.y(profile.base().1));
    light::shade_down(picture, &outline, rim, base + wide * view.k, depth);
}

/// A window mirrored in the glaze, on the left shoulder.
pub fn gleam(picture: &mut Picture, profile: &Profile, view: View, from: f64, to: f64, strength: f64) {
    let sheet = profile.sheet(view);
    let wide = profile.widest();
    let (a, b) = (-0.98 * wide, -0.66 * wide);
    let side = |x: f64, up: bool| -> Vec<Pt> {
        (0..=6)
            .map(|i| {
                let t = f64::from(if up { 6 - i } else { i }) / 6.0;
                sheet(pt(x, from + (to - from) * t))
            })
            .collect()
    };
    let outline = Curve::smooth(&side(a, false), false).then(Curve::smooth(&side(b, true), false)).close();
    let (top, low) = (sheet(pt(a, from)).y, sheet(pt(b, to)).y);
    let paint = picture.linear(
        (0.0, top),
        (0.0, low),
        &[(0.0, WHITE, 0.1 * strength), (0.3, WHITE, 0.75 * strength), (1.0, WHITE, 0.0)],
    );
    picture.blurred(view.scale * 0.05 + 1.5, |p| p.fill(&outline, &paint));
}

/// The hollow of an open vessel: wall lit on the far right, dark on the near left.
pub fn hollow(picture: &mut Picture, view: View, r: f64, z: f64, inside: Rgb, lip: f64) {
    let rim = view.ring(r, z);
    let edge = picture.linear(
        (view.foot.x - r * view.scale, 0.0),
        (view.foot.x + r * view.scale, 0.0),
        &[(0.0, inside.lighter(0.5), 1.0), (0.35, inside.lighter(0.3), 1.0), (1.0, inside.darker(0.12), 1.0)],
    );
    picture.fill(&rim, &edge);
    let inner_r = r - lip;
    let inner = view.ring(inner_r, z);
    let wide = inner_r * view.scale;
    let centre = pt(view.foot.x, view.y(z));
    picture.fill(&inner, &inside.to_string());
    let paint = picture.linear(
        (centre.x - wide, centre.y - wide * view.k * 0.7),
        (centre.x + wide * 0.8, centre.y + wide * view.k),
        &[(0.0, SHADE, 0.46), (0.3, SHADE, 0.26), (0.62, SHADE, 0.06), (1.0, WHITE, 0.32)],
    );
    picture.fill(&inner, &paint);
}

/// What is in the vessel: a flat surface of liquid at height `z`, cut by the rim.
pub fn liquid(picture: &mut Picture, view: View, rim: (f64, f64), r: f64, z: f64, colour: Rgb) {
    let mouth = view.ring(rim.0, rim.1);
    let surface = view.ring(r, z);
    let centre = pt(view.foot.x, view.y(z));
    let wide = r * view.scale;
    picture.clipped(&mouth, |p| {
        p.fill(&surface, &colour.to_string());
        let paint = p.linear(
            (centre.x - wide, centre.y - wide * view.k),
            (centre.x + wide, centre.y + wide * view.k),
            &[(0.0, SHADE, 0.42), (0.4, SHADE, 0.1), (0.75, WHITE, 0.1), (1.0, WHITE, 0.24)],
        );
        p.fill(&surface, &paint);
        let glint = Curve::oval(centre + pt(wide * 0.32, wide * view.k * 0.3), wide * 0.34, wide * view.k * 0.2);
        p.blurred(3.0, |p| p.tint(&glint, WHITE, 0.3));
        p.stroke(&surface, WHITE, 2.0, 0.3);
    });
}
