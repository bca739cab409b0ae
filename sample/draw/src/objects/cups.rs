//! Cups: yunomi, soba choko and mug.

use super::{bowls, close_up, table};
use crate::{
    boxes::{self, Block, Camera},
    geometry::{Curve, Pt, data, pt},
    lathe::{self, Band, Profile, View, view},
    light,
    palette::{CLAY, PAPER, PORCELAIN, Rgb, SHADE, TEA, WHITE, dye, glaze},
    patterns::Pattern,
    scene::{Arrangement, Scene},
    svg::Picture,
};

fn yunomi_profile() -> Profile {
    Profile::smooth(&[(2.5, 0.0), (3.25, 0.35), (3.55, 1.6), (3.66, 5.0), (3.75, 8.5)])
}

pub fn yunomi_cup(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    let profile = yunomi_profile();
    light::standing_shadow(p, v.foot, 2.8 * v.scale, 3.6 * v.scale, 8.0 * v.scale, v.k);
    p.fill(&profile.outline(v), &CLAY.to_string());
    lathe::dip(p, &profile, v, 8.2, colour);
    let glazed = profile.clone();
    bowls::wall_of_glaze(p, &glazed, v, colour, seed);
    for (shift, tone) in [(0.0, SHADE), (0.1, WHITE)] {
        let marks: Vec<Curve> =
            (0..9).map(|i| 0.9 + shift + 0.8 * f64::from(i)).map(|at| profile.strip(v, at, at + 0.1)).collect();
        p.path(&data(&marks), &format!("fill=\"{tone}\" fill-opacity=\".07\""));
    }
    lathe::shade(p, &profile, v, 0.5, 0.26);
    lathe::gleam(p, &profile, v, 0.8, 5.4, 0.6);
    lathe::hollow(p, v, 3.75, 8.5, colour.lighter(0.08), 0.24);
    bowls::lip(p, v, 3.75, 8.5, colour);
}

/// White cups of tea, all alike.
pub fn with_tea(p: &mut Picture, spots: &[Pt], scale: f64, k: f64) {
    let cup = p.once(|p| {
        let v = view(0.0, 0.0, scale, k);
        yunomi_cup(p, v, glaze("shiro"), 4);
        tea_in(p, v, 3.75, 8.5, 1.0, TEA);
    });
    for at in spots {
        p.place(cup, *at);
    }
}

pub fn tea_in(p: &mut Picture, v: View, r: f64, z: f64, down: f64, colour: Rgb) {
    lathe::liquid(p, v, (r - 0.24, z), r - 0.3, z - down, colour);
}

pub fn yunomi(p: &mut Picture, scene: &Scene) {
    let colour = glaze(scene.colour_name());
    match scene.arrangement {
        Arrangement::Use => {
            table::tray(p, view(600.0, 850.0, 38.0, 0.46), 13.0, dye("kuri"), scene.seed());
            let back = view(455.0, 752.0, 40.0, 0.46);
            let near = view(735.0, 850.0, 40.0, 0.46);
            for (i, v) in [back, near].into_iter().enumerate() {
                let colour = glaze(&scene.colours[i % scene.colours.len()]);
                yunomi_cup(p, v, colour, scene.seed() + i as u64);
                tea_in(p, v, 3.75, 8.5, 1.1, TEA);
            }
            table::steam(p, pt(455.0, back.y(9.0)), 240.0);
            table::steam(p, pt(735.0, near.y(9.0)), 270.0);
        }
        Arrangement::Detail => close_up(p, 455.0, 400.0, 2.3, |p| {
            yunomi_cup(p, view(600.0, 900.0, 74.0, 0.36), colour, scene.seed());
        }),
        _ => yunomi_cup(p, view(585.0, 895.0, 74.0, 0.36), colour, scene.seed()),
    }
}

fn choko_profile() -> Profile {
    Profile::smooth(&[(2.75, 0.0), (2.95, 0.25), (3.35, 2.6), (4.0, 6.5)])
}

pub fn choko_cup(p: &mut Picture, v: View, pattern: Pattern, ink: Rgb) {
    light::standing_shadow(p, v.foot, 2.9 * v.scale, 3.7 * v.scale, 6.0 * v.scale, v.k);
    choko_body(p, v, pattern, ink, 0.7);
}

/// The cup itself; of one in a stack only the wall from `bare` down is painted.
fn choko_body(p: &mut Picture, v: View, pattern: Pattern, ink: Rgb, bare: f64) {
    let profile = choko_profile();
    p.fill(&profile.outline(v), &PORCELAIN.to_string());
    let sort = Band {
        pattern,
        colour: ink,
        repeat: match pattern {
            Pattern::Asanoha => 2.6,
            Pattern::Ichimatsu => 2.3,
            _ => 1.9,
        },
        from: bare,
        to: 5.9,
    };
    lathe::band(p, &profile, v, &sort);
    for at in [0.34, 5.98] {
        lathe::strip(p, &profile, v, at, at + 0.09, &ink.to_string());
    }
    lathe::shade(p, &profile, v, 0.8, 0.24);
    lathe::gleam(p, &profile, v, 0.6, 4.4, 0.8);
    lathe::hollow(p, v, 4.0, 6.5, PORCELAIN, 0.17);
    bowls::lip(p, v, 4.0, 6.5, PORCELAIN);
}

pub fn choko(p: &mut Picture, scene: &Scene) {
    let ink = scene.colour();
    match scene.arrangement {
        Arrangement::Use => {
            let v = view(445.0, 900.0, 56.0, 0.36);
            light::standing_shadow(p, v.foot, 2.9 * v.scale, 3.7 * v.scale, 11.0 * v.scale, v.k);
            for i in 0..3 {
                let up = v.raised(2.75 * f64::from(i));
                let bare = if i < 2 { 3.6 } else { 0.7 };
                choko_body(p, up, scene.pattern_at(i as usize + 1), ink, bare);
            }
            choko_cup(p, view(835.0, 965.0, 56.0, 0.36), scene.pattern_at(0), ink);
        }
        Arrangement::Detail => close_up(p, 420.0, 540.0, 2.3, |p| {
            choko_cup(p, view(600.0, 880.0, 86.0, 0.4), scene.pattern(), ink);
        }),
        _ => choko_cup(p, view(585.0, 865.0, 86.0, 0.4), scene.pattern(), ink),
    }
}

fn mug_profile() -> Profile {
    Profile::smooth(&[(3.5, 0.0), (4.05, 0.4), (4.2, 1.6), (4.2, 5.0), (4.25, 8.5)])
}

fn handle(p: &mut Picture, v: View, colour: Rgb) {
    let at = |x: f64, z: f64| pt(v.foot.x + x * v.scale, v.y(z) + v.scale * 0.5);
    let bow =
        Curve::smooth(&[at(3.8, 6.9), at(5.6, 7.1), at(6.7, 5.7), at(6.5, 3.6), at(5.3, 2.1), at(3.8, 1.9)], false);
    let s = v.scale;
    p.blurred(10.0, |p| p.stroke(&bow.moved(pt(s * 0.7, s * 0.9)), SHADE, s * 0.7, 0.18));
    p.stroke(&bow, colour.darker(0.42), s * 1.12, 1.0);
    p.stroke(&bow.moved(pt(-s * 0.07, -s * 0.08)), colour, s * 0.82, 1.0);
    p.blurred(s * 0.07, |p| {
        p.stroke(&bow.moved(pt(s * 0.18, s * 0.2)), SHADE, s * 0.28, 0.3);
        p.stroke(&bow.moved(pt(-s * 0.17, -s * 0.2)), WHITE, s * 0.2, 0.55);
    });
}

pub fn mug_cup(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    let profile = mug_profile();
    light::standing_shadow(p, v.foot, 3.8 * v.scale, 4.1 * v.scale, 8.0 * v.scale, v.k);
    handle(p, v, colour);
    p.fill(&profile.outline(v), &CLAY.lighter(0.12).to_string());
    lathe::dip(p, &profile, v, 7.7, colour);
    bowls::wall_of_glaze(p, &profile, v, colour, seed);
    lathe::shade(p, &profile, v, 0.5, 0.28);
    lathe::gleam(p, &profile, v, 0.9, 5.6, 0.6);
    lathe::hollow(p, v, 4.25, 8.5, colour.lighter(0.1), 0.26);
    bowls::lip(p, v, 4.25, 8.5, colour);
}

pub fn mug(p: &mut Picture, scene: &Scene) {
    let colour = glaze(scene.colour_name());
    match scene.arrangement {
        Arrangement::Use => {
            book(p);
            let v = view(610.0, 900.0, 62.0, 0.42);
            mug_cup(p, v, colour, scene.seed());
            tea_in(p, v, 4.25, 8.5, 0.9, Rgb(64, 38, 24));
            table::steam(p, pt(600.0, v.y(9.0)), 250.0);
        }
        Arrangement::Detail => close_up(p, 440.0, 400.0, 2.3, |p| {
            mug_cup(p, view(600.0, 900.0, 72.0, 0.38), colour, scene.seed());
        }),
        _ => mug_cup(p, view(545.0, 890.0, 72.0, 0.38), colour, scene.seed()),
    }
}

fn book(p: &mut Picture) {
    let camera = Camera { origin: pt(470.0, 800.0), scale: 34.0, yaw: -0.5, k: 0.42 };
    let block = Block { lo: (-9.0, -9.0, 0.0), size: (13.0, 18.0, 1.8) };
    boxes::block(p, camera, block, PAPER.darker(0.06));
    let cover = Block { lo: (-9.2, -9.2, 1.8), size: (13.4, 18.4, 0.22) };
    boxes::solid(p, camera, cover, dye("ai").lighter(0.1));
}
