//! Sweets: yokan, pressed sugar and sugar stars.

use std::f64::consts::{FRAC_PI_2, TAU};

use super::{close_up, cups, plates};
use crate::{
    boxes::{self, Block, Camera},
    geometry::{Curve, Pt, data, pt},
    lathe::{self, Profile, View, view},
    light,
    palette::{HINOKI, PAPER, PORCELAIN, Rgb, SHADE, TEA, WHITE, dye, glaze},
    patterns::{Pattern, area},
    random::Random,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

fn jelly(note: &str) -> Rgb {
    match note {
        "mat" => Rgb(92, 108, 48),
        "kur" => Rgb(112, 58, 44),
        _ => Rgb(88, 40, 40),
    }
}

/// A bar or slice of yokan: glossy, a little see-through at its edges.
fn bar(p: &mut Picture, camera: Camera, lo: (f64, f64, f64), w: f64, note: &str) {
    let (d, h) = (4.4, 3.0);
    let tone = jelly(note);
    let block = Block { lo, size: (w, d, h) };
    boxes::block(p, camera, block, tone);
    let (x, y, z) = lo;
    let front = block.front(camera);
    let end = block.side_face(camera);
    let ex = if camera.yaw < 0.0 { x } else { x + w };
    p.clipped(&end, |p| {
        let mut random = Random::new(7 + (w * 10.0) as u64);
        match note {
            "kur" => {
                for (cy, cz, r) in [(1.4, 1.7, 0.82), (3.1, 1.2, 0.62), (2.9, 2.4, 0.4)] {
                    let nut = Curve::smooth(
                        &(0..8)
                            .map(|i| {
                                let a = f64::from(i) * 0.785;
                                camera.at(
                                    ex,
                                    y + cy + r * a.cos() * (1.0 + 0.1 * (a * 2.0).sin()),
                                    z + cz + r * 0.86 * a.sin(),
                                )
                            })
                            .collect::<Vec<_>>(),
                        true,
                    );
                    p.fill(&nut, "#dba83f");
                    p.stroke(&nut, Rgb(250, 222, 140), 3.0, 0.5);
                }
            }
            "mat" => {}
            _ => {
                let beans: Vec<Curve> = (0..16)
                    .map(|_| {
                        let (cy, cz) = (random.between(0.3, 4.1), random.between(0.3, 2.7));
                        let r = random.between(0.16, 0.27);
                        Curve::smooth(
                            &(0..6)
                                .map(|i| {
                                    let a = f64::from(i) * 1.047;
                                    camera.at(ex, y + cy + r * 1.3 * a.cos(), z + cz + r * a.sin())
                                })
                                .collect::<Vec<_>>(),
                            true,
                        )
                    })
                    .collect();
                p.path(&data(&beans), "fill=\"#47201f\" stroke=\"#a05a54\" stroke-width=\"2\" stroke-opacity=\".22\"");
            }
        }
    });
    let (a, b) = (camera.at(x, y + d, z + h), camera.at(x + w, y + d, z));
    let glow = p.linear(
        (a.x, a.y),
        (b.x, b.y),
        &[(0.0, WHITE, 0.16), (0.3, WHITE, 0.02), (0.75, tone.lighter(0.3), 0.2), (1.0, SHADE, 0.2)],
    );
    p.fill(&front, &glow);
    let (a, b) = (camera.at(ex, y, z + h), camera.at(ex, y + d, z));
    let face = p.linear((a.x, a.y), (b.x, b.y), &[(0.0, WHITE, 0.24), (0.5, WHITE, 0.04), (1.0, SHADE, 0.16)]);
    p.fill(&end, &face);
    let gloss = camera.face(&[
        (x + w * 0.06, y + 0.6, z + h),
        (x + w * 0.94, y + 0.6, z + h),
        (x + w * 0.94, y + 1.7, z + h),
        (x + w * 0.06, y + 1.7, z + h),
    ]);
    p.blurred(5.0, |p| p.tint(&gloss, WHITE, 0.3));
    let edge = Curve::line(&[camera.at(x, y + d, z + h), camera.at(x + w, y + d, z + h)]);
    p.stroke(&edge, WHITE, 2.6, 0.45);
    p.stroke(&Curve::line(&[camera.at(ex, y, z + h), camera.at(ex, y + d, z + h)]), WHITE, 2.6, 0.5);
}

fn cut_bar(p: &mut Picture, note: &str) {
    let camera = Camera { origin: pt(620.0, 640.0), scale: 52.0, yaw: -0.62, k: 0.52 };
    let board = Block { lo: (-9.4, -4.6, -0.8), size: (17.0, 9.0, 0.8) };
    boxes::block(p, camera, board, HINOKI.darker(0.05));
    let grain: Vec<Curve> = (0..13)
        .map(|i| {
            let y = -4.2 + 0.68 * f64::from(i);
            Curve::line(&[camera.at(-9.4, y, 0.0), camera.at(7.6, y + 0.2, 0.0)])
        })
        .collect();
    p.path(&data(&grain), "stroke=\"#9a6a34\" stroke-opacity=\".3\" stroke-width=\"2\" fill=\"none\"");
    bar(p, camera, (-1.6, -2.2, 0.0), 8.2, note);
    bar(p, camera, (-4.4, -2.0, 0.0), 1.5, note);
    bar(p, camera, (-7.4, -1.7, 0.0), 1.5, note);
}

pub fn yokan(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => {
            let cup = view(885.0, 640.0, 44.0, 0.5);
            cups::yunomi_cup(p, cup, glaze("seiji"), 3);
            cups::tea_in(p, cup, 3.75, 8.5, 1.0, TEA);
            let v = view(490.0, 860.0, 56.0, 0.56);
            plates::plate(p, v, 7.4, 1.5, PORCELAIN, 4, true);
            let at = v.at(0.0, 0.55, 0.0);
            let camera = Camera { origin: at, scale: 50.0, yaw: -0.62, k: 0.56 };
            bar(p, camera, (0.6, -2.7, 0.0), 1.9, &scene.note);
            bar(p, camera, (-2.6, -1.9, 0.0), 1.9, &scene.note);
        }
        Arrangement::Detail => close_up(p, 400.0, 720.0, 2.6, |p| cut_bar(p, &scene.note)),
        _ => cut_bar(p, &scene.note),
    }
}

/// Forms of the wooden moulds.
fn pressed(p: &mut Picture, c: Pt, r: f64, kind: usize) {
    let tone = [Rgb(243, 214, 212), Rgb(248, 240, 220), Rgb(214, 224, 208)][kind % 3];
    let outline = match kind % 3 {
        0 => {
            let points: Vec<Pt> = (0..20)
                .map(|i| {
                    let a = f64::from(i) * 0.314_16 - FRAC_PI_2;
                    let lobe = [0.8, 1.0, 0.96, 1.0][i as usize % 4];
                    c + pt(r * lobe, 0.0).turned(a)
                })
                .collect();
            Curve::smooth(&points, true)
        }
        1 => Curve::arc(c + pt(0.0, r * 0.72), r * 1.6, -2.3, -0.84)
            .then(Curve::arc(c + pt(0.0, r * 0.82), r * 0.3, -0.7, -2.44))
            .close(),
        _ => Curve::arc(c, r * 0.96, 0.0, TAU).close(),
    };
    light::flat_shadow(p, &outline, r * 0.13);
    p.fill(&outline, &tone.darker(0.16).to_string());
    let top = outline.moved(pt(-r * 0.03, -r * 0.05));
    p.fill(&top, &tone.to_string());
    let dome = p.radial(
        (c.x - r * 0.4, c.y - r * 0.5),
        r * 1.7,
        r * 1.7,
        &[(0.0, WHITE, 0.75), (0.5, WHITE, 0.05), (1.0, SHADE, 0.22)],
    );
    p.fill(&top, &dome);
    let mut lines: Vec<Curve> = Vec::new();
    match kind % 3 {
        0 => {
            for i in 0..5 {
                let a = f64::from(i) * 1.2566 - FRAC_PI_2;
                lines.push(Curve::line(&[c + pt(r * 0.2, 0.0).turned(a), c + pt(r * 0.74, 0.0).turned(a)]));
            }
            lines.push(Curve::circle(c, r * 0.15));
        }
        1 => {
            for i in 0..7 {
                let a = -2.2 + 0.211 * f64::from(i);
                lines.push(Curve::line(&[
                    c + pt(0.0, r * 0.72) + pt(r * 0.5, 0.0).turned(a),
                    c + pt(0.0, r * 0.72) + pt(r * 1.5, 0.0).turned(a),
                ]));
            }
            lines.push(Curve::arc(c + pt(0.0, r * 0.72), r * 1.2, -2.25, -0.9));
        }
        _ => {}
    }
    p.clipped(&top, |p| {
        if kind % 3 == 2 {
            let unit = r * 0.85;
            Pattern::Seigaiha.draw(p, area(-2.0, -2.0, 2.0, 2.0), unit, tone.darker(0.3), &|q: Pt| c + q * unit);
        }
        let d = data(&lines);
        p.path(&d, &format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{:.1}\"", tone.darker(0.34), r * 0.045));
        p.group("transform=\"translate(1.5 2)\"", |p| {
            p.path(&d, &format!("fill=\"none\" stroke=\"#fff\" stroke-opacity=\".8\" stroke-width=\"{:.1}\"", r * 0.03))
        });
        texture::specks(p, (c.x - r, c.y - r, r * 2.0, r * 2.0), 30, kind as u64 + 3, tone.darker(0.4));
    });
}

pub fn higashi(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => {
            let paper = Curve::polygon(&[pt(150.0, 560.0), pt(560.0, 470.0), pt(680.0, 930.0), pt(260.0, 1030.0)]);
            light::flat_shadow(p, &paper, 6.0);
            p.fill(&paper, &PAPER.to_string());
            let over = Curve::polygon(&[pt(120.0, 620.0), pt(520.0, 480.0), pt(690.0, 910.0), pt(300.0, 1060.0)]);
            light::flat_shadow(p, &over, 4.0);
            p.fill(&over, &PAPER.lighter(0.3).to_string());
            p.clipped(&over, |p| texture::fibres(p, (100.0, 460.0, 620.0, 600.0), 130, 3));
            for (i, (x, y)) in [(320.0, 690.0), (500.0, 730.0), (400.0, 880.0)].into_iter().enumerate() {
                pressed(p, pt(x, y), 84.0, i);
            }
            let v = view(850.0, 700.0, 46.0, 0.74);
            super::bowls::rice_bowl(p, v, glaze("sumi"), 2);
            lathe::liquid(p, v, (5.78, 6.5), 5.3, 5.2, Rgb(134, 168, 62));
        }
        Arrangement::Detail => {
            for (i, (x, y)) in [(420.0, 470.0), (980.0, 360.0), (860.0, 900.0), (190.0, 1010.0)].into_iter().enumerate()
            {
                pressed(p, pt(x, y), 300.0, i);
            }
        }
        _ => carton(p, if scene.size == "24" { (6, 4) } else { (4, 3) }),
    }
}

/// A white box of sweets from above, in rows.
fn carton(p: &mut Picture, (columns, rows): (i32, i32)) {
    let pitch = if columns > 4 { 162.0 } else { 222.0 };
    let r = pitch * 0.37;
    let (w, h) = (f64::from(columns) * pitch + 60.0, f64::from(rows) * pitch + 60.0);
    let (x, y) = (600.0 - w / 2.0, 590.0 - h / 2.0);
    let turn = "transform=\"rotate(-4 600 600)\"";
    let forms = [0, 1, 2].map(|kind| p.once(|p| pressed(p, pt(0.0, 0.0), r, kind)));
    p.group(turn, |p| {
        let rim = Curve::round_rect(x, y, w, h, 8.0);
        light::flat_shadow(p, &rim, 30.0);
        p.fill(&rim, &PAPER.lighter(0.3).to_string());
        light::shade_across(p, &rim, pt(x, y), pt(x + w, y + h), 0.16);
        let inside = Curve::rect(x + 18.0, y + 18.0, w - 36.0, h - 36.0);
        p.fill(&inside, &dye("kinari").lighter(0.2).to_string());
        let deep =
            p.linear((x, y), (x + 130.0, y + 150.0), &[(0.0, SHADE, 0.5), (0.5, SHADE, 0.18), (1.0, SHADE, 0.05)]);
        p.fill(&inside, &deep);
        for row in 0..rows {
            for column in 0..columns {
                let c = pt(x + 30.0 + pitch * (f64::from(column) + 0.5), y + 30.0 + pitch * (f64::from(row) + 0.5));
                p.place(forms[(column + row * 2) as usize % 3], c);
            }
        }
    });
}

/// One sugar star: a ball with rounded points.
pub fn star(p: &mut Picture, at: Pt, r: f64, colour: Rgb, seed: u64) {
    let mut random = Random::new(seed);
    let spin = random.between(0.0, TAU);
    let points: Vec<Pt> = (0..22)
        .map(|i| {
            let reach = if i % 2 == 0 { 1.0 } else { 0.8 };
            at + pt(r * reach * random.between(0.95, 1.06), 0.0).turned(spin + f64::from(i) * 0.2856)
        })
        .collect();
    let outline = Curve::smooth(&points, true);
    p.tint(&Curve::oval(at + pt(r * 0.3, r * 0.62), r * 1.05, r * 0.62), SHADE, 0.28);
    p.fill(&outline, &colour.darker(0.1).to_string());
    let ball = p.radial(
        (at.x - r * 0.3, at.y - r * 0.36),
        r * 1.5,
        r * 1.5,
        &[(0.0, WHITE, 0.8), (0.4, WHITE, 0.14), (1.0, SHADE, 0.34)],
    );
    p.fill(&outline, &ball);
    let bumps: Vec<Curve> =
        (0..6).map(|i| Curve::dot(at + pt(r * 0.5, 0.0).turned(spin + f64::from(i) * 1.047))).collect();
    let look =
        format!("stroke=\"#fff\" stroke-opacity=\".34\" stroke-linecap=\"round\" stroke-width=\"{:.1}\"", r * 0.34);
    p.path(&data(&bumps), &look);
}

fn jar(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    let profile = Profile::smooth(&[(3.3, 0.0), (3.65, 0.3), (3.7, 1.4), (3.7, 7.0), (3.3, 7.9), (2.9, 8.2)]);
    light::standing_shadow(p, v.foot, 3.6 * v.scale, 3.2 * v.scale, 8.6 * v.scale, v.k);
    let outline = profile.outline(v);
    p.tint(&outline, Rgb(226, 230, 226), 0.85);
    p.clipped(&outline, |p| heap(p, v, colour, seed));
    let wide = 3.7 * v.scale;
    let glass = p.linear(
        (v.foot.x - wide, 0.0),
        (v.foot.x + wide, 0.0),
        &[
            (0.0, SHADE, 0.5),
            (0.05, WHITE, 0.4),
            (0.12, SHADE, 0.12),
            (0.3, WHITE, 0.16),
            (0.6, SHADE, 0.04),
            (0.88, SHADE, 0.24),
            (0.95, WHITE, 0.4),
            (1.0, SHADE, 0.5),
        ],
    );
    p.fill(&outline, &glass);
    lathe::gleam(p, &profile, v, 1.0, 8.0, 0.9);
    let lid = Profile::straight(&[(3.25, 8.05), (3.3, 8.3), (3.3, 9.2)]);
    p.fill(&lid.outline(v), &HINOKI.to_string());
    p.clipped(&lid.outline(v), |p| {
        texture::grain(p, (v.foot.x - wide, v.y(9.4), wide * 2.0, 2.4 * v.scale), 9, 4, 0.8)
    });
    lathe::shade(p, &lid, v, 0.2, 0.24);
    let top = v.ring(3.3, 9.2);
    p.fill(&top, &HINOKI.lighter(0.2).to_string());
    p.clipped(&top, |p| {
        texture::grain(p, (v.foot.x - wide, v.y(9.2) - wide * v.k, wide * 2.0, wide * v.k * 2.0), 14, 8, 0.9)
    });
    p.stroke(&v.ring(3.27, 9.2), WHITE, 2.0, 0.5);
    let string = Curve::smooth(&(-12..=12).map(|i| v.at(3.1, 7.98, f64::from(i) * 0.13)).collect::<Vec<_>>(), false);
    p.stroke(&string, colour.darker(0.25), 6.0, 1.0);
}

/// Stars piled up behind glass, back rows first.
fn heap(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    let mut random = Random::new(seed);
    let tones = [colour.lighter(0.72), colour.lighter(0.5), colour.lighter(0.24)];
    let stars = [0, 1, 2, 3, 4, 5].map(|i| p.once(|p| star(p, pt(0.0, 0.0), v.scale * 0.51, tones[i % 3], i as u64)));
    for row in (0..11).rev() {
        let z = 0.35 + 0.6 * f64::from(row);
        for i in 0..8 {
            let x = -3.3 + 0.95 * f64::from(i) + if row % 2 == 0 { 0.0 } else { 0.45 };
            let at = pt(
                v.foot.x + (x + random.between(-0.14, 0.14)) * v.scale,
                v.y(z + random.between(-0.1, 0.1)) + v.scale * 0.9,
            );
            let kind = match (row + i * 2) % 5 {
                0 => 0,
                3 => 1,
                _ => 2,
            };
            p.place(stars[kind + 3 * ((row + i) % 2) as usize], at);
        }
    }
}

pub fn konpeito(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    match scene.arrangement {
        Arrangement::Use => {
            jar(p, view(830.0, 700.0, 44.0, 0.4), colour, scene.seed());
            let v = view(470.0, 920.0, 62.0, 0.54);
            plates::plate(p, v, 6.2, 1.5, glaze("shiro"), 4, true);
            scatter(p, v, scene);
        }
        Arrangement::Detail => {
            let mut random = Random::new(scene.seed());
            let tones = [colour.lighter(0.3), Rgb(246, 240, 228), colour.lighter(0.5), colour.lighter(0.12)];
            let stars =
                [0, 1, 2, 3, 4, 5, 6, 7].map(|i| p.once(|p| star(p, pt(0.0, 0.0), 134.0, tones[i % 4], i as u64)));
            for row in 0..6_usize {
                for i in 0..6_usize {
                    let at = pt(
                        240.0 * i as f64 - 30.0 + if row % 2 == 0 { 0.0 } else { 120.0 } + random.between(-16.0, 16.0),
                        215.0 * row as f64 + 40.0 + random.between(-14.0, 14.0),
                    );
                    p.place(stars[(row * 2 + i * 5) % 8], at);
                }
            }
        }
        _ => jar(p, view(585.0, 930.0, 72.0, 0.36), colour, scene.seed()),
    }
}

fn scatter(p: &mut Picture, v: View, scene: &Scene) {
    let mut random = Random::new(scene.seed());
    let mut spots: Vec<Pt> = (0..30).map(|_| v.at(random.unit().sqrt() * 3.7, 0.9, random.between(0.0, TAU))).collect();
    spots.sort_by(|a, b| a.y.total_cmp(&b.y));
    let stars =
        [0, 1, 2, 3, 4, 5].map(|i| p.once(|p| star(p, pt(0.0, 0.0), 34.0, scene.colour_at(i).lighter(0.3), i as u64)));
    for (i, at) in spots.into_iter().enumerate() {
        p.place(stars[i % 6], at);
    }
}
