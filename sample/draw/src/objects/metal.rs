//! Knife, grater and ladle.

use std::f64::consts::TAU;

use super::{close_up, wood};
use crate::{
    geometry::{Curve, Pt, data, pt},
    light,
    palette::{COPPER, HINOKI, PORCELAIN, Rgb, SHADE, STEEL, WHITE},
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

/// A santoku lying on its side, pointing right; `long` is the blade in pixels.
fn blade(p: &mut Picture, at: Pt, long: f64, turn: f64) {
    let place = |c: Curve| c.warped(f64::INFINITY, &|q| at + q.turned(turn));
    let h = 190.0;
    let outline = place(
        Curve::line(&[pt(0.0, -70.0), pt(long * 0.56, -66.0)])
            .then(Curve::smooth(&[pt(long * 0.56, -66.0), pt(long * 0.84, -40.0), pt(long, 62.0)], false))
            .then(Curve::smooth(&[pt(long, 62.0), pt(long * 0.8, 96.0), pt(long * 0.5, 112.0), pt(14.0, 116.0)], false))
            .then(Curve::line(&[pt(14.0, 116.0), pt(2.0, 40.0), pt(-24.0, 22.0), pt(-24.0, -42.0)]))
            .close(),
    );
    light::flat_shadow(p, &outline, 11.0);
    p.fill(&outline, &STEEL.to_string());
    let (a, b) = (at + pt(0.0, -70.0).turned(turn), at + pt(0.0, 116.0).turned(turn));
    let body = p.linear(
        (a.x, a.y),
        (b.x, b.y),
        &[
            (0.0, SHADE, 0.34),
            (0.05, WHITE, 0.5),
            (0.3, WHITE, 0.16),
            (0.6, SHADE, 0.16),
            (0.8, SHADE, 0.06),
            (1.0, WHITE, 0.3),
        ],
    );
    p.fill(&outline, &body);
    let (c, d) = (at, at + pt(long, 0.0).turned(turn));
    let sweep = p.linear(
        (c.x, c.y),
        (d.x, d.y),
        &[
            (0.0, SHADE, 0.2),
            (0.2, WHITE, 0.3),
            (0.34, WHITE, 0.0),
            (0.52, SHADE, 0.14),
            (0.66, WHITE, 0.34),
            (0.78, WHITE, 0.04),
            (1.0, SHADE, 0.16),
        ],
    );
    p.fill(&outline, &sweep);
    p.clipped(&outline, |p| {
        let wave: Vec<Pt> = (0..=26)
            .map(|i| {
                let t = f64::from(i) / 26.0;
                let y = 74.0 + 4.0 * (t * 31.0).sin() + 3.0 * (t * 17.0).cos() - 30.0 * t * t;
                pt(long * t, y)
            })
            .collect();
        let temper = Curve::smooth(&wave, false).then(Curve::line(&[pt(long * 1.05, 150.0), pt(0.0, 150.0)])).close();
        p.tint(&place(temper), WHITE, 0.3);
        p.stroke(&place(Curve::smooth(&wave, false)), SHADE, 1.6, 0.14);
        let brushed: Vec<Curve> = (0..44)
            .map(|i| {
                let y = -h / 2.0 + 5.0 * f64::from(i);
                place(Curve::line(&[pt(-20.0, y), pt(long, y + 3.0)]))
            })
            .collect();
        p.path(&data(&brushed), "stroke=\"#fff\" stroke-opacity=\".1\" stroke-width=\"1.4\" fill=\"none\"");
    });
    p.stroke(&outline, SHADE, 1.4, 0.35);
}

fn grip(p: &mut Picture, at: Pt, long: f64, turn: f64, seed: u64) {
    let place = |c: Curve| c.warped(f64::INFINITY, &|q| at + q.turned(turn));
    let shape = place(Curve::polygon(&[
        pt(-30.0, -46.0),
        pt(-30.0, 22.0),
        pt(-long, 32.0),
        pt(-long - 10.0, 24.0),
        pt(-long - 10.0, -50.0),
        pt(-long, -58.0),
    ]));
    light::flat_shadow(p, &shape, 18.0);
    p.fill(&shape, &HINOKI.to_string());
    p.clipped(&shape, |p| {
        p.group(&format!("transform=\"translate({:.1} {:.1}) rotate({:.2})\"", at.x, at.y, turn.to_degrees()), |p| {
            texture::grain(p, (-long - 20.0, -60.0, long, 96.0), 15, seed, 1.0);
        });
    });
    for (y0, y1, light, dark) in [(-58.0, -36.0, 0.42, 0.0), (-36.0, 6.0, 0.06, 0.0), (6.0, 34.0, 0.0, 0.34)] {
        let facet = place(Curve::polygon(&[
            pt(-30.0, y0 * 0.8),
            pt(-30.0, y1 * 0.8),
            pt(-long - 10.0, y1),
            pt(-long - 10.0, y0),
        ]));
        p.clipped(&shape, |p| {
            p.tint(&facet, WHITE, light);
            p.tint(&facet, SHADE, dark);
        });
    }
    let horn = place(Curve::polygon(&[pt(-20.0, -44.0), pt(-20.0, 20.0), pt(-96.0, 25.0), pt(-96.0, -50.0)]));
    p.fill(&horn, "#3b332d");
    let (a, b) = (at + pt(-50.0, -50.0).turned(turn), at + pt(-50.0, 26.0).turned(turn));
    let round = p.linear(
        (a.x, a.y),
        (b.x, b.y),
        &[(0.0, WHITE, 0.2), (0.25, WHITE, 0.3), (0.4, WHITE, 0.02), (1.0, SHADE, 0.5)],
    );
    p.fill(&horn, &round);
}

fn whole_knife(p: &mut Picture, at: Pt, long: f64, turn: f64, seed: u64) {
    blade(p, at, long, turn);
    grip(p, at, 380.0, turn, seed);
}

pub fn knife(p: &mut Picture, scene: &Scene) {
    let long = if scene.size == "180" { 600.0 } else { 540.0 };
    match scene.arrangement {
        Arrangement::Use => {
            wood::board_from_above(p, (120.0, 250.0, 960.0, 720.0), -0.05, scene.seed());
            for i in 0..5 {
                daikon(p, pt(330.0 + 104.0 * f64::from(i), 420.0 + 12.0 * f64::from(i % 2)), 92.0);
            }
            p.group("transform=\"translate(70 120) scale(.92)\"", |p| {
                whole_knife(p, pt(470.0, 690.0), 560.0, -0.07, scene.seed())
            });
        }
        Arrangement::Detail => {
            close_up(p, 800.0, 560.0, 2.3, |p| whole_knife(p, pt(500.0, 560.0), 600.0, -0.36, scene.seed()))
        }
        _ => p.scaled(1.16, pt(-96.0, -110.0), |p| whole_knife(p, pt(510.0, 640.0), long, -0.56, scene.seed())),
    }
}

/// A slice of daikon lying flat.
pub fn daikon(p: &mut Picture, c: Pt, r: f64) {
    let disc = Curve::circle(c, r);
    light::flat_shadow(p, &disc, 9.0);
    p.fill(&disc, "#f1efe4");
    let face = p.radial(
        (c.x - r * 0.2, c.y - r * 0.2),
        r * 1.2,
        r * 1.2,
        &[(0.0, WHITE, 0.8), (0.7, WHITE, 0.0), (0.86, Rgb(196, 204, 176), 0.3), (1.0, Rgb(150, 160, 130), 0.5)],
    );
    p.fill(&disc, &face);
    let rays: Vec<Curve> = (0..22)
        .map(|i| {
            let a = f64::from(i) * 0.2856;
            Curve::line(&[c + pt(r * 0.2, 0.0).turned(a), c + pt(r * 0.78, 0.0).turned(a + 0.05)])
        })
        .collect();
    p.path(&data(&rays), "stroke=\"#c8c9b2\" stroke-width=\"2\" stroke-opacity=\".6\" fill=\"none\"");
}

fn grater_plate(p: &mut Picture, at: Pt, size: f64, turn: f64) {
    let place = |c: Curve| c.warped(f64::INFINITY, &|q| at + (q * size).turned(turn));
    let outline = place(
        Curve::smooth(&[pt(-200.0, -330.0), pt(0.0, -346.0), pt(200.0, -330.0)], false)
            .then(Curve::smooth(&[pt(206.0, -300.0), pt(178.0, 40.0), pt(150.0, 170.0)], false))
            .then(Curve::smooth(&[pt(150.0, 170.0), pt(70.0, 240.0), pt(52.0, 300.0), pt(46.0, 430.0)], false))
            .then(Curve::smooth(&[pt(40.0, 452.0), pt(0.0, 460.0), pt(-40.0, 452.0)], false))
            .then(Curve::smooth(&[pt(-46.0, 430.0), pt(-52.0, 300.0), pt(-70.0, 240.0), pt(-150.0, 170.0)], false))
            .then(Curve::smooth(&[pt(-150.0, 170.0), pt(-178.0, 40.0), pt(-206.0, -300.0)], false))
            .close(),
    );
    light::flat_shadow(p, &outline, 16.0);
    p.fill(&outline, &COPPER.to_string());
    let (a, b) = (at + pt(-260.0, -360.0) * size, at + pt(240.0, 420.0) * size);
    let sheen = p.linear(
        (a.x, a.y),
        (b.x, b.y),
        &[
            (0.0, WHITE, 0.5),
            (0.22, WHITE, 0.12),
            (0.4, SHADE, 0.14),
            (0.55, WHITE, 0.22),
            (0.75, SHADE, 0.1),
            (1.0, SHADE, 0.4),
        ],
    );
    p.fill(&outline, &sheen);
    p.stroke(&outline, COPPER.darker(0.5), 5.0, 0.7);
    p.stroke(&outline.moved(pt(-2.0, -2.0)), WHITE, 2.4, 0.6);
    let hole = place(Curve::circle(pt(0.0, 412.0), 15.0));
    p.fill(&hole, "#8c7c68");
    p.stroke(&hole, COPPER.darker(0.5), 3.0, 0.8);
    teeth(p, &place);
}

fn teeth(p: &mut Picture, place: &dyn Fn(Curve) -> Curve) {
    let mut lit = Vec::new();
    let mut dark = Vec::new();
    for row in 0..17_i32 {
        let y = -292.0 + 27.0 * f64::from(row);
        let half = 172.0 - 2.1 * f64::from(row);
        let count = 13 - row / 6;
        for i in 0..=count {
            let wobble = (f64::from(row * 13 + i * 7)).sin() * 2.6;
            let shift = if row % 2 == 0 { 0.0 } else { half / f64::from(count) };
            let x = -half + 2.0 * half * f64::from(i) / f64::from(count) + shift + wobble;
            if x.abs() > half + 2.0 {
                continue;
            }
            let tip = pt(x + 1.0, y - 12.0 + wobble);
            lit.push(place(Curve::polygon(&[pt(x - 8.0, y + 4.0), tip, pt(x + 1.0, y + 5.0)])));
            dark.push(place(Curve::polygon(&[
                pt(x + 1.0, y + 5.0),
                tip,
                pt(x + 9.0, y + 4.0),
                pt(x + 12.0, y + 12.0),
            ])));
        }
    }
    p.path(&data(&dark), &format!("fill=\"{}\" fill-opacity=\".8\"", COPPER.darker(0.72)));
    p.path(&data(&lit), "fill=\"#ffe3cb\"");
}

pub fn grater(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => {
            grater_plate(p, pt(430.0, 560.0), 1.0, -0.26);
            grated(p, pt(815.0, 800.0), scene.seed());
            for (x, y) in [(800.0, 300.0), (910.0, 390.0)] {
                daikon(p, pt(x, y), 112.0);
            }
        }
        Arrangement::Detail => close_up(p, 570.0, 430.0, 2.6, |p| grater_plate(p, pt(600.0, 560.0), 1.15, 0.16)),
        _ => {
            let size = if scene.size == "l" { 1.12 } else { 0.82 };
            grater_plate(p, pt(592.0, 600.0 - 58.0 * size), size, 0.1);
        }
    }
}

/// Grated daikon heaped in a white dish, from above.
fn grated(p: &mut Picture, c: Pt, seed: u64) {
    let dish = Curve::circle(c, 205.0);
    light::flat_shadow(p, &dish, 16.0);
    p.fill(&dish, &PORCELAIN.to_string());
    let hollow = p.radial(
        (c.x + 40.0, c.y + 40.0),
        225.0,
        225.0,
        &[(0.0, WHITE, 0.5), (0.7, SHADE, 0.07), (0.84, SHADE, 0.16), (0.9, WHITE, 0.4), (1.0, SHADE, 0.1)],
    );
    p.fill(&dish, &hollow);
    let mut random = crate::random::Random::new(seed);
    let heap = Curve::smooth(
        &(0..18)
            .map(|i| c + pt(128.0 * random.between(0.9, 1.08), 0.0).turned(f64::from(i) * 0.349))
            .collect::<Vec<_>>(),
        true,
    );
    p.blurred(9.0, |p| p.tint(&heap.moved(pt(12.0, 15.0)), SHADE, 0.4));
    p.fill(&heap, "#e6e6d8");
    let soft = p.radial(
        (c.x - 40.0, c.y - 46.0),
        190.0,
        190.0,
        &[(0.0, WHITE, 0.95), (0.5, WHITE, 0.3), (1.0, Rgb(150, 152, 130), 0.5)],
    );
    p.fill(&heap, &soft);
    for layer in 0..5 {
        let reach = 118.0 - 20.0 * f64::from(layer);
        let shreds: Vec<Curve> = (0..64)
            .map(|_| {
                let at = c
                    + pt(reach * random.unit().sqrt(), 0.0).turned(random.between(0.0, TAU))
                    + pt(-4.0, -7.0) * f64::from(layer);
                let (long, bend) = (random.between(7.0, 19.0), random.between(-7.0, 7.0));
                let turn = random.between(0.0, 3.1);
                Curve::line(&[at, at + pt(long, bend * 0.4).turned(turn)])
            })
            .collect();
        let d = data(&shreds);
        let look =
            |paint: &str| format!("fill=\"none\" stroke=\"{paint}\" stroke-width=\"5.4\" stroke-linecap=\"round\"");
        p.group("transform=\"translate(2 4)\" opacity=\".5\"", |p| p.path(&d, &look("#a9aa92")));
        p.path(&d, &look(if layer % 2 == 0 { "#f7f7ef" } else { "#ffffff" }));
    }
}

fn ladle_shape(p: &mut Picture, at: Pt, turn: f64, metal: Rgb, inside: Rgb) {
    let place = |c: Curve| c.warped(f64::INFINITY, &|q| at + q.turned(turn));
    let shaft = place(
        Curve::smooth(&[pt(-17.0, -120.0), pt(-13.0, -340.0), pt(-16.0, -640.0)], false)
            .then(Curve::smooth(
                &[pt(-16.0, -640.0), pt(-10.0, -690.0), pt(22.0, -708.0), pt(50.0, -690.0), pt(54.0, -662.0)],
                false,
            ))
            .then(Curve::smooth(&[pt(40.0, -660.0), pt(34.0, -680.0), pt(20.0, -680.0), pt(13.0, -640.0)], false))
            .then(Curve::smooth(&[pt(13.0, -640.0), pt(13.0, -340.0), pt(17.0, -120.0)], false))
            .close(),
    );
    light::flat_shadow(p, &shaft, 17.0);
    let bowl = place(Curve::circle(pt(0.0, 10.0), 176.0));
    light::flat_shadow(p, &bowl, 24.0);
    p.fill(&bowl, &metal.to_string());
    let (a, b) = (at + pt(-176.0, -100.0), at + pt(176.0, 190.0));
    let edge = p.linear(
        (a.x, a.y),
        (b.x, b.y),
        &[(0.0, WHITE, 0.75), (0.4, WHITE, 0.1), (0.7, SHADE, 0.3), (1.0, WHITE, 0.2)],
    );
    p.fill(&bowl, &edge);
    let c = at + pt(0.0, 10.0).turned(turn);
    let hollow = Curve::circle(c, 164.0);
    p.fill(&hollow, &inside.to_string());
    let deep = p.radial(
        (c.x + 34.0, c.y + 40.0),
        205.0,
        205.0,
        &[(0.0, WHITE, 0.6), (0.35, WHITE, 0.12), (0.7, SHADE, 0.26), (1.0, SHADE, 0.6)],
    );
    p.fill(&hollow, &deep);
    let window = Curve::oval_arc(c + pt(8.0, 8.0), 122.0, 122.0, 0.3, 1.25)
        .then(Curve::oval_arc(c + pt(6.0, 6.0), 92.0, 92.0, 1.2, 0.36))
        .close();
    p.blurred(3.0, |p| p.tint(&window, WHITE, 0.75));
    let far = Curve::oval_arc(c, 140.0, 140.0, 3.5, 4.4);
    p.blurred(5.0, |p| p.stroke(&far, WHITE, 10.0, 0.35));
    p.fill(&shaft, &metal.to_string());
    let (l, r) = (at + pt(-17.0, -300.0).turned(turn), at + pt(17.0, -300.0).turned(turn));
    let round = p.linear(
        (l.x, l.y),
        (r.x, r.y),
        &[(0.0, SHADE, 0.3), (0.25, WHITE, 0.7), (0.45, WHITE, 0.1), (0.8, SHADE, 0.4), (1.0, SHADE, 0.1)],
    );
    p.fill(&shaft, &round);
    let tang = place(Curve::smooth(
        &[pt(-17.0, -130.0), pt(-34.0, -150.0), pt(0.0, -172.0), pt(34.0, -150.0), pt(17.0, -130.0), pt(0.0, -118.0)],
        true,
    ));
    let _ = tang;
}

pub fn ladle(p: &mut Picture, scene: &Scene) {
    let tones = |name: &str| if name == "shu" { (COPPER, Rgb(206, 203, 198)) } else { (STEEL, STEEL) };
    let (metal, inside) = tones(scene.colour_name());
    match scene.arrangement {
        Arrangement::Use => {
            super::tenugui::rod(p, pt(150.0, 240.0), pt(1050.0, 240.0), 14.0, 6);
            for (i, x) in [400.0, 800.0].into_iter().enumerate() {
                let (metal, inside) = tones(&scene.colours[i % scene.colours.len()]);
                ladle_shape(p, pt(x, 905.0), 0.02, metal, inside);
            }
        }
        Arrangement::Detail => {
            close_up(p, 425.0, 770.0, 3.0, |p| ladle_shape(p, pt(470.0, 830.0), 0.42, metal, inside))
        }
        _ => ladle_shape(p, pt(430.0, 850.0), 0.5, metal, inside),
    }
}
