//! The stab-bound notebook and the accordion book.

use super::{close_up, ink};
use crate::{
    boxes::{self, Block, Camera},
    geometry::{Curve, Pt, pt},
    light,
    palette::{COTTON, PAPER, Rgb, SHADE, WHITE, reserve},
    patterns::{Pattern, area},
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

/// A cover of patterned paper on top of a block.
fn cover(p: &mut Picture, camera: Camera, block: Block, pattern: Pattern, colour: Rgb, repeat: f64) {
    boxes::solid(p, camera, block, colour);
    let ((x, y, z), (w, d, h)) = (block.lo, block.size);
    let top = block.top(camera);
    p.clipped(&top, |p| {
        p.fill(&top, &colour.to_string());
        pattern.draw(
            p,
            area(0.0, 0.0, w / repeat, d / repeat),
            repeat * camera.scale * 0.8,
            reserve(colour),
            &|q: Pt| camera.at(x + q.x * repeat, y + q.y * repeat, z + h),
        );
        let a = camera.at(x, y, z + h);
        texture::fibres(p, (a.x - 300.0, a.y - 100.0, 900.0, 700.0), 120, 5);
        light::shade_across(p, &top, a, camera.at(x + w, y + d, z + h), 0.22);
    });
    p.stroke(&top, WHITE, 1.6, 0.3);
}

fn pages(p: &mut Picture, camera: Camera, block: Block) {
    boxes::solid(p, camera, block, PAPER.darker(0.04));
    let ((x, y, z), (w, d, h)) = (block.lo, block.size);
    let end = if camera.yaw < 0.0 { x } else { x + w };
    for i in 1..9 {
        let up = z + h * f64::from(i) / 9.0;
        let line = Curve::line(&[camera.at(end, y, up), camera.at(end, y + d, up)]);
        p.stroke(&line, SHADE, 1.2, 0.26);
        let front = Curve::line(&[camera.at(x, y + d, up), camera.at(x + w, y + d, up)]);
        p.stroke(&front, SHADE, 1.2, 0.2);
    }
}

fn bound(p: &mut Picture, camera: Camera, scene: &Scene, colour: Rgb, lift: f64) {
    let (w, d) = (14.8, 21.0);
    let lo = (-w / 2.0, -d / 2.0, lift);
    let body = Block { lo, size: (w, d, 1.05) };
    boxes::cast(p, camera, Block { lo, size: (w, d, 1.3) });
    pages(p, camera, body);
    let lid = Block { lo: (lo.0, lo.1, lift + 1.05), size: (w, d, 0.14) };
    cover(p, camera, lid, scene.pattern(), colour, 4.4);
    let z = lift + 1.22;
    let stitch = w / 2.0 - 1.5;
    let thread = |p: &mut Picture, from: (f64, f64), to: (f64, f64)| {
        let line = Curve::line(&[camera.at(from.0, from.1, z), camera.at(to.0, to.1, z)]);
        p.stroke(&line.moved(pt(1.5, 4.0)), SHADE, 5.0, 0.45);
        p.stroke(&line, COTTON, 5.2, 1.0);
        p.stroke(&line.moved(pt(-0.8, -1.2)), WHITE, 1.6, 0.8);
    };
    let holes = [-8.9, -3.0, 3.0, 8.9];
    thread(p, (stitch, -d / 2.0), (stitch, d / 2.0));
    for y in holes {
        thread(p, (stitch, y), (w / 2.0, y));
    }
    for y in [-d / 2.0, d / 2.0] {
        let _ = y;
    }
    title_slip(p, camera, (-w / 2.0 + 1.1, -d / 2.0 + 1.3, z - 0.03), (2.9, 10.5));
}

fn title_slip(p: &mut Picture, camera: Camera, (x, y, z): (f64, f64, f64), (w, d): (f64, f64)) {
    let slip = camera.face(&[(x, y, z), (x + w, y, z), (x + w, y + d, z), (x, y + d, z)]);
    p.blurred(2.0, |p| p.tint(&slip.moved(pt(2.0, 3.0)), SHADE, 0.4));
    p.fill(&slip, &PAPER.to_string());
    let inner = camera.face(&[
        (x + 0.25, y + 0.25, z),
        (x + w - 0.25, y + 0.25, z),
        (x + w - 0.25, y + d - 0.25, z),
        (x + 0.25, y + d - 0.25, z),
    ]);
    p.stroke(&inner, SHADE, 1.6, 0.34);
    light::shade_across(p, &slip, camera.at(x, y, z), camera.at(x + w, y + d, z), 0.1);
}

fn camera(scale: f64) -> Camera {
    Camera { origin: pt(590.0, 590.0), scale, yaw: 0.42, k: 0.78 }
}

pub fn notebook(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => open_book(p, scene),
        Arrangement::Detail => close_up(p, 640.0, 760.0, 2.5, |p| bound(p, camera(37.0), scene, scene.colour(), 0.0)),
        _ => bound(p, camera(37.0), scene, scene.colour(), 0.0),
    }
}

fn open_book(p: &mut Picture, scene: &Scene) {
    let shape = |x0: f64, x1: f64, bulge: f64| {
        Curve::smooth(&[pt(x0, 300.0), pt((x0 + x1) / 2.0, 300.0 - bulge), pt(x1, 300.0)], false)
            .then(Curve::line(&[pt(x1, 890.0)]))
            .then(Curve::smooth(&[pt(x1, 890.0), pt((x0 + x1) / 2.0, 890.0 - bulge), pt(x0, 890.0)], false))
            .close()
    };
    p.group("transform=\"rotate(-7 600 600)\"", |p| {
        let back = Curve::round_rect(146.0, 282.0, 868.0, 626.0, 6.0);
        light::flat_shadow(p, &back, 22.0);
        p.fill(&back, &scene.colour().to_string());
        for (i, grow) in [10.0, 6.0, 3.0].into_iter().enumerate() {
            let leaf = Curve::rect(164.0 - grow, 294.0, 832.0 + grow * 2.0, 596.0 + grow);
            p.fill(&leaf, &PAPER.darker(0.16 - 0.05 * i as f64).to_string());
        }
        for (x0, x1, left) in [(164.0, 580.0, true), (580.0, 996.0, false)] {
            let page = shape(x0, x1, 12.0);
            p.fill(&page, &PAPER.to_string());
            let stops = if left {
                [(0.0, SHADE, 0.05), (0.4, SHADE, 0.01), (0.82, SHADE, 0.06), (1.0, SHADE, 0.3)]
            } else {
                [(0.0, SHADE, 0.34), (0.1, SHADE, 0.1), (0.4, SHADE, 0.02), (1.0, SHADE, 0.07)]
            };
            let curl = p.linear((x0, 0.0), (x1, 0.0), &stops);
            p.fill(&page, &curl);
            p.clipped(&page, |p| texture::fibres(p, (x0, 290.0, x1 - x0, 610.0), 100, scene.seed() + u64::from(left)));
            for k in 1..9 {
                let x = x0 + (x1 - x0) * f64::from(k) / 9.0;
                p.stroke(&Curve::line(&[pt(x, 340.0), pt(x, 850.0)]), scene.colour(), 1.2, 0.14);
            }
        }
    });
    ink::brush_lying(p, pt(770.0, 1010.0), pt(1080.0, 340.0), 15.0, true);
}

fn cloth_book(p: &mut Picture, camera: Camera, scene: &Scene, colour: Rgb) {
    let (w, d) = (12.0, 18.0);
    let lo = (-w / 2.0, -d / 2.0, 0.0);
    boxes::cast(p, camera, Block { lo, size: (w, d, 2.0) });
    let back = Block { lo, size: (w, d, 0.25) };
    boxes::solid(p, camera, back, colour);
    let body = Block { lo: (lo.0 + 0.12, lo.1 + 0.12, 0.25), size: (w - 0.24, d - 0.24, 1.5) };
    pages(p, camera, body);
    let lid = Block { lo: (lo.0, lo.1, 1.75), size: (w, d, 0.3) };
    cover(p, camera, lid, scene.pattern(), colour, 3.0);
    let top = lid.top(camera);
    texture::weave(p, &top, 5.0, 20.0, 0.16);
    title_slip(p, camera, (-w / 2.0 + 1.0, -d / 2.0 + 1.1, 2.06), (2.7, 9.6));
}

pub fn accordion(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => unfolded(p, scene),
        Arrangement::Detail => close_up(p, 560.0, 420.0, 2.5, |p| cloth_book(p, camera(43.0), scene, scene.colour())),
        _ => cloth_book(p, camera(43.0), scene, scene.colour()),
    }
}

/// The accordion standing open in a zigzag.
fn unfolded(p: &mut Picture, scene: &Scene) {
    let camera = Camera { origin: pt(600.0, 800.0), scale: 27.0, yaw: -0.1, k: 0.5 };
    let d = 15.5;
    let corner = |i: usize| {
        let x = -17.0 + 5.6 * i as f64;
        let y = if i.is_multiple_of(2) { 3.4 } else { -4.4 };
        (x, y)
    };
    let shadow: Vec<Pt> = (0..=6)
        .map(|i| {
            let (x, y) = corner(i);
            camera.at(x, y, 0.0)
        })
        .chain((0..=6).rev().map(|i| {
            let (x, y) = corner(i);
            camera.at(x + 6.5, y - 1.4, 0.0)
        }))
        .collect();
    p.blurred(16.0, |p| p.tint(&Curve::polygon(&shadow), SHADE, 0.4));
    for i in 0..6 {
        let ((x0, y0), (x1, y1)) = (corner(i), corner(i + 1));
        let face = camera.face(&[(x0, y0, 0.0), (x1, y1, 0.0), (x1, y1, d), (x0, y0, d)]);
        let end = i == 0;
        p.fill(&face, &if end { scene.colour() } else { PAPER }.to_string());
        if end {
            p.clipped(&face, |p| {
                let r = 2.9;
                let long = (x1 - x0).hypot(y1 - y0);
                scene.pattern().draw(
                    p,
                    area(0.0, 0.0, long / r, d / r),
                    r * 24.0,
                    reserve(scene.colour()),
                    &|q: Pt| {
                        let t = q.x * r / long;
                        camera.at(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, d - q.y * r)
                    },
                );
            });
        }
        let (a, b) = (camera.at(x0, y0, d), camera.at(x1, y1, d));
        let stops = if i.is_multiple_of(2) {
            [(0.0, SHADE, 0.0), (0.7, SHADE, 0.04), (1.0, SHADE, 0.12)]
        } else {
            [(0.0, SHADE, 0.27), (0.5, SHADE, 0.15), (1.0, SHADE, 0.08)]
        };
        let fall = p.linear((a.x, 0.0), (b.x, 0.0), &stops);
        p.fill(&face, &fall);
        if !end {
            p.clipped(&face, |p| texture::fibres(p, (a.x, a.y.min(b.y), b.x - a.x, 420.0), 26, i as u64));
        }
        let edge = Curve::line(&[a, b]);
        p.stroke(&edge, WHITE, 2.6, 0.8);
    }
}
