//! The side-handled teapot.

use super::{close_up, cups, table};
use crate::{
    geometry::{Curve, pt},
    lathe::{self, Profile, View, view},
    light,
    palette::{Rgb, SHADE, UMBRA, WHITE, dye, glaze},
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

fn body() -> Profile {
    Profile::smooth(&[(3.2, 0.0), (4.1, 0.4), (4.95, 1.9), (5.0, 3.3), (4.3, 4.9), (3.2, 5.7), (3.05, 5.8)])
}

/// The whole pot: handle to the right, spout to the left.
pub fn pot(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    let profile = body();
    light::standing_shadow(p, v.foot, 3.5 * v.scale, 4.8 * v.scale, 5.5 * v.scale, v.k);
    spout(p, v, colour);
    handle(p, v, colour);
    p.fill(&profile.outline(v), &colour.to_string());
    p.clipped(&profile.outline(v), |p| {
        let w = 5.0 * v.scale;
        texture::specks(p, (v.foot.x - w, v.y(5.8), w * 2.0, 7.0 * v.scale), 160, seed, colour.lighter(0.4));
    });
    lathe::shade(p, &profile, v, 0.3, 0.4);
    lathe::gleam(p, &profile, v, 2.2, 5.2, 0.5);
    lid(p, v, colour);
}

fn spout(p: &mut Picture, v: View, colour: Rgb) {
    let at = |x: f64, z: f64| pt(v.foot.x + x * v.scale, v.y(z) + v.scale * 0.6);
    let shape = Curve::smooth(&[at(-4.3, 1.9), at(-5.6, 2.6), at(-6.5, 3.9), at(-7.1, 5.2)], false)
        .then(Curve::smooth(&[at(-7.1, 5.2), at(-6.6, 5.5), at(-6.15, 5.35)], false))
        .then(Curve::smooth(&[at(-6.15, 5.35), at(-5.5, 4.7), at(-4.2, 4.5)], false))
        .close();
    p.fill(&shape, &colour.to_string());
    let (a, b) = (at(-6.8, 5.0), at(-4.6, 2.2));
    let light = p.linear((a.x, a.y), (b.x, b.y), &[(0.0, WHITE, 0.26), (0.4, WHITE, 0.02), (1.0, SHADE, 0.45)]);
    p.fill(&shape, &light);
    let under = Curve::smooth(&[at(-4.3, 1.9), at(-5.6, 2.6), at(-6.5, 3.9), at(-7.05, 5.1)], false);
    p.blurred(4.0, |p| p.stroke(&under, SHADE, v.scale * 0.34, 0.36));
    let mouth = Curve::oval(at(-6.63, 5.36), v.scale * 0.5, v.scale * 0.17);
    p.fill(&mouth, &colour.darker(0.66).to_string());
    p.stroke(&mouth, colour.lighter(0.3), 2.6, 0.8);
}

fn handle(p: &mut Picture, v: View, colour: Rgb) {
    let s = v.scale;
    let from = pt(v.foot.x + 4.1 * s, v.y(3.4) + s * 1.4);
    let to = pt(v.foot.x + 9.2 * s, v.y(5.1) + s * 1.2);
    let along = to - from;
    let across = along.turned(std::f64::consts::FRAC_PI_2) * (1.0 / along.x.hypot(along.y));
    let (thin, thick) = (0.66 * s, 0.98 * s);
    let cast = Curve::polygon(&[from, to, to + pt(0.0, s), from + pt(0.0, s)]);
    p.blurred(24.0, |p| p.tint(&cast.moved(pt(s * 0.1, s * 3.0)), UMBRA, 0.15));
    let shaft = Curve::line(&[from + across * -thin, to + across * -thick])
        .then(Curve::line(&[to + across * thick, from + across * thin]))
        .close();
    p.fill(&shaft, &colour.to_string());
    let (a, b) = (to + across * -thick, to + across * thick);
    let round = p.linear(
        (a.x, a.y),
        (b.x, b.y),
        &[(0.0, SHADE, 0.1), (0.24, WHITE, 0.36), (0.5, SHADE, 0.05), (0.9, SHADE, 0.5), (1.0, SHADE, 0.36)],
    );
    p.fill(&shaft, &round);
    let turn = along.y.atan2(along.x);
    let end = Curve::oval(pt(0.0, 0.0), thick * 0.44, thick).warped(f64::INFINITY, &|q| to + q.turned(turn));
    p.fill(&end, &colour.lighter(0.1).to_string());
    let hole = Curve::oval(pt(0.0, 0.0), thick * 0.24, thick * 0.58).warped(f64::INFINITY, &|q| to + q.turned(turn));
    p.fill(&hole, &colour.darker(0.7).to_string());
    p.stroke(&end, WHITE, 1.6, 0.35);
}

fn lid(p: &mut Picture, v: View, colour: Rgb) {
    let seat = v.ring(3.15, 5.76);
    p.fill(&seat, &colour.darker(0.5).to_string());
    let cover = Profile::smooth(&[(2.95, 5.8), (2.9, 5.95), (2.1, 6.4), (0.7, 6.65)]);
    let outline = cover.outline(v);
    p.fill(&outline, &colour.lighter(0.03).to_string());
    lathe::shade(p, &cover, v, 0.5, 0.1);
    let top = v.ring(2.0, 6.4);
    let c = v.at(0.0, 6.4, 0.0);
    let sheen = p.radial(
        (c.x - v.scale, c.y - v.scale * 0.4),
        v.scale * 2.0,
        v.scale * 1.2,
        &[(0.0, WHITE, 0.34), (1.0, WHITE, 0.0)],
    );
    p.fill(&top, &sheen);
    let knob = Profile::smooth(&[(0.5, 6.6), (0.45, 6.9), (0.85, 7.35), (0.7, 7.8), (0.1, 7.95)]);
    let spot = v.ring(0.8, 6.62).moved(pt(6.0, 3.0));
    p.blurred(4.0, |p| p.tint(&spot, SHADE, 0.5));
    p.fill(&knob.outline(v), &colour.to_string());
    lathe::shade(p, &knob, v, 0.8, 0.2);
}

pub fn draw(p: &mut Picture, scene: &Scene) {
    let colour = glaze(scene.colour_name());
    match scene.arrangement {
        Arrangement::Use => {
            table::tray(p, view(600.0, 850.0, 34.0, 0.46), 15.6, dye("kuri"), scene.seed());
            pot(p, view(600.0, 730.0, 41.0, 0.44), colour, scene.seed());
            cups::with_tea(p, &[pt(345.0, 890.0), pt(585.0, 965.0)], 32.0, 0.44);
        }
        Arrangement::Detail => close_up(p, 520.0, 470.0, 2.5, |p| {
            pot(p, view(560.0, 840.0, 64.0, 0.42), colour, scene.seed());
        }),
        _ => pot(p, view(540.0, 820.0, 64.0, 0.38), colour, scene.seed()),
    }
}
