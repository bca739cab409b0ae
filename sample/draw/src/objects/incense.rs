//! Incense: sticks in their box, the holder dish, cones.

use super::{close_up, plates};
use crate::{
    boxes::{self, Block, Camera},
    geometry::{Curve, Pt, pt},
    lathe::{self, Profile, View, view},
    light,
    palette::{PAPER, PORCELAIN, Rgb, SHADE, WHITE, glaze, reserve},
    patterns::area,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

/// The colour of kneaded powder for a scent.
fn powder(scene: &Scene) -> Rgb {
    match scene.colour_name() {
        "matsu" => Rgb(112, 122, 78),
        "yama" => Rgb(200, 160, 84),
        "sakura" => Rgb(196, 138, 132),
        _ => Rgb(150, 108, 74),
    }
}

pub fn sticks(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => burning_dish(p, view(590.0, 900.0, 58.0, 0.46), glaze("shiro"), powder(scene)),
        Arrangement::Detail => close_up(p, 800.0, 650.0, 2.7, |p| opened_box(p, scene)),
        _ => opened_box(p, scene),
    }
}

fn opened_box(p: &mut Picture, scene: &Scene) {
    let camera = Camera { origin: pt(585.0, 620.0), scale: 55.0, yaw: 0.46, k: 0.66 };
    let (w, d, h) = (11.0, 4.6, 1.3);
    let tray = Block { lo: (-w / 2.0 + 3.4, -d / 2.0, 0.0), size: (w, d, h) };
    boxes::block(p, camera, tray, PAPER.darker(0.05));
    let ((x, y, _), m) = (tray.lo, 0.22);
    let inside =
        camera.face(&[(x + m, y + m, h), (x + w - m, y + m, h), (x + w - m, y + d - m, h), (x + m, y + d - m, h)]);
    p.fill(&inside, &PAPER.darker(0.4).to_string());
    let tone = powder(scene);
    p.clipped(&inside, |p| {
        for i in 0..17 {
            let yy = y + m + 0.16 + 0.248 * f64::from(i);
            let back = 0.06 * (f64::from(i) * 2.7).sin();
            let (a, b) = (camera.at(x + 0.4, yy, h - 0.3), camera.at(x + w - 0.75 + back, yy, h - 0.3));
            let stick = Curve::line(&[a, b]);
            p.stroke(&stick.moved(pt(0.0, 5.0)), SHADE, 13.0, 0.5);
            p.stroke(&stick, tone, 11.0, 1.0);
            p.stroke(&stick.moved(pt(-1.0, -3.0)), WHITE, 3.0, 0.3);
            p.fill(&Curve::oval(b, 4.6, 5.6), &tone.lighter(0.25).to_string());
        }
        let edge = Curve::line(&[camera.at(x, y + m, h), camera.at(x + w, y + m, h)]);
        p.blurred(6.0, |p| p.stroke(&edge, SHADE, 26.0, 0.4));
    });
    let sleeve = Block { lo: (-w / 2.0 - 2.6, -d / 2.0 - 0.14, 0.0), size: (w - 2.6, d + 0.28, h + 0.14) };
    boxes::block(p, camera, sleeve, scene.colour());
    let ((x, y, _), (sw, sd, sh)) = (sleeve.lo, sleeve.size);
    let top = sleeve.top(camera);
    let repeat = 2.0;
    p.clipped(&top, |p| {
        p.fill(&top, &scene.colour().to_string());
        scene.pattern().draw(
            p,
            area(0.0, 0.0, sw / repeat, sd / repeat),
            repeat * camera.scale * 0.8,
            reserve(scene.colour()),
            &|q: Pt| camera.at(x + q.x * repeat, y + q.y * repeat, sh),
        );
        light::shade_across(p, &top, camera.at(x, y, sh), camera.at(x + sw, y + sd, sh), 0.2);
        texture::fibres(p, (100.0, 200.0, 900.0, 800.0), 120, 3);
    });
    let label = camera.face(&[
        (x + 3.0, y + 1.0, sh + 0.01),
        (x + 5.6, y + 1.0, sh + 0.01),
        (x + 5.6, y + sd - 1.0, sh + 0.01),
        (x + 3.0, y + sd - 1.0, sh + 0.01),
    ]);
    p.fill(&label, &PAPER.to_string());
    light::shade_across(p, &label, camera.at(x + 3.0, y, sh), camera.at(x + 5.6, y + sd, sh), 0.1);
    p.group("opacity=\".95\"", |p| {
        super::tenugui::crest(p, camera.at(x + 4.3, y + sd / 2.0, sh), 34.0, 0.4, Rgb(58, 54, 50))
    });
}

fn dish(p: &mut Picture, v: View, colour: Rgb, seed: u64) {
    plates::plate(p, v, 5.0, 1.6, colour, seed, true);
    let post = Profile::smooth(&[(0.95, 0.5), (0.8, 0.9), (0.62, 1.5), (0.5, 1.75)]);
    let spot = v.ring(1.15, 0.5).moved(pt(9.0, 4.0));
    p.blurred(6.0, |p| p.tint(&spot, SHADE, 0.45));
    p.fill(&post.outline(v), &colour.to_string());
    lathe::shade(p, &post, v, 0.6, 0.3);
    let eye = v.ring(0.16, 1.76);
    p.fill(&eye, &colour.darker(0.75).to_string());
}

fn stick_in(p: &mut Picture, v: View, tone: Rgb, long: f64, lit: bool) -> Pt {
    let foot = v.at(0.0, 1.7, 0.0);
    let tip = foot + pt(0.7 * v.scale, -long * v.scale);
    let shade = Curve::line(&[foot + pt(6.0, 30.0), foot + pt(2.6 * v.scale, 0.55 * v.scale)]);
    p.blurred(4.0, |p| p.stroke(&shade, SHADE, v.scale * 0.16, 0.34));
    let stick = Curve::line(&[foot, tip]);
    p.stroke(&stick, tone.darker(0.3), v.scale * 0.2, 1.0);
    p.stroke(&stick.moved(pt(-1.6, 0.0)), tone.lighter(0.12), v.scale * 0.1, 1.0);
    if lit {
        let ash = Curve::line(&[tip, tip.towards(foot, 0.05)]);
        p.stroke(&ash, Rgb(176, 172, 166), v.scale * 0.19, 1.0);
        let ember = Curve::line(&[tip.towards(foot, 0.05), tip.towards(foot, 0.07)]);
        p.stroke(&ember, Rgb(232, 96, 40), v.scale * 0.2, 1.0);
    }
    tip
}

fn burning_dish(p: &mut Picture, v: View, colour: Rgb, tone: Rgb) {
    light::wall_and_table(p, Rgb(176, 166, 152), Rgb(196, 182, 158), 640.0);
    dish(p, v, colour, 6);
    let tip = stick_in(p, v, tone, 7.4, true);
    light::smoke(p, tip, 400.0, 34.0, 0.95);
}

pub fn holder(p: &mut Picture, scene: &Scene) {
    let colour = glaze(scene.colour_name());
    let tone = Rgb(112, 122, 78);
    match scene.arrangement {
        Arrangement::Use => burning_dish(p, view(600.0, 930.0, 62.0, 0.42), colour, tone),
        Arrangement::Detail => close_up(p, 590.0, 720.0, 2.9, |p| {
            let v = view(590.0, 800.0, 76.0, 0.56);
            dish(p, v, colour, scene.seed());
        }),
        _ => {
            let v = view(580.0, 850.0, 74.0, 0.5);
            dish(p, v, colour, scene.seed());
            stick_in(p, v, tone, 7.6, false);
        }
    }
}

fn cone(p: &mut Picture, v: View, tone: Rgb) {
    let shape = Profile::straight(&[(0.86, 0.0), (0.84, 0.12), (0.16, 2.3), (0.05, 2.42), (0.01, 2.44)]);
    light::standing_shadow(p, v.foot, 0.8 * v.scale, 0.3 * v.scale, 2.2 * v.scale, v.k);
    let outline = shape.outline(v);
    p.fill(&outline, &tone.to_string());
    p.clipped(&outline, |p| {
        let w = v.scale;
        texture::specks(p, (v.foot.x - w, v.y(2.6), w * 2.0, 3.4 * w), 90, 5, tone.darker(0.6));
        texture::specks(p, (v.foot.x - w, v.y(2.6), w * 2.0, 3.4 * w), 70, 8, tone.lighter(0.7));
    });
    lathe::shade(p, &shape, v, 0.0, 0.2);
}

pub fn cones(p: &mut Picture, scene: &Scene) {
    let tone = powder(scene);
    let heap = |p: &mut Picture| {
        let v = view(590.0, 720.0, 84.0, 0.58);
        plates::plate(p, v, 5.4, 1.2, PORCELAIN, 2, true);
        let on = v.raised(0.45);
        let one = p.once(|p| cone(p, View { foot: pt(0.0, 0.0), ..on }, tone));
        for (x, y) in [(-1.5, -1.9), (1.2, -2.1), (-2.6, 0.7), (0.1, 0.6), (2.5, 0.8)] {
            p.place(one, on.beside(x, y).foot);
        }
    };
    match scene.arrangement {
        Arrangement::Use => {
            light::wall_and_table(p, Rgb(176, 166, 152), Rgb(196, 182, 158), 620.0);
            let v = view(590.0, 920.0, 84.0, 0.46);
            plates::plate(p, v, 4.6, 1.1, glaze("sumi"), 2, true);
            let on = v.raised(0.5);
            cone(p, on, tone);
            let tip = on.at(0.0, 2.5, 0.0);
            p.fill(&Curve::oval(tip + pt(0.0, 4.0), 5.0, 8.0), "#e0662c");
            light::smoke(p, tip, 480.0, 40.0, 0.95);
        }
        Arrangement::Detail => close_up(p, 590.0, 640.0, 2.6, heap),
        _ => heap(p),
    }
}
