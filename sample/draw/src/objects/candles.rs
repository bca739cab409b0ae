//! Japanese wax candles on their stands, and the candle in a cup.

use super::{close_up, cups};
use crate::{
    geometry::{Curve, Pt, pt},
    lathe::{self, Profile, View, view},
    light,
    palette::{Rgb, SHADE, WHITE, dye},
    scene::{Arrangement, Scene},
    svg::Picture,
};

const IRON: Rgb = Rgb(58, 54, 52);
const WAX: Rgb = Rgb(246, 238, 216);

fn wax(scene: &Scene, index: usize) -> Rgb {
    if scene.colours[index % scene.colours.len()] == "kinari" { Rgb(240, 229, 202) } else { dye("shu") }
}

fn stand(p: &mut Picture, v: View) {
    light::standing_shadow(p, v.foot, 3.0 * v.scale, 1.2 * v.scale, 11.0 * v.scale, v.k);
    let base = Profile::smooth(&[(3.0, 0.0), (3.05, 0.25), (2.2, 0.5), (0.8, 0.9), (0.5, 1.6)]);
    p.fill(&base.outline(v), &IRON.to_string());
    lathe::shade(p, &base, v, 0.4, 0.2);
    let cup = Profile::smooth(&[(0.5, 1.5), (0.9, 1.8), (1.3, 2.1), (1.35, 2.3)]);
    p.fill(&cup.outline(v), &IRON.lighter(0.05).to_string());
    lathe::shade(p, &cup, v, 0.5, 0.2);
    p.fill(&v.ring(1.35, 2.3), &IRON.lighter(0.16).to_string());
}

fn candle(p: &mut Picture, v: View, colour: Rgb, lit: bool) {
    stand(p, v);
    let body = Profile::smooth(&[(0.95, 2.25), (0.92, 5.0), (1.1, 9.0), (1.5, 12.6)]);
    p.fill(&body.outline(v), &colour.to_string());
    lathe::shade(p, &body, v, 0.3, 0.18);
    lathe::gleam(p, &body, v, 1.0, 8.0, 0.35);
    let top = v.ring(1.5, 12.6);
    p.fill(&top, &colour.lighter(0.34).to_string());
    p.stroke(&top, WHITE, 1.6, 0.5);
    p.fill(&v.ring(0.62, 12.6), &colour.lighter(0.1).to_string());
    let wick = Profile::straight(&[(0.36, 12.5), (0.3, 13.7)]);
    p.fill(&wick.outline(v), "#8a765c");
    lathe::shade(p, &wick, v, 0.0, 0.1);
    p.fill(&v.ring(0.3, 13.7), if lit { "#3a2a1c" } else { "#b7a283" });
    if lit {
        flame(p, v.at(0.0, 13.6, 0.0), v.scale * 1.15);
    }
}

/// A tall flame with its bright heart.
pub fn flame(p: &mut Picture, at: Pt, s: f64) {
    let tongue = |w: f64, h: f64, dy: f64| {
        Curve::smooth(
            &[
                at + pt(0.0, dy),
                at + pt(-w, -h * 0.26 + dy),
                at + pt(-w * 0.62, -h * 0.6 + dy),
                at + pt(w * 0.1, -h + dy),
                at + pt(w * 0.5, -h * 0.6 + dy),
                at + pt(w, -h * 0.26 + dy),
            ],
            true,
        )
    };
    let halo = p.radial(
        (at.x, at.y - s * 1.6),
        s * 7.0,
        s * 7.0,
        &[(0.0, Rgb(255, 214, 130), 0.75), (0.25, Rgb(255, 186, 96), 0.32), (1.0, Rgb(255, 170, 80), 0.0)],
    );
    p.fill(&Curve::circle(at + pt(0.0, -s * 1.6), s * 7.0), &halo);
    let outer = tongue(s * 0.78, s * 4.0, s * 0.4);
    let paint = p.linear(
        (0.0, at.y - s * 3.8),
        (0.0, at.y + s * 0.4),
        &[
            (0.0, Rgb(255, 190, 84), 0.75),
            (0.4, Rgb(255, 214, 110), 1.0),
            (0.8, Rgb(255, 176, 70), 1.0),
            (1.0, Rgb(206, 104, 50), 0.7),
        ],
    );
    p.blurred(s * 0.09, |p| p.fill(&outer, &paint));
    let heart = tongue(s * 0.44, s * 2.5, s * 0.2);
    p.blurred(s * 0.12, |p| p.tint(&heart, Rgb(255, 250, 226), 0.95));
}

/// A room at dusk.
fn dusk(p: &mut Picture, at: (f64, f64)) {
    light::wall_and_table(p, Rgb(104, 88, 76), Rgb(124, 98, 74), 740.0);
    let glow = p.radial(
        at,
        760.0,
        700.0,
        &[(0.0, Rgb(255, 204, 120), 0.62), (0.5, Rgb(226, 150, 76), 0.2), (1.0, Rgb(60, 36, 20), 0.3)],
    );
    p.fill(&Curve::rect(0.0, 0.0, 1200.0, 1200.0), &glow);
}

pub fn pair(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => {
            dusk(p, (600.0, 330.0));
            candle(p, view(600.0, 1010.0, 46.0, 0.32), wax(scene, 1), true);
        }
        Arrangement::Detail => close_up(p, 424.0, 330.0, 3.1, |p| {
            candle(p, view(424.0, 880.0, 48.0, 0.4), wax(scene, 0), false);
        }),
        _ => {
            candle(p, view(400.0, 860.0, 46.0, 0.34), wax(scene, 0), false);
            candle(p, view(745.0, 960.0, 46.0, 0.34), wax(scene, 0), false);
        }
    }
}

fn filled(p: &mut Picture, v: View, scene: &Scene, lit: bool) {
    cups::choko_cup(p, v, scene.pattern(), scene.colour());
    lathe::liquid(p, v, (3.83, 6.5), 3.7, 5.8, WAX);
    if lit {
        let warm = v.at(0.0, 5.8, 0.0);
        let melt = p.radial(
            (warm.x, warm.y),
            2.9 * v.scale,
            2.9 * v.scale * v.k,
            &[(0.0, Rgb(255, 206, 110), 0.95), (0.6, Rgb(255, 210, 140), 0.5), (1.0, Rgb(255, 220, 160), 0.0)],
        );
        p.fill(&v.ring(2.9, 5.8), &melt);
    }
    let foot = v.at(0.0, 5.8, 0.0);
    let wick = Curve::smooth(&[foot, foot + pt(3.0, -26.0), foot + pt(-2.0, -52.0)], false);
    p.stroke(&wick, Rgb(92, 76, 58), 8.0, 1.0);
    p.stroke(&wick.moved(pt(-1.5, 0.0)), Rgb(190, 172, 140), 3.0, 0.8);
    p.blurred(3.0, |p| p.tint(&Curve::oval(foot + pt(12.0, 4.0), 20.0, 6.0), SHADE, 0.3));
    if lit {
        flame(p, foot + pt(-2.0, -44.0), 34.0);
    }
}

pub fn cup(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => {
            dusk(p, (590.0, 430.0));
            filled(p, view(590.0, 980.0, 76.0, 0.4), scene, true);
        }
        Arrangement::Detail => {
            close_up(p, 590.0, 420.0, 2.4, |p| filled(p, view(585.0, 870.0, 86.0, 0.46), scene, false))
        }
        _ => filled(p, view(585.0, 870.0, 86.0, 0.42), scene, false),
    }
}
