//! Tea: the washi pouch and the tin.

use std::f64::consts::TAU;

use super::{cups, plates};
use crate::{
    geometry::{Curve, Pt, Seg, pt},
    lathe::{self, Band, Profile, View, view},
    light,
    palette::{COTTON, PAPER, PORCELAIN, Rgb, SHADE, STEEL, TEA, WHITE, glaze, reserve},
    patterns::{Pattern, area},
    random::Random,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

/// A standing pouch of washi, folded over at the top.
fn bag(p: &mut Picture, c: Pt, s: f64, tone: Rgb, pattern: Pattern, seed: u64) {
    let place = |q: Pt| c + q * s;
    let bend = |k: Curve| k.warped(f64::INFINITY, &place);
    let front = bend(
        Curve::smooth(&[pt(-220.0, -380.0), pt(-238.0, -100.0), pt(-250.0, 190.0), pt(-236.0, 346.0)], false)
            .then(Curve::smooth(&[pt(-236.0, 346.0), pt(-120.0, 370.0), pt(40.0, 374.0), pt(196.0, 352.0)], false))
            .then(Curve::smooth(&[pt(196.0, 352.0), pt(206.0, 180.0), pt(208.0, -100.0), pt(206.0, -384.0)], false))
            .close(),
    );
    let gusset = bend(
        Curve::smooth(&[pt(206.0, -384.0), pt(208.0, -100.0), pt(206.0, 180.0), pt(196.0, 352.0)], false)
            .then(Curve::smooth(&[pt(196.0, 352.0), pt(250.0, 318.0), pt(292.0, 280.0)], false))
            .then(Curve::smooth(&[pt(292.0, 280.0), pt(290.0, 60.0), pt(262.0, -160.0), pt(226.0, -380.0)], false))
            .close(),
    );
    let foot = bend(Curve::polygon(&[
        pt(-240.0, 330.0),
        pt(200.0, 340.0),
        pt(300.0, 270.0),
        pt(520.0, 250.0),
        pt(400.0, 350.0),
        pt(190.0, 384.0),
        pt(-220.0, 380.0),
    ]));
    p.blurred(16.0 * s, |p| p.tint(&foot, SHADE, 0.42));
    let contact = bend(Curve::oval(pt(-10.0, 358.0), 240.0, 18.0));
    p.blurred(6.0, |p| p.tint(&contact, SHADE, 0.6));
    p.fill(&gusset, &PAPER.darker(0.32).to_string());
    let crease = bend(Curve::smooth(&[pt(214.0, -376.0), pt(240.0, -60.0), pt(246.0, 316.0)], false));
    p.blurred(4.0, |p| p.stroke(&crease, SHADE, 14.0 * s, 0.5));
    p.fill(&front, &PAPER.darker(0.03).to_string());
    let band = bend(Curve::rect(-262.0, -70.0, 480.0, 280.0));
    p.clipped(&front, |p| {
        texture::fibres(p, (c.x - 270.0 * s, c.y - 400.0 * s, 520.0 * s, 800.0 * s), 200, seed);
        p.fill(&band, &tone.to_string());
        let r = 96.0;
        p.clipped(&band, |p| {
            pattern.draw(p, area(0.0, 0.0, 480.0 / r, 280.0 / r), r * s, reserve(tone), &|q: Pt| {
                place(pt(-262.0 + q.x * r, -70.0 + q.y * r + 0.0001 * (q.x * r - 240.0).powi(2)))
            });
        });
        let slip = bend(Curve::rect(-86.0, -110.0, 130.0, 360.0));
        p.blurred(3.0, |p| p.tint(&slip.moved(pt(3.0, 4.0)), SHADE, 0.35));
        p.fill(&slip, &PAPER.to_string());
        p.stroke(&bend(Curve::rect(-76.0, -100.0, 110.0, 340.0)), tone, 2.4, 0.7);
        super::tenugui::crest(p, place(pt(-21.0, 60.0)), 44.0 * s, 0.0, tone.darker(0.1));
    });
    let (l, r) = (place(pt(-250.0, 0.0)), place(pt(208.0, 0.0)));
    let round = p.linear(
        (l.x, 0.0),
        (r.x, 0.0),
        &[
            (0.0, SHADE, 0.26),
            (0.06, SHADE, 0.06),
            (0.24, WHITE, 0.32),
            (0.55, WHITE, 0.0),
            (0.85, SHADE, 0.14),
            (1.0, SHADE, 0.26),
        ],
    );
    p.fill(&front, &round);
    let low = p.linear(
        (0.0, place(pt(0.0, 150.0)).y),
        (0.0, place(pt(0.0, 370.0)).y),
        &[(0.0, SHADE, 0.0), (0.7, WHITE, 0.08), (0.84, SHADE, 0.06), (1.0, SHADE, 0.3)],
    );
    p.fill(&front, &low);
    for (a, b, m) in [
        (pt(-236.0, 330.0), pt(-120.0, 120.0), pt(-170.0, 240.0)),
        (pt(190.0, 340.0), pt(110.0, 180.0), pt(160.0, 270.0)),
        (pt(-210.0, -290.0), pt(-120.0, -180.0), pt(-180.0, -240.0)),
    ] {
        let dent = bend(Curve::smooth(&[a, m, b], false));
        p.blurred(7.0, |p| {
            p.stroke(&dent, SHADE, 12.0 * s, 0.17);
            p.stroke(&dent.moved(pt(-10.0, -6.0)), WHITE, 10.0 * s, 0.3);
        });
    }
    folded_top(p, &bend, s, seed);
}

fn folded_top(p: &mut Picture, bend: &dyn Fn(Curve) -> Curve, s: f64, seed: u64) {
    let flap = bend(
        Curve::smooth(&[pt(-222.0, -388.0), pt(0.0, -400.0), pt(212.0, -390.0), pt(230.0, -378.0)], false)
            .then(Curve::smooth(&[pt(222.0, -268.0), pt(0.0, -262.0), pt(-230.0, -258.0)], false))
            .close(),
    );
    p.blurred(5.0, |p| p.tint(&flap.moved(pt(3.0, 9.0)), SHADE, 0.4));
    p.fill(&flap, &PAPER.lighter(0.2).to_string());
    p.clipped(&flap, |p| {
        let at = flap.start;
        texture::fibres(p, (at.x, at.y - 30.0, 480.0 * s, 170.0 * s), 60, seed + 1);
    });
    let at = flap.start;
    let fall = p.linear(
        (0.0, at.y - 10.0),
        (0.0, at.y + 130.0 * s),
        &[(0.0, WHITE, 0.6), (0.2, WHITE, 0.1), (1.0, SHADE, 0.16)],
    );
    p.fill(&flap, &fall);
    let side =
        p.linear((at.x, 0.0), (at.x + 450.0 * s, 0.0), &[(0.0, SHADE, 0.1), (0.3, WHITE, 0.2), (1.0, SHADE, 0.2)]);
    p.fill(&flap, &side);
    for x in [-9.0, 9.0] {
        let cord = bend(Curve::smooth(&[pt(x - 20.0, -404.0), pt(x - 20.0, -330.0), pt(x - 20.0, -256.0)], false));
        p.stroke(&cord.moved(pt(2.0, 3.0)), SHADE, 7.0 * s, 0.3);
        p.stroke(&cord, COTTON.darker(0.2), 7.0 * s, 1.0);
    }
}

fn leaves(p: &mut Picture, v: View, r: f64, z: f64, roasted: bool, seed: u64, count: usize) {
    let mut random = Random::new(seed);
    let tones = if roasted {
        [Rgb(122, 76, 40), Rgb(94, 58, 32), Rgb(160, 112, 66)]
    } else {
        [Rgb(66, 86, 44), Rgb(48, 66, 38), Rgb(102, 120, 62)]
    };
    for layer in 0..6_u8 {
        let mut bits: [Vec<Curve>; 3] = Default::default();
        for i in 0..count / 6 {
            let d = random.unit().sqrt() * (1.0 - 0.12 * f64::from(layer));
            let a = random.between(0.0, TAU);
            let at = v.at(r * d, z + (1.0 - d * d) * 0.8 * f64::from(layer) / 5.0, a);
            let long = v.scale * random.between(0.24, 0.52) * if roasted { 0.7 } else { 1.0 };
            let bend = long * random.between(-0.35, 0.35);
            let turn = random.between(-0.9, 0.9) + if random.unit() > 0.5 { 0.3 } else { 2.4 };
            let spot = |x: f64, y: f64| at + pt(x, y).turned(turn);
            bits[i % 3].push(Curve {
                start: spot(-long, 0.0),
                segs: vec![Seg::Cubic(spot(-long * 0.3, bend), spot(long * 0.3, bend), spot(long, 0.0))],
                closed: false,
            });
        }
        let wide = v.scale * if roasted { 0.16 } else { 0.075 };
        for (i, (bit, tone)) in bits.iter().zip(tones).enumerate() {
            let d = crate::geometry::data(bit);
            let look = |c: Rgb| {
                format!(
                    "fill=\"none\" stroke=\"{c}\" stroke-width=\"{:.1}\" stroke-linecap=\"round\"",
                    wide * (1.2 - 0.2 * i as f64)
                )
            };
            p.group("transform=\"translate(1.5 3.5)\" opacity=\".5\"", |p| p.path(&d, &look(SHADE)));
            p.path(&d, &look(tone));
        }
    }
}

/// Leaves from close by, filling the picture: dark below, lit on top.
fn leaf_bed(p: &mut Picture, roasted: bool, seed: u64) {
    let (deep, top) = if roasted { (Rgb(44, 27, 17), Rgb(150, 100, 58)) } else { (Rgb(22, 31, 18), Rgb(92, 112, 58)) };
    p.fill(&Curve::rect(0.0, 0.0, 1200.0, 1200.0), &deep.to_string());
    let mut random = Random::new(seed);
    for layer in 0..8 {
        let share = f64::from(layer) / 7.0;
        let stems = layer % 3 == 1;
        let wide = match (roasted, stems) {
            (true, true) => 11.0,
            (true, false) => 34.0,
            (false, _) => 15.0,
        };
        let leaves: Vec<Curve> = (0..105)
            .map(|_| {
                let at = pt(random.between(-40.0, 1240.0), random.between(-40.0, 1240.0));
                let long = random.between(46.0, 120.0) * if roasted && !stems { 0.42 } else { 1.0 };
                let bend = long * random.between(-0.14, 0.14);
                let turn = random.between(0.0, TAU);
                let spot = |x: f64, y: f64| at + pt(x, y).turned(turn);
                Curve {
                    start: spot(-long, 0.0),
                    segs: vec![Seg::Cubic(spot(-long * 0.3, bend), spot(long * 0.4, bend), spot(long, -bend * 0.3))],
                    closed: false,
                }
            })
            .collect();
        let d = crate::geometry::rough_data(&leaves, 1.0);
        let look =
            |c: Rgb, w: f64| format!("fill=\"none\" stroke=\"{c}\" stroke-width=\"{w:.1}\" stroke-linecap=\"butt\"");
        let bright = if roasted && stems { top.lighter(0.25) } else { top };
        let tone = deep.mix(bright, 0.25 + 0.75 * share);
        p.group("transform=\"translate(5 11)\" opacity=\".5\"", |p| p.path(&d, &look(SHADE, wide)));
        p.path(&d, &look(tone, wide));
        p.group("transform=\"translate(-2 -4)\" opacity=\".3\"", |p| p.path(&d, &look(tone.lighter(0.5), wide * 0.3)));
    }
    let light = p.linear((0.0, 0.0), (1200.0, 1200.0), &[(0.0, WHITE, 0.16), (0.4, WHITE, 0.0), (1.0, SHADE, 0.5)]);
    p.fill(&Curve::rect(0.0, 0.0, 1200.0, 1200.0), &light);
}

pub fn pouch(p: &mut Picture, scene: &Scene) {
    let roasted = scene.colour_name() == "kuri";
    let brew = if roasted { Rgb(158, 92, 42) } else { TEA };
    match scene.arrangement {
        Arrangement::Use => {
            let v = view(440.0, 860.0, 62.0, 0.44);
            cups::yunomi_cup(p, v, glaze("shiro"), 3);
            cups::tea_in(p, v, 3.75, 8.5, 0.9, brew);
            super::table::steam(p, pt(440.0, v.y(9.0)), 230.0);
            let dish = view(860.0, 980.0, 50.0, 0.5);
            plates::plate(p, dish, 4.6, 1.3, PORCELAIN, 4, true);
            leaves(p, dish, 2.9, 0.7, roasted, 5, 150);
        }
        Arrangement::Detail => leaf_bed(p, roasted, scene.seed()),
        _ => {
            let s = match scene.size.as_str() {
                "50" => 0.84,
                "80" => 0.9,
                "100" => 1.0,
                _ => 1.16,
            };
            bag(p, pt(580.0, 1010.0 - 374.0 * s), s, scene.colour(), scene.pattern(), scene.seed());
        }
    }
}

fn tea_tin(p: &mut Picture, v: View, h: f64, tone: Rgb, pattern: Pattern) {
    let body = Profile::straight(&[(3.3, 0.0), (3.3, h * 0.3), (3.3, h * 0.66)]);
    let lid = Profile::straight(&[(3.42, h * 0.64), (3.42, h * 0.8), (3.42, h)]);
    light::standing_shadow(p, v.foot, 3.3 * v.scale, 3.3 * v.scale, h * v.scale, v.k);
    for (profile, tall) in [(&body, h * 0.66), (&lid, h * 0.36)] {
        p.fill(&profile.outline(v), &tone.to_string());
        let sort = Band { pattern, colour: reserve(tone), repeat: 2.5, from: 0.0, to: tall };
        lathe::band(p, profile, v, &sort);
        lathe::shade(p, profile, v, 0.2, 0.16);
        lathe::gleam(p, profile, v, 0.2, tall * 0.95, 0.3);
    }
    lathe::strip(p, &lid, v, h * 0.355, h * 0.368, "#2a211a");
    lathe::strip(p, &body, v, h * 0.02, h * 0.06, "rgba(38,28,20,.4)");
    lathe::strip(p, &body, v, h * 0.64, h * 0.66, &STEEL.to_string());
    let top = v.ring(3.42, h);
    p.fill(&top, &tone.lighter(0.05).to_string());
    p.clipped(&top, |p| {
        let c = pt(v.foot.x, v.y(h));
        pattern.draw(p, area(-2.0, -2.0, 2.0, 2.0), 2.5 * v.scale * 0.8, reserve(tone), &|q: Pt| {
            c + pt(q.x * 2.5 * v.scale, q.y * 2.5 * v.scale * v.k)
        });
        let w = 3.42 * v.scale;
        let sheen = p.linear(
            (c.x - w, c.y - w * v.k),
            (c.x + w, c.y + w * v.k),
            &[(0.0, WHITE, 0.36), (0.5, WHITE, 0.05), (1.0, SHADE, 0.16)],
        );
        p.fill(&top, &sheen);
    });
    p.stroke(&v.ring(3.4, h), WHITE, 2.4, 0.5);
}

pub fn tin(p: &mut Picture, scene: &Scene) {
    let tone = scene.colour();
    match scene.arrangement {
        Arrangement::Use => {
            tea_tin(p, view(830.0, 700.0, 46.0, 0.42), 7.6, tone, scene.pattern());
            let v = view(480.0, 920.0, 62.0, 0.48);
            super::bowls::rice_bowl(p, v, glaze("sumi"), 2);
            lathe::liquid(p, v, (5.78, 6.5), 5.3, 5.3, Rgb(134, 168, 62));
            froth(p, v, scene.seed());
        }
        Arrangement::Detail => powder(p, scene),
        _ => {
            let h = if scene.size == "40" { 8.6 } else { 6.2 };
            tea_tin(p, view(585.0, 860.0 + (h - 6.2) * 18.0, 84.0, 0.4), h, tone, scene.pattern());
        }
    }
}

/// Fine foam on whisked tea.
fn froth(p: &mut Picture, v: View, seed: u64) {
    let mut random = Random::new(seed);
    let mouth = v.ring(5.6, 6.4);
    let bubbles: Vec<Curve> = (0..260)
        .map(|_| {
            let at = v.at(random.unit().sqrt() * 4.9, 5.3, random.between(0.0, TAU));
            Curve::dot(at)
        })
        .collect();
    p.clipped(&mouth, |p| {
        p.path(
            &crate::geometry::data(&bubbles),
            "stroke=\"#cfe08f\" stroke-opacity=\".6\" stroke-width=\"5\" stroke-linecap=\"round\"",
        )
    });
}

fn powder(p: &mut Picture, scene: &Scene) {
    let v = view(600.0, 800.0, 118.0, 0.46);
    plates::plate(p, v, 6.6, 1.6, PORCELAIN, 4, true);
    let heap = Profile::smooth(&[(4.3, 0.55), (4.0, 0.75), (2.7, 1.9), (1.4, 3.1), (0.5, 3.75), (0.06, 3.85)]);
    let outline = heap.outline(v);
    p.blurred(14.0, |p| p.tint(&outline.moved(pt(26.0, 14.0)), SHADE, 0.36));
    p.fill(&outline, "#86a343");
    p.clipped(&outline, |p| {
        let w = 4.4 * v.scale;
        let bounds = (v.foot.x - w, v.y(4.0), w * 2.0, 6.4 * v.scale);
        texture::specks(p, bounds, 620, scene.seed(), Rgb(66, 92, 24));
        texture::specks(p, bounds, 520, scene.seed() + 1, Rgb(206, 224, 132));
    });
    lathe::shade(p, &heap, v, 0.0, 0.1);
    p.clipped(&outline, |p| {
        let lit = Curve::smooth(
            &[v.at(0.1, 3.8, 0.0), v.at(2.2, 2.3, -1.1), v.at(4.0, 0.7, -1.0), v.at(4.2, 0.6, -0.1)],
            true,
        );
        p.blurred(36.0, |p| p.tint(&lit, Rgb(214, 232, 130), 0.4));
        let slide = Curve::smooth(
            &[v.at(0.3, 3.8, 0.4), v.at(1.6, 2.9, 0.9), v.at(2.6, 1.9, 0.5), v.at(4.2, 0.6, 0.75)],
            false,
        );
        p.blurred(16.0, |p| p.stroke(&slide, SHADE, 60.0, 0.18));
    });
}
