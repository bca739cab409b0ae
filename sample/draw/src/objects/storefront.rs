//! The shop front in the evening: the picture on the first page.

use std::f64::consts::TAU;

use super::noren::{Hung, bamboo};
use crate::{
    geometry::{Curve, data, pt},
    palette::{CEDAR, INDIGO, Rgb, SHADE, WHITE},
    patterns::Pattern,
    random::Random,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

const LAMP: Rgb = Rgb(255, 206, 128);
const NIGHT: Rgb = Rgb(32, 34, 48);

/// Where things stand; the two shapes of the picture share one shop.
struct Front {
    left: f64,
    right: f64,
    top: f64,
    floor: f64,
}

pub fn draw(p: &mut Picture, scene: &Scene) {
    let front = if scene.arrangement == Arrangement::Wide {
        Front { left: 700.0, right: 1330.0, top: 210.0, floor: 770.0 }
    } else {
        Front { left: 170.0, right: 730.0, top: 380.0, floor: 1040.0 }
    };
    wall(p, &front, scene.seed());
    inside(p, &front);
    lattice(p, &front);
    side_windows(p, &front);
    beams(p, &front, scene.seed());
    street(p, &front);
    eaves(p, &front);
    curtain(p, &front, scene);
    lantern(p, pt(front.left - 92.0, front.top + 80.0), 1.0);
    plants(p, &front);
    dusk(p, &front);
}

fn wall(p: &mut Picture, f: &Front, seed: u64) {
    let (w, h) = (p.width, p.height);
    let plaster = p.linear(
        (0.0, 0.0),
        (0.0, h),
        &[(0.0, Rgb(86, 80, 84), 1.0), (0.5, Rgb(126, 112, 98), 1.0), (1.0, Rgb(120, 102, 84), 1.0)],
    );
    p.fill(&Curve::rect(0.0, 0.0, w, h), &plaster);
    let boards = f.floor - 190.0;
    let all = row(0.0, w, 45.0);
    let mut random = Random::new(seed);
    let (dark, light): (Vec<f64>, Vec<f64>) = all.iter().partition(|_| random.unit() > 0.5);
    uprights(p, &dark, (0.0, 44.0), boards, f.floor - boards, CEDAR.darker(0.56), 1.0);
    uprights(p, &light, (0.0, 44.0), boards, f.floor - boards, CEDAR.darker(0.49), 1.0);
    uprights(p, &all, (0.0, 3.0), boards, f.floor - boards, SHADE, 0.5);
    p.fill(&Curve::rect(0.0, boards - 12.0, w, 14.0), &CEDAR.darker(0.4).to_string());
    p.tint(&Curve::rect(0.0, boards - 12.0, w, 3.0), LAMP, 0.25);
}

fn inside(p: &mut Picture, f: &Front) {
    let (w, h) = (f.right - f.left, f.floor - f.top);
    let opening = Curve::rect(f.left, f.top, w, h);
    p.fill(&opening, "#b9793a");
    let glow = p.radial(
        (f.left + w * 0.52, f.top + h * 0.46),
        w * 0.72,
        h * 0.8,
        &[
            (0.0, Rgb(255, 238, 190), 1.0),
            (0.4, Rgb(252, 208, 128), 0.95),
            (0.8, Rgb(214, 140, 66), 0.9),
            (1.0, Rgb(138, 80, 36), 0.95),
        ],
    );
    p.fill(&opening, &glow);
    p.clipped(&opening, |p| {
        p.blurred(3.5, |p| {
            let mut goods = Vec::new();
            for row in 0..3 {
                let y = f.floor - 120.0 - 92.0 * f64::from(row);
                p.tint(&Curve::rect(f.left, y, w, 7.0), Rgb(110, 62, 26), 0.62);
                for i in 0..11 {
                    let x = f.left + 24.0 + w / 11.0 * f64::from(i);
                    let tall = 26.0 + 22.0 * (f64::from(i * 3 + row * 5)).sin().abs();
                    goods.push(Curve::round_rect(x, y - tall, 28.0, tall, 8.0));
                }
            }
            p.path(&data(&goods), "fill=\"#804a22\" fill-opacity=\".5\"");
        });
    });
}

/// Two sliding doors of fine upright bars, the right one pushed aside.
fn lattice(p: &mut Picture, f: &Front) {
    let wood = CEDAR.darker(0.56);
    let (w, h) = (f.right - f.left, f.floor - f.top);
    let door = w * 0.5;
    for (x, lit) in [(f.left, 0.0), (f.right - door * 0.62, 0.12)] {
        let end = (x + door).min(f.right);
        let bars = row(x + 26.0, end - 12.0, 24.0);
        uprights(p, &bars, (0.0, 8.0), f.top, h, wood.lighter(lit), 1.0);
        uprights(p, &bars, (0.0, 2.0), f.top, h, LAMP, 0.55);
        uprights(p, &bars, (6.0, 2.0), f.top, h, LAMP, 0.28);
        for y in [f.top + h * 0.3, f.top + h * 0.62] {
            p.fill(&Curve::rect(x, y, end - x, 10.0), &wood.to_string());
            p.tint(&Curve::rect(x, y, end - x, 2.0), LAMP, 0.4);
        }
        let skirt = Curve::rect(x, f.floor - 108.0, end - x, 108.0);
        p.fill(&skirt, &wood.lighter(0.03).to_string());
        p.clipped(&skirt, |p| texture::grain(p, (x, f.floor - 108.0, end - x, 108.0), 9, 4, 0.9));
        p.tint(&Curve::rect(x, f.floor - 108.0, end - x, 3.0), LAMP, 0.5);
        for edge in [x, end - 22.0] {
            p.fill(&Curve::rect(edge, f.top, 22.0, h), &wood.darker(0.1).to_string());
            p.tint(&Curve::rect(edge + 20.0, f.top, 2.0, h), LAMP, 0.3);
            p.tint(&Curve::rect(edge, f.top, 2.0, h), LAMP, 0.2);
        }
    }
}

/// Places `step` apart.
fn row(from: f64, to: f64, step: f64) -> Vec<f64> {
    (0..).map(|i| from + step * f64::from(i)).take_while(|x| *x < to).collect()
}

/// Upright strips at those places, each moved and as wide as `strip` says.
fn uprights(p: &mut Picture, places: &[f64], strip: (f64, f64), y: f64, h: f64, colour: Rgb, opacity: f64) {
    let bars: Vec<Curve> = places.iter().map(|x| Curve::rect(x + strip.0, y, strip.1, h)).collect();
    p.path(&data(&bars), &format!("fill=\"{colour}\" fill-opacity=\"{opacity}\""));
}

fn side_windows(p: &mut Picture, f: &Front) {
    let y = f.top + 70.0;
    let h = f.floor - 190.0 - 50.0 - y;
    let mut spots = Vec::new();
    if p.width > 1000.0 {
        spots.push((190.0, 330.0));
        spots.push((1420.0, 330.0));
    }
    for (x, w) in spots {
        let pane = Curve::rect(x, y, w, h);
        p.fill(&pane, "#c98a48");
        let glow = p.radial(
            (x + w * 0.6, y + h * 0.5),
            w * 0.8,
            h * 0.9,
            &[(0.0, Rgb(255, 226, 160), 0.95), (0.6, Rgb(240, 180, 98), 0.7), (1.0, Rgb(140, 84, 42), 0.8)],
        );
        p.fill(&pane, &glow);
        let bars = row(x + 10.0, x + w, 26.0);
        uprights(p, &bars, (0.0, 9.0), y, h, CEDAR.darker(0.58), 1.0);
        uprights(p, &bars, (0.0, 2.0), y, h, LAMP, 0.4);
        for edge in [y - 14.0, y + h * 0.5, y + h] {
            p.fill(&Curve::rect(x - 14.0, edge, w + 28.0, 14.0), &CEDAR.darker(0.6).to_string());
        }
    }
}

fn beams(p: &mut Picture, f: &Front, seed: u64) {
    let wood = CEDAR.darker(0.46);
    for x in [f.left - 40.0, f.right] {
        let post = Curve::rect(x, 0.0, 40.0, f.floor);
        p.fill(&post, &wood.to_string());
        let face = p.linear(
            (x, 0.0),
            (x + 40.0, 0.0),
            &[(0.0, SHADE, 0.5), (0.3, WHITE, 0.05), (0.7, SHADE, 0.1), (1.0, SHADE, 0.55)],
        );
        p.fill(&post, &face);
    }
    for x in [f.left - 4.0, f.right] {
        p.tint(&Curve::rect(x, f.top, 4.0, f.floor - f.top), LAMP, 0.5);
    }
    let lintel = Curve::rect(0.0, f.top - 56.0, p.width, 56.0);
    p.fill(&lintel, &wood.to_string());
    p.clipped(&lintel, |p| texture::grain(p, (0.0, f.top - 56.0, 1600.0, 56.0), 9, seed, 1.0));
    let face =
        p.linear((0.0, f.top - 56.0), (0.0, f.top), &[(0.0, WHITE, 0.12), (0.2, SHADE, 0.05), (1.0, SHADE, 0.5)]);
    p.fill(&lintel, &face);
}

fn street(p: &mut Picture, f: &Front) {
    let (w, h) = (p.width, p.height);
    let stone = p.linear(
        (0.0, f.floor),
        (0.0, h),
        &[(0.0, Rgb(96, 84, 74), 1.0), (0.2, Rgb(74, 66, 64), 1.0), (1.0, Rgb(44, 42, 50), 1.0)],
    );
    p.fill(&Curve::rect(0.0, f.floor, w, h - f.floor), &stone);
    let step = Curve::rect(f.left - 60.0, f.floor, f.right - f.left + 120.0, 34.0);
    p.fill(&step, "#8d7a66");
    let lit =
        p.linear((0.0, f.floor), (0.0, f.floor + 34.0), &[(0.0, LAMP, 0.6), (0.3, LAMP, 0.12), (1.0, SHADE, 0.5)]);
    p.fill(&step, &lit);
    let middle = (f.left + f.right) / 2.0;
    let (l, r) = (f.left - 30.0, f.right + 30.0);
    let pool = Curve::polygon(&[pt(l, f.floor + 34.0), pt(r, f.floor + 34.0), pt(r + 190.0, h), pt(l - 190.0, h)]);
    let spill = p.radial(
        (middle, f.floor + 30.0),
        (r - l) * 0.72,
        (h - f.floor) * 1.15,
        &[(0.0, LAMP, 0.62), (0.5, LAMP, 0.24), (1.0, LAMP, 0.0)],
    );
    p.blurred(16.0, |p| p.fill(&pool, &spill));
    for row in 0..4 {
        let t = f64::from(row) / 4.0;
        let y = f.floor + 40.0 + (h - f.floor) * t * t * 1.05;
        p.tint(&Curve::rect(0.0, y, w, 2.0 + 2.0 * t), SHADE, 0.4);
        let next = f.floor + 40.0 + (h - f.floor) * ((t + 0.25) * (t + 0.25)) * 1.05;
        let joints: Vec<Curve> = (-8..=8)
            .map(|i| {
                let step = 150.0 + 100.0 * t;
                let x = middle + (f64::from(i) + if row % 2 == 0 { 0.0 } else { 0.5 }) * step;
                Curve::line(&[pt(x, y), pt(middle + (x - middle) * 1.12, next)])
            })
            .collect();
        p.path(
            &data(&joints),
            &format!("fill=\"none\" stroke=\"{SHADE}\" stroke-opacity=\".34\" stroke-width=\"{}\"", 2.0 + t),
        );
    }
}

fn eaves(p: &mut Picture, f: &Front) {
    let w = p.width;
    let y = f.top - 130.0;
    let deep = p.linear(
        (0.0, y - 40.0),
        (0.0, f.top - 56.0),
        &[(0.0, NIGHT.darker(0.3), 0.95), (0.6, NIGHT, 0.7), (1.0, SHADE, 0.4)],
    );
    p.fill(&Curve::rect(0.0, 0.0, w, f.top - 56.0), &deep);
    let rafters = row(-10.0, w, 62.0);
    uprights(p, &rafters, (0.0, 22.0), y, 44.0, CEDAR.darker(0.62), 1.0);
    uprights(p, &rafters, (0.0, 22.0), y + 40.0, 4.0, LAMP, 0.3);
    let board = Curve::rect(0.0, y - 34.0, w, 38.0);
    p.fill(&board, &CEDAR.darker(0.68).to_string());
    p.tint(&Curve::rect(0.0, y + 1.0, w, 3.0), LAMP, 0.22);
    let tiles = row(-20.0, w + 20.0, 46.0);
    let rounds = |r: f64| data(&tiles.iter().map(|x| Curve::circle(pt(*x, y - 44.0), r)).collect::<Vec<_>>());
    p.path(&rounds(19.0), "fill=\"#3b3d47\"");
    p.path(&rounds(12.0), "fill=\"none\" stroke=\"#606472\" stroke-width=\"2\" stroke-opacity=\".5\"");
    let roof = p.linear((0.0, 0.0), (0.0, y - 46.0), &[(0.0, Rgb(38, 40, 52), 1.0), (1.0, Rgb(58, 60, 70), 1.0)]);
    p.fill(&Curve::rect(0.0, 0.0, w, y - 50.0), &roof);
    uprights(p, &tiles, (-4.0, 8.0), 0.0, y - 48.0, WHITE, 0.07);
    uprights(p, &tiles, (16.0, 8.0), 0.0, y - 48.0, SHADE, 0.35);
}

fn curtain(p: &mut Picture, f: &Front, scene: &Scene) {
    let wide = 150.0;
    let s = (f.right - f.left - 16.0) / wide;
    let hung = Hung {
        at: pt(f.left + 8.0, f.top + 12.0),
        scale: s,
        wide,
        drop: 66.0,
        panels: 3,
        pattern: Pattern::Plain,
        colour: INDIGO,
        repeat: 20.0,
        seed: scene.seed() + 3,
        sway: 13.0,
    };
    bamboo(p, f.left - 26.0, f.right + 26.0, f.top + 12.0 + 2.4 * s, 1.5 * s);
    hung.shadow(p, pt(4.0, 12.0), 9.0, 0.35);
    hung.draw(p, 0.2);
    let (w, h) = (wide * s, 66.0 * s);
    let white = Rgb(240, 226, 196);
    for panel in [0.0, 1.0, 2.0] {
        let middle = pt(f.left + 11.0 + w * (panel + 0.5) / 3.0, f.top + 12.0 + h * 0.54);
        p.group("opacity=\".92\"", |p| super::tenugui::crest(p, middle, w * 0.088, 0.0, white));
    }
}

fn lantern(p: &mut Picture, c: crate::geometry::Pt, s: f64) {
    let glow = p.radial((c.x, c.y), 190.0 * s, 190.0 * s, &[(0.0, LAMP, 0.6), (0.4, LAMP, 0.2), (1.0, LAMP, 0.0)]);
    p.fill(&Curve::circle(c, 190.0 * s), &glow);
    p.stroke(&Curve::line(&[c + pt(0.0, -140.0 * s), c + pt(0.0, -70.0 * s)]), SHADE, 4.0, 0.9);
    let body = Curve::smooth(
        &[
            c + pt(-30.0 * s, -64.0 * s),
            c + pt(-50.0 * s, -30.0 * s),
            c + pt(-54.0 * s, 10.0 * s),
            c + pt(-32.0 * s, 66.0 * s),
            c + pt(32.0 * s, 66.0 * s),
            c + pt(54.0 * s, 10.0 * s),
            c + pt(50.0 * s, -30.0 * s),
            c + pt(30.0 * s, -64.0 * s),
        ],
        true,
    );
    let paper = p.radial(
        (c.x - 6.0, c.y + 6.0),
        70.0 * s,
        84.0 * s,
        &[(0.0, Rgb(255, 246, 214), 1.0), (0.5, Rgb(255, 222, 154), 1.0), (1.0, Rgb(214, 146, 76), 1.0)],
    );
    p.fill(&body, &paper);
    p.clipped(&body, |p| {
        for i in -6..=6 {
            let y = c.y + f64::from(i) * 11.0 * s;
            p.stroke(
                &Curve::smooth(&[pt(c.x - 60.0 * s, y - 3.0), pt(c.x, y + 4.0), pt(c.x + 60.0 * s, y - 3.0)], false),
                Rgb(150, 92, 40),
                1.6,
                0.42,
            );
        }
    });
    super::tenugui::crest(p, c, 26.0 * s, 0.0, INDIGO);
    for y in [-70.0, 62.0] {
        p.fill(&Curve::round_rect(c.x - 30.0 * s, c.y + y * s, 60.0 * s, 12.0 * s, 3.0), "#2b2320");
    }
}

/// A clipped shrub in a pot by the door.
fn plants(p: &mut Picture, f: &Front) {
    let c = pt(f.right + 112.0, f.floor + 26.0);
    p.blurred(8.0, |p| p.tint(&Curve::oval(c + pt(0.0, 4.0), 74.0, 14.0), SHADE, 0.6));
    let mut random = Random::new(12);
    for layer in 0..3_u8 {
        let tone = [Rgb(34, 48, 38), Rgb(52, 72, 50), Rgb(96, 108, 62)][usize::from(layer)];
        let leaves: Vec<Curve> = (0..120)
            .map(|_| {
                let a = random.between(0.0, TAU);
                let d = random.unit().sqrt() * (104.0 - 16.0 * f64::from(layer));
                let at = c + pt(d * a.cos() * 0.82 - 8.0 * f64::from(layer), -188.0 + d * a.sin());
                let turn = random.between(0.0, TAU);
                Curve::line(&[at + pt(-9.0, 0.0).turned(turn), at + pt(9.0, 0.0).turned(turn)])
            })
            .collect();
        p.path(&data(&leaves), &format!("fill=\"none\" stroke=\"{tone}\" stroke-width=\"5\" stroke-linecap=\"round\""));
    }
    let pot = Curve::smooth(&[c + pt(-58.0, -86.0), c + pt(-52.0, -40.0), c + pt(-40.0, 0.0)], false)
        .then(Curve::smooth(&[c + pt(-40.0, 0.0), c + pt(0.0, 8.0), c + pt(40.0, 0.0)], false))
        .then(Curve::smooth(&[c + pt(40.0, 0.0), c + pt(52.0, -40.0), c + pt(58.0, -86.0)], false))
        .close();
    p.fill(&pot, "#54606a");
    let round = p.linear(
        (c.x - 58.0, 0.0),
        (c.x + 58.0, 0.0),
        &[(0.0, LAMP, 0.5), (0.3, LAMP, 0.1), (0.6, SHADE, 0.2), (1.0, SHADE, 0.6)],
    );
    p.fill(&pot, &round);
    p.fill(&Curve::oval(c + pt(0.0, -86.0), 60.0, 11.0), "#2c2a28");
}

/// Evening over everything the lamps do not reach.
fn dusk(p: &mut Picture, f: &Front) {
    let (w, h) = (p.width, p.height);
    let middle = ((f.left + f.right) / 2.0, (f.top + f.floor) / 2.0 + 40.0);
    let veil = p.radial(
        middle,
        w * 0.62,
        h * 0.86,
        &[(0.0, Rgb(255, 190, 100), 0.1), (0.45, NIGHT, 0.1), (0.75, NIGHT, 0.42), (1.0, NIGHT, 0.66)],
    );
    p.fill(&Curve::rect(0.0, 0.0, w, h), &veil);
}
