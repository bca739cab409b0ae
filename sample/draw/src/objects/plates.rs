//! Plates: the round plate in two sizes and the tiny mamezara.

use std::f64::consts::TAU;

use super::close_up;
use crate::{
    geometry::{Curve, Pt, pt},
    lathe::{self, Profile, View, view},
    light,
    palette::{CLAY, PORCELAIN, Rgb, SHADE, WHITE, dye, glaze},
    patterns::{Pattern, area},
    random::Random,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

/// A plate of radius `r` and height `h`: outside, rim, slope and floor.
pub fn plate(p: &mut Picture, v: View, r: f64, h: f64, colour: Rgb, seed: u64, shadow: bool) {
    let profile = Profile::smooth(&[(r * 0.55, 0.0), (r * 0.72, h * 0.2), (r * 0.92, h * 0.62), (r, h)]);
    if shadow {
        light::standing_shadow(p, v.foot, r * 0.8 * v.scale, r * 0.98 * v.scale, h * v.scale * 1.4, v.k);
    }
    p.fill(&profile.outline(v), &colour.darker(0.16).to_string());
    lathe::shade(p, &profile, v, 0.3, 0.5);
    let c = pt(v.foot.x, v.y(h));
    let (w, d) = (r * v.scale, r * v.scale * v.k);
    let rim = v.ring(r, h);
    p.fill(&rim, &CLAY.mix(colour, 0.62).lighter(0.16).to_string());
    let slope = v.ring(r - 0.16, h);
    p.fill(&slope, &colour.to_string());
    let fall = p.linear(
        (c.x - w * 0.8, c.y - d),
        (c.x + w * 0.8, c.y + d),
        &[(0.0, SHADE, 0.3), (0.3, SHADE, 0.14), (0.6, WHITE, 0.02), (1.0, WHITE, 0.4)],
    );
    p.fill(&slope, &fall);
    let floor = v.ring(r * 0.8, h * 0.3);
    p.clipped(&slope, |p| {
        p.blurred(w * 0.012 + 1.5, |p| {
            p.fill(&floor, &colour.lighter(0.06).to_string());
        });
        let sheen = p.radial(
            (c.x - w * 0.25, c.y - d * 0.2),
            w * 0.95,
            d * 0.95,
            &[(0.0, WHITE, 0.3), (0.55, WHITE, 0.04), (1.0, SHADE, 0.1)],
        );
        p.fill(&floor, &sheen);
        if colour != PORCELAIN {
            texture::specks(p, (c.x - w, c.y - d, w * 2.0, d * 2.0), (w * 0.34) as usize, seed, speck(colour));
        }
        let glint = Curve::oval_arc(c + pt(0.0, h * v.scale * 0.25), w * 0.87, d * 0.87, 0.25, 1.15);
        p.blurred(4.0, |p| p.stroke(&glint, WHITE, w * 0.022, 0.5));
    });
    let near = Curve::oval_arc(c, w - 3.0, d - 2.0, 1.4, 3.4);
    p.stroke(&near, WHITE, 2.6, 0.6);
}

fn speck(colour: Rgb) -> Rgb {
    if colour.luma() < 0.4 { Rgb(170, 150, 124) } else { Rgb(96, 66, 40) }
}

pub fn round(p: &mut Picture, scene: &Scene) {
    let colour = glaze(scene.colour_name());
    match scene.arrangement {
        Arrangement::Use => {
            let v = view(600.0, 870.0, 40.0, 0.4);
            for i in 0..6_u8 {
                let small = i >= 3;
                let (r, h) = if small { (7.5, 2.0) } else { (10.5, 2.5) };
                let up = v.raised(f64::from(i) * 0.95 + if small { 0.5 } else { 0.0 });
                let tone = glaze(&scene.colours[usize::from(i) % scene.colours.len()]);
                let foot = i == 0;
                if !foot {
                    let under = v.raised(f64::from(i) * 0.95 + 0.5).ring(r * 0.8, 0.2);
                    p.blurred(8.0, |p| p.tint(&under.moved(pt(8.0, 6.0)), SHADE, 0.5));
                }
                plate(p, up, r, h, tone, scene.seed() + u64::from(i), foot);
            }
        }
        Arrangement::Detail => close_up(p, 350.0, 740.0, 2.6, |p| {
            plate(p, view(600.0, 660.0, 44.0, 0.62), 10.5, 2.5, colour, scene.seed(), true);
        }),
        _ => {
            let big = scene.size == "21";
            let r = if big { 10.5 } else { 7.5 };
            let h = if big { 2.5 } else { 2.0 };
            plate(p, view(592.0, 668.0, 44.0, 0.62), r, h, colour, scene.seed(), true);
        }
    }
}

pub fn mame_plate(p: &mut Picture, v: View, pattern: Pattern, ink: Rgb) {
    let (r, h) = (4.5, 1.5);
    plate(p, v, r, h, PORCELAIN, 3, true);
    let floor = v.ring(3.75, 0.55);
    let c = pt(v.foot.x, v.y(0.55));
    let unit = match pattern {
        Pattern::Asanoha | Pattern::Kikko => 2.8,
        _ => 2.1,
    };
    p.clipped(&floor, |p| {
        let reach = 3.9 / unit;
        pattern.draw(p, area(-reach, -reach, reach, reach), unit * v.scale, ink, &|q: Pt| {
            c + pt(q.x * unit * v.scale, q.y * unit * v.scale * v.k)
        });
        let w = 3.75 * v.scale;
        let sheen = p.linear(
            (c.x - w, c.y - w * v.k),
            (c.x + w, c.y + w * v.k),
            &[(0.0, WHITE, 0.05), (0.3, WHITE, 0.28), (0.5, WHITE, 0.0), (1.0, SHADE, 0.16)],
        );
        p.fill(&floor, &sheen);
    });
    p.stroke(&floor, ink, v.scale * 0.06, 0.95);
    let glint = Curve::oval_arc(c, 3.1 * v.scale, 3.1 * v.scale * v.k, 3.5, 4.4);
    p.blurred(5.0, |p| p.stroke(&glint, WHITE, v.scale * 0.3, 0.5));
}

pub fn mame(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => {
            let spots = [(365.0, 420.0), (830.0, 455.0), (395.0, 860.0), (850.0, 885.0)];
            for (i, (x, y)) in spots.into_iter().enumerate() {
                let pattern = scene.pattern_at(i);
                let ink = if pattern == Pattern::Kikko { dye("shu") } else { dye("ai") };
                let v = view(x, y, 46.0, 0.72);
                mame_plate(p, v, pattern, ink);
                match i {
                    0 => umeboshi(p, v),
                    3 => stars(p, v, scene.seed()),
                    _ => {}
                }
            }
        }
        Arrangement::Detail => close_up(p, 520.0, 560.0, 2.3, |p| {
            mame_plate(p, view(600.0, 640.0, 94.0, 0.7), scene.pattern(), scene.colour());
        }),
        _ => mame_plate(p, view(592.0, 650.0, 94.0, 0.66), scene.pattern(), scene.colour()),
    }
}

fn umeboshi(p: &mut Picture, v: View) {
    let c = v.at(0.0, 1.3, 0.0);
    let r = 1.25 * v.scale;
    p.blurred(5.0, |p| p.tint(&Curve::oval(c + pt(9.0, r * 0.62), r, r * 0.55), SHADE, 0.5));
    let plum = Curve::smooth(
        &[
            c + pt(-r, 2.0),
            c + pt(-r * 0.6, -r * 0.7),
            c + pt(r * 0.1, -r * 0.84),
            c + pt(r * 0.8, -r * 0.5),
            c + pt(r, 4.0),
            c + pt(r * 0.55, r * 0.74),
            c + pt(-r * 0.5, r * 0.76),
        ],
        true,
    );
    p.fill(&plum, "#b4473c");
    let ball = p.radial(
        (c.x - r * 0.3, c.y - r * 0.4),
        r * 1.5,
        r * 1.4,
        &[(0.0, WHITE, 0.35), (0.35, WHITE, 0.02), (1.0, SHADE, 0.5)],
    );
    p.fill(&plum, &ball);
    for dx in [-0.4, 0.0, 0.35] {
        let wrinkle =
            Curve::smooth(&[c + pt(dx * r, -r * 0.6), c + pt(dx * r * 1.3 + 4.0, 0.0), c + pt(dx * r, r * 0.5)], false);
        p.stroke(&wrinkle, SHADE, 2.4, 0.28);
    }
}

/// Sugar stars, scattered on a dish.
pub fn stars(p: &mut Picture, v: View, seed: u64) {
    let mut random = Random::new(seed);
    let mut spots: Vec<Pt> = (0..8).map(|_| v.at(random.unit().sqrt() * 2.2, 0.95, random.between(0.0, TAU))).collect();
    spots.sort_by(|a, b| a.y.total_cmp(&b.y));
    let tones = [dye("sakura"), Rgb(240, 234, 220), dye("yama").lighter(0.35)];
    let shapes =
        [0, 1, 2].map(|i| p.once(|p| super::sweets::star(p, pt(0.0, 0.0), v.scale * 0.42, tones[i], i as u64)));
    for (i, at) in spots.into_iter().enumerate() {
        p.place(shapes[i % 3], at);
    }
}
