//! Bowls on a foot ring: the rice bowl and the large donburi.

use std::f64::consts::TAU;

use super::{close_up, table};
use crate::{
    geometry::{Curve, data, pt},
    lathe::{self, Band, Profile, View, view},
    light,
    palette::{CLAY, PORCELAIN, Rgb, SHADE, WHITE, dye, glaze},
    patterns::Pattern,
    random::Random,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

fn rice_profile() -> Profile {
    Profile::smooth(&[(2.5, 0.75), (3.9, 1.45), (5.0, 2.8), (5.7, 4.6), (6.0, 6.5)])
}

fn donburi_profile() -> Profile {
    Profile::smooth(&[(3.3, 0.9), (5.4, 1.7), (7.2, 3.7), (8.1, 6.0), (8.5, 8.5)])
}

fn foot(p: &mut Picture, v: View, r: f64, h: f64, colour: Rgb) {
    let ring = Profile::straight(&[(r * 0.94, 0.0), (r, h * 0.4), (r, h + 0.5)]);
    p.fill(&ring.outline(v), &colour.to_string());
    lathe::shade(p, &ring, v, 0.0, 0.5);
}

/// The rice bowl, empty, with its hollow.
pub fn rice_bowl(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    let profile = rice_profile();
    light::standing_shadow(p, v.foot, 2.5 * v.scale, 5.4 * v.scale, 6.0 * v.scale, v.k);
    foot(p, v, 2.5, 0.75, CLAY);
    let outline = profile.outline(v);
    p.fill(&outline, &colour.to_string());
    wall_of_glaze(p, &profile, v, colour, seed);
    lathe::shade(p, &profile, v, 0.6, 0.4);
    lathe::gleam(p, &profile, v, 0.7, 3.4, 0.7);
    lathe::hollow(p, v, 6.0, 6.5, colour.lighter(0.1), 0.22);
    well(p, v, (5.78, 6.5), 2.6, 1.5, colour);
    lip(p, v, 6.0, 6.5, colour);
}

/// Glaze thins at the rim, gathers lower down and carries iron specks.
pub fn wall_of_glaze(p: &mut Picture, profile: &Profile, v: View, colour: Rgb, seed: u64) {
    let outline = profile.outline(v);
    let (rim, base) = (v.y(profile.rim().1), v.y(profile.base().1));
    let wide = profile.widest() * v.scale;
    let pool = p.linear(
        (0.0, rim),
        (0.0, base + wide * v.k * 0.6),
        &[
            (0.0, CLAY, 0.42),
            (0.13, CLAY, 0.08),
            (0.4, WHITE, 0.06),
            (0.8, colour.darker(0.5), 0.16),
            (1.0, colour.darker(0.6), 0.36),
        ],
    );
    p.fill(&outline, &pool);
    p.clipped(&outline, |p| {
        let bounds = (v.foot.x - wide, rim, wide * 2.0, base - rim + wide * v.k);
        texture::specks(p, bounds, 90, seed, speck(colour));
    });
}

fn speck(colour: Rgb) -> Rgb {
    if colour.luma() < 0.4 { Rgb(190, 160, 120) } else { Rgb(96, 66, 40) }
}

/// The far floor of the hollow, where glaze pools.
fn well(p: &mut Picture, v: View, mouth: (f64, f64), r: f64, z: f64, colour: Rgb) {
    let rim = v.ring(mouth.0, mouth.1);
    let pool = v.ring(r, z);
    p.clipped(&rim, |p| {
        p.blurred(6.0, |p| p.tint(&pool, colour.darker(0.3), 0.35));
    });
}

/// The light that runs along a glazed lip.
pub fn lip(p: &mut Picture, v: View, r: f64, z: f64, colour: Rgb) {
    let c = pt(v.foot.x, v.y(z));
    let (w, h) = (r * v.scale - 2.0, r * v.scale * v.k - 1.5);
    if colour != PORCELAIN {
        p.stroke(&v.ring(r - 0.1, z), CLAY.mix(colour, 0.55), v.scale * 0.09, 0.5);
    }
    for (from, to, strength) in [(1.7, 3.5, 0.85), (4.8, 6.1, 0.55)] {
        let gleam = Curve::oval_arc(c, w, h, from, to);
        let (a, b) = (c.x + w * f64::cos(from), c.x + w * f64::cos(to));
        let paint = p.linear((a, 0.0), (b, 0.0), &[(0.0, WHITE, 0.0), (0.5, WHITE, strength), (1.0, WHITE, 0.0)]);
        let look = format!("fill=\"none\" stroke=\"{paint}\" stroke-width=\"{:.1}\"", v.scale * 0.06 + 0.8);
        p.path(&gleam.data(), &look);
    }
}

pub fn rice(p: &mut Picture, scene: &Scene) {
    let colour = glaze(scene.colour_name());
    match scene.arrangement {
        Arrangement::Use => {
            let v = view(590.0, 800.0, 40.0, 0.46);
            table::tray(p, view(600.0, 850.0, 40.0, 0.46), 12.6, dye("kuri"), scene.seed());
            let bowl = v.raised(0.7);
            rice_bowl(p, bowl, colour, scene.seed());
            table::rice(p, bowl, 5.7, 6.45, 2.2, scene.seed());
            front_lip(p, bowl, 6.0, 6.5, colour);
            table::chopsticks(p, pt(310.0, 948.0), pt(884.0, 960.0), 8.0, dye("shu"));
            table::steam(p, pt(590.0, bowl.y(8.6)), 300.0);
        }
        Arrangement::Detail => close_up(p, 380.0, 500.0, 2.7, |p| {
            rice_bowl(p, view(600.0, 850.0, 60.0, 0.42), colour, scene.seed());
        }),
        _ => rice_bowl(p, view(590.0, 845.0, 60.0, 0.42), colour, scene.seed()),
    }
}

/// The near lip again, in front of what fills the bowl.
fn front_lip(p: &mut Picture, v: View, r: f64, z: f64, colour: Rgb) {
    let c = pt(v.foot.x, v.y(z));
    let (w, h) = (r * v.scale, r * v.scale * v.k);
    let edge = Curve::oval_arc(c, w - 4.0, h - 3.0, 0.05, 3.1);
    p.stroke(&edge, colour.lighter(0.25), 8.0, 1.0);
    p.stroke(&edge.moved(pt(0.0, 3.0)), WHITE, 2.0, 0.4);
}

pub fn donburi_bowl(p: &mut Picture, v: View, pattern: Pattern, ink: Rgb) {
    let profile = donburi_profile();
    light::standing_shadow(p, v.foot, 3.4 * v.scale, 7.6 * v.scale, 7.6 * v.scale, v.k);
    foot(p, v, 3.3, 0.9, PORCELAIN);
    p.fill(&profile.outline(v), &PORCELAIN.to_string());
    lathe::strip(p, &profile, v, 0.42, 0.56, &ink.to_string());
    let sort = Band {
        pattern,
        colour: ink,
        repeat: if pattern == Pattern::Tatewaku { 2.7 } else { 3.2 },
        from: 0.95,
        to: 5.9,
    };
    lathe::band(p, &profile, v, &sort);
    for at in [0.8, 5.9] {
        lathe::strip(p, &profile, v, at, at + 0.08, &ink.to_string());
    }
    lathe::shade(p, &profile, v, 0.7, 0.36);
    lathe::gleam(p, &profile, v, 0.8, 5.0, 0.75);
    lathe::hollow(p, v, 8.5, 8.5, PORCELAIN, 0.24);
    well(p, v, (8.26, 8.5), 3.6, 1.8, PORCELAIN);
    let line = v.ring(7.9, 8.1);
    p.clipped(&v.ring(8.2, 8.5), |p| p.stroke(&line, ink, 4.0, 0.8));
    lip(p, v, 8.5, 8.5, PORCELAIN);
}

pub fn donburi(p: &mut Picture, scene: &Scene) {
    let (pattern, ink) = (scene.pattern(), scene.colour());
    match scene.arrangement {
        Arrangement::Use => {
            let v = view(590.0, 880.0, 42.0, 0.52);
            donburi_bowl(p, v, pattern, ink);
            udon(p, v, scene.seed());
            table::chopsticks(p, pt(250.0, 1040.0), pt(1010.0, 1010.0), 9.0, dye("sumi"));
            table::steam(p, pt(600.0, v.y(8.5) - 60.0), 260.0);
        }
        Arrangement::Detail => close_up(p, 430.0, 650.0, 2.5, |p| {
            donburi_bowl(p, view(600.0, 870.0, 47.0, 0.4), pattern, ink);
        }),
        _ => donburi_bowl(p, view(590.0, 862.0, 47.0, 0.4), pattern, ink),
    }
}

fn udon(p: &mut Picture, v: View, seed: u64) {
    lathe::liquid(p, v, (8.26, 8.5), 7.75, 7.4, Rgb(176, 118, 54));
    let c = pt(v.foot.x, v.y(7.5));
    let w = 6.9 * v.scale;
    let mut random = Random::new(seed);
    let pool = v.ring(7.2, 7.45);
    p.clipped(&pool, |p| {
        for _ in 0..22 {
            let y = random.between(-0.72, 0.85);
            let points: Vec<_> = (0..5)
                .map(|i| {
                    let t = f64::from(i) / 2.0 - 1.0;
                    let bend = 0.22 * (t * 2.0 + y * 5.0).sin() + random.between(-0.05, 0.05);
                    c + pt(w * t * (1.0 - 0.35 * y.abs()), w * v.k * (y + bend * 0.7))
                })
                .collect();
            let noodle = Curve::smooth(&points, false).data();
            let look = |paint: Rgb, wide: f64| format!("fill=\"none\" stroke=\"{paint}\" stroke-width=\"{wide}\"");
            p.group("transform=\"translate(3 5)\" opacity=\".34\"", |p| p.path(&noodle, &look(Rgb(120, 76, 30), 17.0)));
            p.path(&noodle, &look(Rgb(244, 234, 208), 15.0));
            p.group("transform=\"translate(-1.5 -3)\" opacity=\".7\"", |p| p.path(&noodle, &look(WHITE, 4.0)));
        }
        let rings: Vec<Curve> = (0..34)
            .map(|_| {
                let (a, d) = (random.between(0.0, TAU), random.unit().sqrt() * 2.1);
                let at = v.at(d, 7.9, a) + pt(30.0, -20.0);
                Curve::oval(at, 10.0, 6.5)
            })
            .collect();
        p.path(&data(&rings), "fill=\"#dfe8b8\" stroke=\"#6d9440\" stroke-width=\"4\"");
    });
    p.stroke(&pool, SHADE, 2.0, 0.12);
}
