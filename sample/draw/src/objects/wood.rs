//! Chopsticks, cutting board, tray and bamboo basket.

use std::f64::consts::TAU;

use super::{bowls, close_up, cups, metal, table, teapot};
use crate::{
    boxes::{self, Block, Camera},
    geometry::{Curve, Pt, data, pt, rough_data},
    lathe::{self, Profile, View, view},
    light,
    palette::{BAMBOO, HINOKI, PORCELAIN, Rgb, SHADE, TEA, WHITE, dye, glaze},
    patterns::Pattern,
    random::Random,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

fn rest(p: &mut Picture, c: Pt) {
    let shape = Curve::smooth(
        &[
            c + pt(-58.0, -34.0),
            c + pt(0.0, -26.0),
            c + pt(58.0, -34.0),
            c + pt(70.0, 0.0),
            c + pt(58.0, 62.0),
            c + pt(0.0, 54.0),
            c + pt(-58.0, 62.0),
            c + pt(-70.0, 10.0),
        ],
        true,
    );
    light::flat_shadow(p, &shape, 11.0);
    p.fill(&shape, &PORCELAIN.to_string());
    light::shade_across(p, &shape, c + pt(-70.0, -40.0), c + pt(70.0, 70.0), 0.3);
    p.clipped(&shape, |p| {
        let line = Curve::smooth(&[c + pt(-80.0, 34.0), c + pt(0.0, 26.0), c + pt(80.0, 34.0)], false);
        p.stroke(&line, dye("ai"), 5.0, 0.9);
        p.stroke(&line.moved(pt(0.0, 12.0)), dye("ai"), 2.5, 0.8);
    });
}

pub fn chopsticks(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    let tint = if scene.colour_name() == "kuri" { colour.lighter(0.14) } else { colour };
    let long = if scene.size == "21" { 0.91 } else { 1.0 };
    let pair = |p: &mut Picture| {
        rest(p, pt(270.0, 566.0));
        let end = pt(180.0 + 900.0 * long, 566.0 + 104.0 * long);
        table::chopsticks(p, pt(180.0, 548.0), end, 23.0, tint);
        let bands = [0.86, 0.885];
        for t in bands {
            for off in [0.0, 48.0] {
                let at = pt(180.0, 548.0 + off).towards(end + pt(0.0, off + 10.0 * f64::from(u8::from(off > 0.0))), t);
                p.stroke(&Curve::line(&[at + pt(1.0, -17.0), at + pt(-3.0, 17.0)]), Rgb(222, 186, 96), 4.0, 0.9);
            }
        }
    };
    match scene.arrangement {
        Arrangement::Use => {
            let v = view(450.0, 660.0, 40.0, 0.5);
            bowls::rice_bowl(p, v, glaze("shiro"), 8);
            table::rice(p, v, 5.7, 6.4, 1.9, 8);
            let cup = view(850.0, 600.0, 38.0, 0.5);
            cups::yunomi_cup(p, cup, glaze("ame"), 3);
            cups::tea_in(p, cup, 3.75, 8.5, 1.0, TEA);
            table::chopsticks(p, pt(250.0, 880.0), pt(980.0, 900.0), 12.0, tint);
            rest_small(p, pt(320.0, 905.0));
            table::chopsticks(p, pt(250.0, 880.0), pt(980.0, 900.0), 12.0, tint);
        }
        Arrangement::Detail => close_up(p, 330.0, 575.0, 2.4, pair),
        _ => p.group("transform=\"rotate(-24 600 600) translate(0 10)\"", pair),
    }
}

fn rest_small(p: &mut Picture, c: Pt) {
    p.group(&format!("transform=\"translate({} {}) scale(.55)\"", c.x, c.y), |p| rest(p, pt(0.0, 0.0)));
}

/// A board seen from straight above.
pub fn board_from_above(p: &mut Picture, (x, y, w, h): (f64, f64, f64, f64), turn: f64, seed: u64) {
    let c = pt(x + w / 2.0, y + h / 2.0);
    let place = |q: Curve| q.warped(f64::INFINITY, &|r| c + (r - c).turned(turn));
    let shape = place(Curve::round_rect(x, y, w, h, 14.0));
    light::flat_shadow(p, &shape, 24.0);
    p.fill(&shape, &HINOKI.lighter(0.12).to_string());
    p.clipped(&shape, |p| {
        p.group(&format!("transform=\"rotate({:.2} {:.0} {:.0})\"", turn.to_degrees(), c.x, c.y), |p| {
            texture::grain(p, (x, y, w, h), 44, seed, 1.0);
        });
    });
    light::shade_across(p, &shape, pt(x, y), pt(x + w, y + h), 0.16);
    p.stroke(&shape.moved(pt(2.0, 2.0)), WHITE, 3.0, 0.5);
    p.stroke(&shape, SHADE, 1.4, 0.3);
}

fn standing_board(p: &mut Picture, w: f64, d: f64, seed: u64) {
    let camera = Camera { origin: pt(600.0, 640.0), scale: 23.0, yaw: -0.5, k: 0.56 };
    let block = Block { lo: (-w / 2.0, -d / 2.0, 0.0), size: (w, d, 2.2) };
    boxes::block(p, camera, block, HINOKI);
    let top = block.top(camera);
    let mut random = Random::new(seed);
    let mut lines = Vec::new();
    let mut ends = Vec::new();
    let mut y = -d / 2.0;
    while y < d / 2.0 - 0.3 {
        y += random.between(0.28, 0.85);
        if y > d / 2.0 {
            break;
        }
        let drift = random.between(-0.16, 0.16);
        let points: Vec<Pt> = (0..=4)
            .map(|i| {
                let t = f64::from(i) / 4.0;
                camera.at(-w / 2.0 + w * t, y + drift * t + random.between(-0.06, 0.06), 2.2)
            })
            .collect();
        lines.push(Curve::smooth(&points, false));
        ends.push(Curve::line(&[camera.at(-w / 2.0, y, 2.2), camera.at(-w / 2.0, y - 0.25, 0.0)]));
    }
    p.clipped(&top, |p| {
        p.path(&data(&lines), "fill=\"none\" stroke=\"#9a6a34\" stroke-opacity=\".36\" stroke-width=\"2\"")
    });
    p.path(&data(&ends), "fill=\"none\" stroke=\"#7a4f22\" stroke-opacity=\".5\" stroke-width=\"2\"");
    p.clipped(&block.front(camera), |p| {
        let a = camera.at(-w / 2.0, d / 2.0, 2.2);
        let b = camera.at(w / 2.0, d / 2.0, 0.0);
        let turn = (camera.at(w / 2.0, d / 2.0, 0.0) - camera.at(-w / 2.0, d / 2.0, 0.0)).turned(0.0);
        let angle = turn.y.atan2(turn.x).to_degrees();
        p.group(&format!("transform=\"translate({:.1} {:.1}) rotate({angle:.2})\"", a.x, a.y), |p| {
            texture::grain(p, (-20.0, -30.0, (b.x - a.x).abs() * 1.3, 90.0), 9, seed, 0.9);
        });
    });
}

pub fn board(p: &mut Picture, scene: &Scene) {
    let (w, d) = match scene.size.as_str() {
        "s" => (24.0, 15.0),
        "m" => (33.0, 20.0),
        _ => (39.0, 24.0),
    };
    match scene.arrangement {
        Arrangement::Use => {
            board_from_above(p, (110.0, 260.0, 980.0, 700.0), 0.05, scene.seed());
            cucumber(p, scene.seed());
            p.group("transform=\"translate(60 190) scale(.86)\"", |p| {
                let knife = Scene { arrangement: Arrangement::Hero, ..scene.clone() };
                p.group("transform=\"rotate(25 600 600) translate(30 60)\"", |p| metal::knife(p, &knife));
            });
        }
        Arrangement::Detail => close_up(p, 470.0, 790.0, 2.8, |p| standing_board(p, 33.0, 20.0, scene.seed())),
        _ => standing_board(p, w, d, scene.seed()),
    }
}

fn cucumber(p: &mut Picture, seed: u64) {
    let mut random = Random::new(seed);
    for i in 0..9 {
        let c = pt(250.0 + 72.0 * f64::from(i), 400.0 + random.between(-14.0, 14.0));
        let disc = Curve::oval(c, 62.0, 64.0);
        light::flat_shadow(p, &disc, 7.0);
        p.fill(&disc, "#4d7440");
        p.fill(&Curve::oval(c, 56.0, 58.0), "#cfdfa4");
        let face = p.radial(
            (c.x - 12.0, c.y - 14.0),
            58.0,
            60.0,
            &[(0.0, Rgb(236, 240, 206), 0.9), (0.5, Rgb(214, 228, 170), 0.4), (1.0, WHITE, 0.0)],
        );
        p.fill(&Curve::oval(c, 56.0, 58.0), &face);
        let seeds: Vec<Curve> = (0..9)
            .map(|k| {
                let a = f64::from(k) * 0.698;
                Curve::oval(pt(0.0, 0.0), 9.0, 3.4).warped(f64::INFINITY, &|q| c + (q + pt(26.0, 0.0)).turned(a))
            })
            .collect();
        p.path(&data(&seeds), "fill=\"#eef2cf\" stroke=\"#a3b873\" stroke-width=\"1.4\"");
    }
}

pub fn tray(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    match scene.arrangement {
        Arrangement::Use => {
            table::tray(p, view(600.0, 850.0, 36.0, 0.5), 15.0, colour, scene.seed());
            teapot::pot(p, view(590.0, 745.0, 36.0, 0.48), glaze("sumi"), 5);
            cups::with_tea(p, &[pt(340.0, 880.0), pt(560.0, 975.0)], 33.0, 0.48);
        }
        Arrangement::Detail => close_up(p, 330.0, 790.0, 2.7, |p| {
            table::tray(p, view(600.0, 680.0, 33.0, 0.56), 15.0, colour, scene.seed());
        }),
        _ => {
            let r = if scene.size == "30" { 15.0 } else { 12.0 };
            table::tray(p, view(592.0, 650.0, 33.0, 0.56), r, colour, scene.seed());
        }
    }
}

/// A shallow woven basket: strips over and under, a bound rim.
fn basket_shape(p: &mut Picture, v: View, r: f64, seed: u64) {
    let profile = Profile::smooth(&[(r * 0.5, 0.0), (r * 0.8, 0.7), (r, 2.6)]);
    light::standing_shadow(p, v.foot, r * 0.7 * v.scale, r * 0.97 * v.scale, 3.2 * v.scale, v.k);
    p.fill(&profile.outline(v), &BAMBOO.darker(0.36).to_string());
    lathe::shade(p, &profile, v, 0.1, 0.4);
    let mouth = v.ring(r - 0.1, 2.6);
    p.fill(&mouth, &BAMBOO.darker(0.5).to_string());
    p.clipped(&mouth, |p| strips(p, v, r, seed));
    let c = pt(v.foot.x, v.y(2.6));
    let (w, h) = (r * v.scale, r * v.scale * v.k);
    let fall = p.linear(
        (c.x - w, c.y - h),
        (c.x + w, c.y + h),
        &[(0.0, SHADE, 0.5), (0.3, SHADE, 0.12), (0.6, WHITE, 0.05), (1.0, WHITE, 0.22)],
    );
    p.fill(&mouth, &fall);
    let ring = v.ring(r - 0.05, 2.6);
    p.stroke(&ring.moved(pt(0.0, 6.0)), SHADE, v.scale * 0.62, 0.4);
    p.stroke(&ring, BAMBOO.darker(0.16), v.scale * 0.62, 1.0);
    p.stroke(&ring.moved(pt(0.0, -v.scale * 0.12)), BAMBOO.lighter(0.4), v.scale * 0.2, 0.9);
    let binding: Vec<Curve> = (0..76)
        .map(|i| {
            let a = f64::from(i) * 0.08267;
            Curve::line(&[v.at(r - 0.42, 2.6, a), v.at(r + 0.3, 2.52, a + 0.045)])
        })
        .collect();
    p.path(
        &data(&binding),
        &format!(
            "stroke=\"{}\" stroke-width=\"{:.1}\" fill=\"none\" stroke-opacity=\".75\"",
            BAMBOO.darker(0.5),
            v.scale * 0.12
        ),
    );
}

fn strips(p: &mut Picture, v: View, r: f64, seed: u64) {
    let sag = |x: f64, y: f64| {
        let d = x.hypot(y) / r;
        2.5 * d.powi(4) + 0.25
    };
    let at = |x: f64, y: f64| pt(v.foot.x + x * v.scale, v.y(sag(x, y)) + y * v.scale * v.k);
    let mut random = Random::new(seed);
    let pitch = 0.92;
    let n = (r / pitch).ceil() as i32;
    let half = pitch * 0.42;
    for row in -n..=n {
        let y = f64::from(row) * pitch;
        let line: Vec<Pt> = (-2..=2).map(|i| at(r * f64::from(i) / 2.0, y)).collect();
        let curve = Curve::smooth(&line, false);
        let tone = BAMBOO.lighter(random.between(0.0, 0.22));
        p.stroke(&curve, tone.darker(0.45), half * 2.0 * v.scale * 0.74, 1.0);
        p.stroke(&curve, tone, half * 2.0 * v.scale * 0.6, 1.0);
    }
    let mut over = Vec::new();
    for column in -n..=n {
        let x = f64::from(column) * pitch;
        for row in -n..=n {
            if (row + column).rem_euclid(2) == 0 {
                continue;
            }
            let y = f64::from(row) * pitch;
            if x.hypot(y) > r * 1.03 {
                continue;
            }
            let tall = pitch * 0.72;
            over.push(Curve::line(&[at(x, y - tall), at(x, y + tall)]));
        }
    }
    let d = data(&over);
    let look = |paint: Rgb, wide: f64| {
        let width = wide * half * 1.72 * v.scale;
        format!("fill=\"none\" stroke=\"{paint}\" stroke-width=\"{width:.1}\" stroke-linecap=\"butt\"")
    };
    p.group("transform=\"translate(3 1)\" opacity=\".36\"", |p| p.path(&d, &look(SHADE, 1.1)));
    p.path(&d, &look(BAMBOO.darker(0.4), 1.08));
    p.path(&d, &look(BAMBOO.lighter(0.16), 0.94));
}

pub fn basket(p: &mut Picture, scene: &Scene) {
    let r = if scene.size == "24" { 12.0 } else { 9.0 };
    match scene.arrangement {
        Arrangement::Use => {
            let v = view(500.0, 690.0, 34.0, 0.56);
            basket_shape(p, v, 12.0, scene.seed());
            soba(p, v, scene.seed());
            cups::choko_cup(p, view(955.0, 900.0, 36.0, 0.5), Pattern::Ichimatsu, dye("ai"));
        }
        Arrangement::Detail => {
            close_up(p, 360.0, 720.0, 2.6, |p| basket_shape(p, view(600.0, 660.0, 38.0, 0.6), 12.0, scene.seed()))
        }
        _ => basket_shape(p, view(592.0, 660.0, 38.0, 0.6), r, scene.seed()),
    }
}

fn soba(p: &mut Picture, v: View, seed: u64) {
    let mut random = Random::new(seed);
    let spots = [(-3.8, -3.8), (2.4, -4.6), (-6.0, -0.2), (0.0, -0.6), (5.8, -1.2), (-3.4, 3.4), (3.0, 3.6)]
        .map(|(x, y)| pt(v.foot.x + x * v.scale, v.y(1.2) + y * v.scale * v.k));
    let beds: Vec<Curve> =
        spots.iter().map(|c| Curve::oval(*c + pt(6.0, 10.0), 3.9 * v.scale, 3.4 * v.scale * v.k)).collect();
    p.blurred(8.0, |p| p.path(&data(&beds), &format!("fill=\"{SHADE}\" fill-opacity=\".4\"")));
    let bodies: Vec<Curve> =
        spots.iter().map(|c| Curve::oval(*c + pt(0.0, -4.0), 3.5 * v.scale, 3.0 * v.scale * v.k)).collect();
    p.path(&data(&bodies), "fill=\"#857060\"");
    for layer in 0..5 {
        let mut loops = Vec::new();
        for c in spots {
            for i in 0..5 {
                let t = f64::from(layer * 5 + i) / 25.0;
                let rx = v.scale * random.between(1.5, 3.8) * (1.0 - 0.45 * t);
                let ry = v.scale * v.k * random.between(1.3, 3.4) * (1.0 - 0.45 * t);
                let a = random.between(0.0, TAU);
                let middle = c + pt(random.between(-8.0, 8.0), -20.0 * t);
                loops.push(Curve::oval_arc(middle, rx, ry, a, a + random.between(2.4, 4.1)));
            }
        }
        let d = rough_data(&loops, 1.0);
        let look = |paint: Rgb, wide: f64| format!("fill=\"none\" stroke=\"{paint}\" stroke-width=\"{wide}\"");
        p.group("transform=\"translate(1 2.6)\" opacity=\".5\"", |p| p.path(&d, &look(Rgb(86, 68, 54), 5.4)));
        p.path(&d, &look(Rgb(164, 142, 120).lighter(0.05 * f64::from(layer)), 4.8));
    }
}
