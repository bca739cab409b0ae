//! The clay pot with its lid.

use super::{bowls, close_up, table};
use crate::{
    geometry::{Curve, pt},
    lathe::{self, Profile, View, view},
    light,
    palette::{CLAY, Rgb, SHADE, WHITE, glaze},
    scene::{Arrangement, Scene},
    svg::Picture,
};

fn body() -> Profile {
    Profile::smooth(&[(5.4, 0.0), (7.6, 1.1), (9.0, 3.6), (9.35, 6.2), (9.6, 6.9)])
}

fn pot(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    let profile = body();
    light::standing_shadow(p, v.foot, 5.8 * v.scale, 8.8 * v.scale, 7.0 * v.scale, v.k);
    for side in [-1.0, 1.0] {
        ear(p, v, colour, side);
    }
    p.fill(&profile.outline(v), &colour.to_string());
    bowls::wall_of_glaze(p, &profile, v, colour, seed);
    lathe::shade(p, &profile, v, 0.5, 0.4);
    lathe::gleam(p, &profile, v, 1.4, 4.4, 0.25);
}

fn ear(p: &mut Picture, v: View, colour: Rgb, side: f64) {
    let at = |x: f64, z: f64| pt(v.foot.x + side * x * v.scale, v.y(z) + v.scale * 0.3);
    let shape = Curve::smooth(
        &[at(8.4, 6.5), at(10.2, 6.75), at(11.2, 6.4), at(11.4, 5.5), at(10.9, 4.5), at(9.8, 4.1), at(8.4, 4.0)],
        true,
    );
    p.fill(&shape, &colour.darker(0.1).to_string());
    let (a, b) = (at(10.0, 6.7), at(10.0, 4.4));
    let round = p.linear(
        (a.x, a.y),
        (b.x, b.y),
        &[(0.0, WHITE, 0.36), (0.4, WHITE, 0.02), (1.0, SHADE, if side < 0.0 { 0.5 } else { 0.62 })],
    );
    p.fill(&shape, &round);
}

fn lid(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    let seat = v.ring(9.5, 6.9);
    p.fill(&seat, &colour.darker(0.55).to_string());
    let dome = Profile::smooth(&[(9.2, 6.9), (9.15, 7.2), (7.9, 8.8), (5.0, 10.2), (2.0, 10.7)]);
    let outline = dome.outline(v);
    p.fill(&outline, &colour.to_string());
    bowls::wall_of_glaze(p, &dome, v, colour, seed + 2);
    let edge = Profile::straight(&[(9.2, 6.85), (9.2, 7.25)]);
    p.fill(&edge.outline(v), &CLAY.lighter(0.1).to_string());
    p.fill(&outline.clone(), "none");
    let cap = Profile::smooth(&[(9.0, 7.2), (7.9, 8.8), (5.0, 10.2), (2.0, 10.7)]);
    p.fill(&cap.outline(v), &colour.to_string());
    bowls::wall_of_glaze(p, &cap, v, colour, seed + 2);
    lathe::shade(p, &dome, v, 0.4, 0.12);
    let c = pt(v.foot.x - 3.0 * v.scale, v.y(9.4));
    let glow = p.radial((c.x, c.y), 4.6 * v.scale, 2.0 * v.scale, &[(0.0, WHITE, 0.42), (1.0, WHITE, 0.0)]);
    p.fill(&cap.outline(v), &glow);
    let knob = Profile::smooth(&[(1.7, 10.5), (1.55, 10.9), (2.05, 11.7), (2.1, 12.0)]);
    let spot = v.ring(2.2, 10.55).moved(pt(10.0, 4.0));
    p.blurred(6.0, |p| p.tint(&spot, SHADE, 0.45));
    p.fill(&knob.outline(v), &colour.darker(0.05).to_string());
    lathe::shade(p, &knob, v, 0.4, 0.3);
    lathe::hollow(p, v, 2.1, 12.0, CLAY, 0.3);
}

pub fn draw(p: &mut Picture, scene: &Scene) {
    let colour = glaze(scene.colour_name());
    match scene.arrangement {
        Arrangement::Use => {
            let v = view(560.0, 830.0, 44.0, 0.5);
            pot(p, v, colour, scene.seed());
            lathe::hollow(p, v, 9.6, 6.9, CLAY.lighter(0.15), 0.5);
            table::rice(p, v, 8.6, 6.1, 0.7, scene.seed());
            let near = Curve::oval_arc(pt(v.foot.x, v.y(6.9)), 9.4 * v.scale, 9.4 * v.scale * v.k, 0.1, 3.04);
            p.stroke(&near, CLAY.lighter(0.35), 13.0, 1.0);
            table::steam(p, pt(540.0, v.y(7.5)), 420.0);
            table::steam(p, pt(680.0, v.y(7.5)), 330.0);
            bowls::rice_bowl(p, view(1010.0, 1010.0, 26.0, 0.5), glaze("shiro"), 4);
        }
        Arrangement::Detail => close_up(p, 540.0, 380.0, 2.5, |p| {
            let v = view(600.0, 850.0, 52.0, 0.42);
            pot(p, v, colour, scene.seed());
            lid(p, v, colour, scene.seed());
        }),
        _ => {
            let scale = if scene.size == "6" { 37.0 } else { 46.0 };
            let v = view(595.0, 850.0, scale, 0.42);
            pot(p, v, colour, scene.seed());
            lid(p, v, colour, scene.seed());
        }
    }
}
