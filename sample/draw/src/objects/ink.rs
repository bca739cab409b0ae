//! Brush and ink stone.

use super::close_up;
use crate::{
    boxes::{self, Block, Camera},
    geometry::{Curve, Pt, data, pt},
    light,
    palette::{BAMBOO, PAPER, PORCELAIN, Rgb, SHADE, WHITE, dye},
    patterns::Pattern,
    random::Random,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

/// A brush lying from its tip to the end of its handle; `inked` if the tip is black.
pub fn brush_lying(p: &mut Picture, tip: Pt, end: Pt, r: f64, inked: bool) {
    let along = end - tip;
    let long = along.x.hypot(along.y);
    let angle = along.y.atan2(along.x);
    let place = |c: Curve| c.warped(f64::INFINITY, &|q| tip + q.turned(angle));
    let hair = r * 6.2;
    let tuft = place(
        Curve::smooth(
            &[pt(0.0, 0.0), pt(hair * 0.3, -r * 0.62), pt(hair * 0.66, -r * 1.2), pt(hair, -r * 0.86)],
            false,
        )
        .then(Curve::smooth(
            &[pt(hair, r * 0.86), pt(hair * 0.66, r * 1.2), pt(hair * 0.3, r * 0.62), pt(0.0, 0.0)],
            false,
        ))
        .close(),
    );
    let shaft = place(Curve::round_rect(hair - 2.0, -r, long - hair, r * 2.0, r * 0.3));
    light::flat_shadow(p, &shaft, r * 0.9);
    light::flat_shadow(p, &tuft, r * 0.5);
    let colour = if inked { Rgb(46, 42, 40) } else { Rgb(238, 226, 200) };
    p.fill(&tuft, &colour.to_string());
    if inked {
        let dry = place(Curve::polygon(&[
            pt(hair * 0.78, -r * 1.1),
            pt(hair, -r * 0.86),
            pt(hair, r * 0.86),
            pt(hair * 0.74, r * 1.1),
        ]));
        p.blurred(4.0, |p| p.clipped(&tuft, |p| p.tint(&dry, Rgb(206, 188, 156), 0.9)));
    }
    let hairs: Vec<Curve> = (-5..=5)
        .map(|i| {
            let y = f64::from(i) / 5.4;
            place(Curve::smooth(
                &[pt(hair * 0.08, y * r * 0.1), pt(hair * 0.6, y * r * 1.1), pt(hair, y * r * 0.84)],
                false,
            ))
        })
        .collect();
    let tone = if inked { WHITE } else { Rgb(140, 110, 70) };
    p.path(&data(&hairs), &format!("fill=\"none\" stroke=\"{tone}\" stroke-opacity=\".28\" stroke-width=\"1.4\""));
    p.fill(&shaft, &BAMBOO.to_string());
    let (a, b) = (tip + pt(long * 0.6, -r).turned(angle), tip + pt(long * 0.6, r).turned(angle));
    let round = [(0.0, SHADE, 0.18), (0.26, WHITE, 0.5), (0.5, WHITE, 0.0), (1.0, SHADE, 0.5)];
    let paint = p.linear((a.x, a.y), (b.x, b.y), &round);
    p.fill(&shaft, &paint);
    let ferrule = place(Curve::rect(hair - 4.0, -r * 1.06, r * 2.2, r * 2.12));
    p.fill(&ferrule, "#4a3527");
    p.fill(&ferrule, &paint);
    let cap = place(Curve::round_rect(long - r * 2.4, -r * 1.04, r * 2.4, r * 2.08, r * 0.7));
    p.fill(&cap, "#4a3527");
    p.fill(&cap, &paint);
    let node = place(Curve::rect(long * 0.62, -r * 1.05, 4.0, r * 2.1));
    p.tint(&node, SHADE, 0.4);
    let loop_ = place(Curve::smooth(
        &[pt(long - 4.0, 0.0), pt(long + r * 2.2, -r * 1.2), pt(long + r * 3.4, r * 0.3), pt(long - 4.0, 0.0)],
        false,
    ));
    p.stroke(&loop_, dye("suo"), 3.4, 1.0);
}

pub fn brush(p: &mut Picture, scene: &Scene) {
    let broad = scene.size == "broad";
    match scene.arrangement {
        Arrangement::Use => {
            let mut paper = Curve::rect(120.0, 190.0, 700.0, 830.0);
            paper = paper.warped(f64::INFINITY, &|q| pt(470.0, 600.0) + (q - pt(470.0, 600.0)).turned(-0.06));
            light::flat_shadow(p, &paper, 6.0);
            p.fill(&paper, &PAPER.to_string());
            p.clipped(&paper, |p| texture::fibres(p, (90.0, 160.0, 800.0, 900.0), 260, 4));
            enso(p, pt(455.0, 590.0), 215.0);
            holder(p, pt(905.0, 470.0));
            brush_lying(p, pt(800.0, 1010.0), pt(960.0, 130.0), 21.0, true);
        }
        Arrangement::Detail => {
            close_up(p, 330.0, 850.0, 3.0, |p| brush_lying(p, pt(230.0, 950.0), pt(960.0, 240.0), 30.0, true))
        }
        _ => {
            let (r, from, to) = if broad {
                (30.0, pt(232.0, 960.0), pt(950.0, 236.0))
            } else {
                (13.0, pt(300.0, 900.0), pt(900.0, 290.0))
            };
            brush_lying(p, from, to, r, false);
        }
    }
}

fn holder(p: &mut Picture, c: Pt) {
    let shape = Curve::smooth(
        &[
            c + pt(-95.0, -26.0),
            c + pt(-50.0, -34.0),
            c + pt(0.0, -22.0),
            c + pt(50.0, -34.0),
            c + pt(95.0, -26.0),
            c + pt(98.0, 26.0),
            c + pt(0.0, 34.0),
            c + pt(-98.0, 26.0),
        ],
        true,
    );
    light::flat_shadow(p, &shape, 14.0);
    p.fill(&shape, &PORCELAIN.to_string());
    light::shade_across(p, &shape, c + pt(-90.0, -34.0), c + pt(90.0, 40.0), 0.34);
}

/// One circle in one stroke, running dry towards its end.
fn enso(p: &mut Picture, c: Pt, r: f64) {
    let mut random = Random::new(42);
    let ink = Rgb(42, 39, 38);
    let at = |a: f64, off: f64| {
        let wob = 7.0 * (a * 2.0 + 0.6).sin();
        c + pt((r + wob + off) * a.cos(), (r * 0.96 + wob + off) * a.sin())
    };
    let (from, to) = (1.9, 7.75);
    let mut outer = Vec::new();
    let mut inner = Vec::new();
    for i in 0..=40 {
        let t = f64::from(i) / 40.0;
        let a = from + (to - from) * t * 0.8;
        let w = 27.0 + 12.0 * (t * 3.0).sin() - 8.0 * t;
        outer.push(at(a, w));
        inner.push(at(a, -w));
    }
    inner.reverse();
    let body = Curve::smooth(&outer, false).then(Curve::smooth(&inner, false)).close();
    p.tint(&body, ink, 0.93);
    let mut bristles = Vec::new();
    for i in 0..26 {
        let off = -31.0 + 2.4 * f64::from(i);
        let start = from + (to - from) * random.between(0.5, 0.78);
        let end = from + (to - from) * random.between(0.86, 1.0);
        let line: Vec<Pt> = (0..=8).map(|k| at(start + (end - start) * f64::from(k) / 8.0, off * 0.78)).collect();
        bristles.push(Curve::smooth(&line, false));
    }
    p.path(
        &data(&bristles),
        &format!("fill=\"none\" stroke=\"{ink}\" stroke-width=\"2.6\" stroke-opacity=\".86\" stroke-linecap=\"round\""),
    );
    let mut dry = Vec::new();
    for _ in 0..22 {
        let off = random.between(-26.0, 26.0);
        let start = from + (to - from) * random.between(0.34, 0.6);
        let line: Vec<Pt> = (0..=4).map(|k| at(start + 0.16 * f64::from(k), off)).collect();
        dry.push(Curve::smooth(&line, false));
    }
    p.path(
        &data(&dry),
        &format!(
            "fill=\"none\" stroke=\"{PAPER}\" stroke-width=\"1.8\" stroke-opacity=\".7\" stroke-linecap=\"round\""
        ),
    );
}

fn slate(p: &mut Picture, camera: Camera, wet: bool) {
    let stone = Rgb(66, 66, 68);
    let (w, d, h) = (7.5, 13.0, 2.0);
    let block = Block { lo: (-w / 2.0, -d / 2.0, 0.0), size: (w, d, h) };
    boxes::block(p, camera, block, stone);
    let flat = |x: f64, y: f64, z: f64| camera.at(x, y, z);
    let rounded = |inset: f64, y0: f64, y1: f64, z: f64| {
        let c = Curve::round_rect(-w / 2.0 + inset, y0, w - inset * 2.0, y1 - y0, 1.0);
        c.warped(f64::INFINITY, &|q| flat(q.x, q.y, z))
    };
    let dip = rounded(0.55, -d / 2.0 + 0.55, d / 2.0 - 0.55, h);
    p.fill(&dip, &stone.darker(0.4).to_string());
    let (a, b) = (flat(0.0, -d / 2.0, h), flat(0.0, d / 2.0, h));
    let slope = p.linear(
        (a.x, a.y),
        (b.x, b.y),
        &[
            (0.0, SHADE, 0.95),
            (0.24, SHADE, 0.8),
            (0.42, stone.darker(0.1), 1.0),
            (0.8, stone.lighter(0.14), 1.0),
            (1.0, stone.lighter(0.06), 1.0),
        ],
    );
    p.fill(&dip, &slope);
    p.stroke(&dip.moved(pt(1.5, 2.5)), WHITE, 2.0, 0.34);
    p.stroke(&dip, SHADE, 2.0, 0.6);
    if wet {
        let pool = rounded(0.75, -d / 2.0 + 0.8, -d / 2.0 + 4.4, h - 0.25);
        p.clipped(&dip, |p| {
            p.fill(&pool, "#191716");
            let glint = Curve::oval(flat(-0.6, -d / 2.0 + 2.2, h - 0.25), camera.scale * 1.7, camera.scale * 0.42);
            p.blurred(9.0, |p| p.tint(&glint, WHITE, 0.3));
            p.stroke(&pool, WHITE, 1.8, 0.3);
        });
    }
    let top = block.top(camera);
    p.clipped(&top, |p| {
        let c = camera.origin;
        texture::specks(p, (c.x - 300.0, c.y - 400.0, 600.0, 700.0), 220, 8, Rgb(150, 150, 150));
    });
}

fn ink_stick(p: &mut Picture, camera: Camera, x: f64, y: f64) {
    let block = Block { lo: (x, y, 0.0), size: (2.0, 7.0, 0.9) };
    boxes::block(p, camera, block, Rgb(50, 47, 46));
    let panel = camera.face(&[
        (x + 0.35, y + 0.6, 0.9),
        (x + 1.65, y + 0.6, 0.9),
        (x + 1.65, y + 5.2, 0.9),
        (x + 0.35, y + 5.2, 0.9),
    ]);
    p.stroke(&panel, Rgb(196, 158, 84), 3.0, 0.95);
    p.clipped(&panel, |p| {
        Pattern::Seigaiha.draw(
            p,
            crate::patterns::area(0.0, 0.0, 1.6, 5.0),
            camera.scale * 0.9,
            Rgb(196, 158, 84),
            &|q: Pt| camera.at(x + 0.35 + q.x * 0.9, y + 0.6 + q.y * 0.9, 0.9),
        );
    });
}

pub fn stone(p: &mut Picture, scene: &Scene) {
    let camera = |x: f64, y: f64, scale: f64| Camera { origin: pt(x, y), scale, yaw: 0.5, k: 0.7 };
    match scene.arrangement {
        Arrangement::Use => {
            let paper = Curve::polygon(&[pt(80.0, 300.0), pt(640.0, 190.0), pt(760.0, 860.0), pt(200.0, 990.0)]);
            light::flat_shadow(p, &paper, 6.0);
            p.fill(&paper, &PAPER.to_string());
            p.clipped(&paper, |p| texture::fibres(p, (80.0, 190.0, 700.0, 800.0), 220, 4));
            slate(p, camera(850.0, 520.0, 40.0), true);
            ink_stick(p, camera(850.0, 520.0, 40.0), -8.2, 0.5);
            brush_lying(p, pt(300.0, 880.0), pt(900.0, 980.0), 15.0, true);
        }
        Arrangement::Detail => close_up(p, 710.0, 430.0, 2.5, |p| slate(p, camera(620.0, 610.0, 62.0), true)),
        _ => {
            let both = scene.size == "2";
            let c = camera(if both { 520.0 } else { 600.0 }, 600.0, 57.0);
            slate(p, c, false);
            if both {
                ink_stick(p, c, 5.4, -4.6);
            }
        }
    }
}
