//! Cloth: a dyed sheet bent by a warp, with weave, folds and hem.

use std::f64::consts::TAU;

use crate::{
    geometry::{Curve, Pt, pt},
    palette::{COTTON, Rgb, SHADE, WHITE, reserve},
    patterns::{Pattern, area},
    random::Random,
    svg::{Picture, Stop},
    texture,
};

/// A cloth of `w` by `h` centimetres (in its own plane) carried to the picture by a warp.
pub struct Cloth {
    pub pattern: Pattern,
    pub colour: Rgb,
    pub w: f64,
    pub h: f64,
    /// Width of one repeat in centimetres.
    pub repeat: f64,
    /// Pixels per centimetre, for widths of lines and threads.
    pub scale: f64,
}

impl Cloth {
    pub fn outline(&self, warp: &dyn Fn(Pt) -> Pt) -> Curve {
        let n = 9;
        let side = |from: Pt, to: Pt| -> Curve {
            let points: Vec<Pt> = (0..=n).map(|i| warp(from.towards(to, f64::from(i) / f64::from(n)))).collect();
            Curve::smooth(&points, false)
        };
        let (a, b) = (pt(0.0, 0.0), pt(self.w, 0.0));
        let (c, d) = (pt(self.w, self.h), pt(0.0, self.h));
        side(a, b).then(side(b, c)).then(side(c, d)).then(side(d, a)).close()
    }

    /// Dye, pattern and weave, without light.
    pub fn lay(&self, picture: &mut Picture, warp: &dyn Fn(Pt) -> Pt) {
        let outline = self.outline(warp);
        let base = if self.pattern == Pattern::Bokashi {
            let (top, low) = (warp(pt(self.w / 2.0, 0.0)), warp(pt(self.w / 2.0, self.h)));
            picture.linear((top.x, top.y), (low.x, low.y), &bokashi(self.colour))
        } else {
            self.colour.to_string()
        };
        picture.fill(&outline, &base);
        let r = self.repeat;
        let whole = area(0.0, 0.0, self.w / r, self.h / r);
        let light = reserve(self.colour);
        picture.clipped(&outline, |p| {
            let bend = |q: Pt| warp(q * r);
            self.pattern.draw(p, whole, r * self.scale, light, &bend);
        });
        let turn = {
            let across = warp(pt(1.0, 1.0)) - warp(pt(0.0, 1.0));
            across.y.atan2(across.x).to_degrees()
        };
        texture::weave(picture, &outline, 4.0, turn, 0.1);
    }
}

/// From undyed cloth into the colour, the way a brush leaves it.
pub fn bokashi(colour: Rgb) -> Vec<Stop> {
    [0.0, 0.28, 0.45, 0.6, 0.74, 0.88, 1.0]
        .into_iter()
        .map(|at: f64| {
            let t = ((at - 0.22) / 0.66).clamp(0.0, 1.0);
            let depth = t * t * (3.0 - 2.0 * t);
            (at, COTTON.mix(colour, 0.04 + 0.96 * depth), 1.0)
        })
        .collect()
}

/// How cloth hangs from a rod: it gathers a little more the further it falls.
#[derive(Clone, Copy, Debug)]
pub struct Drape {
    pub seed: u64,
    pub depth: f64,
}

impl Drape {
    fn phases(self) -> (f64, f64, f64) {
        let mut random = Random::new(self.seed);
        (random.between(0.0, TAU), random.between(0.0, TAU), random.between(0.85, 1.2))
    }

    /// Sideways shift at a share `u` of the width and `v` of the drop.
    pub fn shift(self, u: f64, v: f64) -> f64 {
        let (a, b, f) = self.phases();
        let full = self.depth * (0.15 + 0.85 * v);
        full * ((u * 11.0 * f + a).sin() * 0.5 + (u * 19.0 * f + b + v).sin() * 0.2)
    }

    /// How far the hem is lifted or lowered there.
    pub fn lift(self, u: f64, v: f64) -> f64 {
        let (a, b, f) = self.phases();
        self.depth * 0.55 * v * v * ((u * 11.0 * f + a + 1.2).cos() * 0.6 + (u * 11.0 + b).sin() * 0.3)
    }

    /// Light and shadow of the folds, from left to right.
    pub fn stops(self, strength: f64) -> Vec<Stop> {
        let n = 24;
        let (a, b, f) = self.phases();
        (0..=n)
            .map(|i| {
                let u = f64::from(i) / f64::from(n);
                let slope = (u * 11.0 * f + a).cos() * 0.6 + (u * 19.0 * f + b + 0.7).cos() * 0.4;
                let force = slope.abs().powf(1.15) * strength;
                if slope > 0.0 { (u, WHITE, force * 0.19) } else { (u, SHADE, force * 0.33) }
            })
            .collect()
    }
}

/// A hem sewn along one edge: a seam and its small shadow.
pub fn hem(picture: &mut Picture, edge: &[Pt], inward: Pt, light: Rgb) {
    let seam: Vec<Pt> = edge.iter().map(|p| *p + inward).collect();
    let line = Curve::smooth(&seam, false);
    picture.stroke(&line, SHADE, 2.2, 0.24);
    picture.stroke(&line.moved(pt(0.0, 1.6)), light, 1.2, 0.3);
}
