//! What stands around the goods: trays, chopsticks, a cup of tea, a bowl of rice.

use std::f64::consts::TAU;

use crate::{
    geometry::{Curve, Pt, pt},
    lathe::{self, Profile, View},
    light,
    palette::{Rgb, SHADE, WHITE},
    random::Random,
    svg::Picture,
    texture,
};

/// A round wooden tray of radius `r` centimetres.
pub fn tray(p: &mut Picture, v: View, r: f64, colour: Rgb, seed: u64) {
    let profile = Profile::smooth(&[(r * 0.93, 0.0), (r * 0.97, 0.4), (r, 1.9)]);
    light::standing_shadow(p, v.foot, r * 0.94 * v.scale, r * v.scale, 2.0 * v.scale, v.k);
    let outline = profile.outline(v);
    p.fill(&outline, &colour.darker(0.12).to_string());
    lathe::shade(p, &profile, v, 0.4, 0.3);
    let rim = v.ring(r, 1.9);
    p.fill(&rim, &colour.lighter(0.2).to_string());
    let inner = v.ring(r - 0.55, 1.9);
    p.fill(&inner, &colour.darker(0.3).to_string());
    let c = pt(v.foot.x, v.y(0.6));
    let floor_r = r * 0.925;
    let floor = v.ring(floor_r, 0.6);
    let (w, h) = (floor_r * v.scale, floor_r * v.scale * v.k);
    p.clipped(&inner, |p| {
        p.fill(&floor, &colour.to_string());
        p.clipped(&floor, |p| {
            texture::grain(p, (c.x - w, c.y - h, w * 2.0, h * 2.0), 26, seed, 1.1);
        });
        let light = p.linear(
            (c.x - w, c.y - h),
            (c.x + w, c.y + h),
            &[(0.0, SHADE, 0.4), (0.22, SHADE, 0.08), (0.5, WHITE, 0.12), (1.0, WHITE, 0.06)],
        );
        p.fill(&floor, &light);
        p.stroke(&floor, SHADE, 3.0, 0.25);
    });
    p.stroke(&v.ring(r - 0.2, 1.9), WHITE, 2.0, 0.3);
}

/// A pair of chopsticks lying from `from` (tips) to `to`.
pub fn chopsticks(p: &mut Picture, from: Pt, to: Pt, thick: f64, colour: Rgb) {
    let along = to - from;
    let length = along.x.hypot(along.y);
    let angle = along.y.atan2(along.x);
    for (offset, skew) in [(0.0, 0.0), (thick * 2.1, 0.012)] {
        let place = |c: Curve| c.warped(f64::INFINITY, &|q| from + pt(q.x, q.y + offset).turned(angle + skew));
        let t = thick;
        let stick = place(Curve::polygon(&[
            pt(0.0, -t * 0.26),
            pt(length, -t * 0.8),
            pt(length + 3.0, 0.0),
            pt(length, t * 0.8),
            pt(0.0, t * 0.26),
        ]));
        let cast = stick.moved(pt(t * 0.6, t * 0.9));
        p.blurred((t * 0.4).max(2.0), |p| p.tint(&cast, SHADE, 0.5));
        p.fill(&stick, &colour.to_string());
        let bright =
            place(Curve::polygon(&[pt(0.0, -t * 0.26), pt(length, -t * 0.8), pt(length, -t * 0.3), pt(0.0, -t * 0.1)]));
        p.tint(&bright, WHITE, 0.32);
        let dark =
            place(Curve::polygon(&[pt(0.0, t * 0.08), pt(length, t * 0.3), pt(length, t * 0.8), pt(0.0, t * 0.26)]));
        p.tint(&dark, SHADE, 0.42);
    }
}

/// A heap of cooked rice filling a mouth of radius `r` at height `z`.
pub fn rice(p: &mut Picture, v: View, r: f64, z: f64, heap: f64, seed: u64) {
    let c = pt(v.foot.x, v.y(z));
    let (w, h) = (r * v.scale, r * v.scale * v.k);
    let up = heap * v.scale;
    let mound = Curve::oval_arc(c, w, h, 0.0, std::f64::consts::PI)
        .then(Curve::smooth(
            &[
                pt(c.x - w, c.y),
                pt(c.x - w * 0.72, c.y - h * 0.62 - up * 0.5),
                pt(c.x - w * 0.1, c.y - h * 0.72 - up),
                pt(c.x + w * 0.66, c.y - h * 0.62 - up * 0.55),
                pt(c.x + w, c.y),
            ],
            false,
        ))
        .close();
    p.fill(&mound, "#f3eee2");
    let mut random = Random::new(seed);
    let mut grains = Vec::new();
    let grain = v.scale * 0.145;
    for _ in 0..460 {
        let (a, d) = (random.between(0.0, TAU), random.unit().sqrt() * 0.95);
        let height = up * (1.0 - d * d);
        let at = c + pt(w * d * a.cos(), h * d * a.sin() - height * 0.9);
        let along = pt(grain * random.between(0.9, 1.4), 0.0).turned(random.between(0.0, 3.1));
        grains.push(Curve::line(&[at - along, at + along]));
    }
    p.clipped(&mound, |p| {
        for layer in grains.chunks(92) {
            let d = crate::geometry::data(layer);
            let look = |paint: &str| {
                format!(
                    "fill=\"none\" stroke=\"{paint}\" stroke-width=\"{:.1}\" stroke-linecap=\"round\"",
                    grain * 1.15
                )
            };
            p.group("transform=\"translate(1.4 2.6)\" opacity=\".6\"", |p| p.path(&d, &look("#d2c6a8")));
            p.path(&d, &look("#fbf7ee"));
        }
    });
    let round = p.radial(
        (c.x - w * 0.3, c.y - h * 0.5 - up * 0.6),
        w * 1.4,
        (h + up) * 1.25,
        &[(0.0, WHITE, 0.25), (0.5, SHADE, 0.0), (1.0, SHADE, 0.34)],
    );
    p.fill(&mound, &round);
}

/// Steam over something hot.
pub fn steam(p: &mut Picture, at: Pt, height: f64) {
    light::smoke(p, at + pt(-18.0, 0.0), height, 16.0, 0.5);
    light::smoke(p, at + pt(22.0, 6.0), height * 0.8, 13.0, 0.4);
}
