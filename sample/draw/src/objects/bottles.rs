//! Glass: essential oil, soy sauce and vinegar, the miso jar.

use super::{close_up, plates};
use crate::{
    geometry::{Curve, Pt, pt},
    lathe::{self, Band, Profile, View, view},
    light,
    palette::{COTTON, PAPER, PORCELAIN, Rgb, SEAL, SHADE, WHITE, dye, glaze, reserve},
    patterns::Pattern,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

/// Glass with something in it: dark edges, a bright window, light caught low on the right.
fn glass(p: &mut Picture, profile: &Profile, v: View, content: Rgb, deep: f64) {
    let outline = profile.outline(v);
    let wide = profile.widest() * v.scale;
    p.fill(&outline, &content.to_string());
    let (l, r) = (v.foot.x - wide, v.foot.x + wide);
    let body = p.linear(
        (l, 0.0),
        (r, 0.0),
        &[
            (0.0, SHADE, 0.7 * deep),
            (0.1, SHADE, 0.3 * deep),
            (0.3, content.lighter(0.4), 0.45),
            (0.6, SHADE, 0.2 * deep),
            (0.84, content.lighter(0.35), 0.34),
            (1.0, SHADE, 0.75 * deep),
        ],
    );
    p.fill(&outline, &body);
    let low = v.at(0.3 * profile.widest(), 0.8, 0.6);
    let caught = p.radial(
        (low.x, low.y - wide * 0.1),
        wide * 0.75,
        wide * 0.7,
        &[(0.0, content.lighter(0.55), 0.6), (1.0, content, 0.0)],
    );
    p.fill(&outline, &caught);
}

fn shine(p: &mut Picture, profile: &Profile, v: View, from: f64, to: f64) {
    lathe::gleam(p, profile, v, from, to, 0.95);
    let sheet = profile.sheet(v);
    let w = profile.widest();
    let edge: Vec<Pt> = (0..=8).map(|i| sheet(pt(w * 1.25, from + (to - from) * f64::from(i) / 8.0))).collect();
    p.blurred(2.5, |p| p.stroke(&Curve::smooth(&edge, false), WHITE, v.scale * 0.09 + 1.0, 0.5));
}

fn cap(p: &mut Picture, v: View, r: f64, z: f64, h: f64, colour: Rgb) {
    let lid = Profile::straight(&[(r, z), (r, z + h * 0.5), (r, z + h)]);
    p.fill(&lid.outline(v), &colour.to_string());
    lathe::shade(p, &lid, v, 0.3, 0.2);
    p.fill(&v.ring(r, z + h), &colour.lighter(0.16).to_string());
    p.stroke(&v.ring(r * 0.96, z + h), WHITE, 1.6, 0.34);
}

fn label(p: &mut Picture, profile: &Profile, v: View, from: f64, to: f64) {
    lathe::strip(p, profile, v, from, to, &PAPER.to_string());
    let shadow = profile.widest() * v.scale;
    let paint = p.linear((v.foot.x - shadow, 0.0), (v.foot.x + shadow, 0.0), &light::round_stops(0.0));
    lathe::strip(p, profile, v, from, to, &paint);
}

fn small_bottle(p: &mut Picture, v: View, tone: Rgb) {
    let profile =
        Profile::smooth(&[(1.25, 0.0), (1.38, 0.15), (1.4, 1.0), (1.4, 4.2), (1.2, 4.9), (0.72, 5.3), (0.7, 5.8)]);
    light::standing_shadow(p, v.foot, 1.35 * v.scale, 1.3 * v.scale, 6.5 * v.scale, v.k);
    glass(p, &profile, v, Rgb(122, 66, 22), 0.8);
    label(p, &profile, v, 2.3, 5.2);
    lathe::strip(p, &profile, v, 4.62, 4.86, &tone.to_string());
    super::tenugui::crest(p, v.at(1.4, 2.85, 0.0), v.scale * 0.48, 0.0, tone);
    shine(p, &profile, v, 1.4, 6.4);
    cap(p, v, 0.86, 5.55, 1.75, Rgb(48, 44, 42));
}

pub fn oil(p: &mut Picture, scene: &Scene) {
    let tone = scene.colour();
    match scene.arrangement {
        Arrangement::Use => {
            let dish = view(470.0, 860.0, 66.0, 0.44);
            super::bowls::rice_bowl(p, View { scale: 62.0, ..dish }, glaze("shiro"), 3);
            lathe::liquid(p, View { scale: 62.0, ..dish }, (5.78, 6.5), 5.2, 5.2, Rgb(206, 214, 208));
            small_bottle(p, view(945.0, 1000.0, 66.0, 0.36), tone);
            super::table::steam(p, pt(470.0, 470.0), 260.0);
        }
        Arrangement::Detail => {
            close_up(p, 590.0, 400.0, 2.3, |p| small_bottle(p, view(590.0, 1010.0, 112.0, 0.3), tone))
        }
        _ => {
            let scale = if scene.size == "10" { 122.0 } else { 100.0 };
            small_bottle(p, view(575.0, 990.0, scale, 0.3), tone);
        }
    }
}

/// A tall bottle with a patterned label and a paper seal over its cap.
fn tall_bottle(p: &mut Picture, v: View, content: Rgb, tone: Rgb, pattern: Pattern, h: f64) {
    let profile = Profile::smooth(&[
        (2.9, 0.0),
        (3.15, 0.25),
        (3.2, 1.5),
        (3.2, h * 0.55),
        (2.9, h * 0.66),
        (1.55, h * 0.78),
        (1.3, h * 0.85),
        (1.3, h),
    ]);
    light::standing_shadow(p, v.foot, 3.1 * v.scale, 2.0 * v.scale, h * 0.9 * v.scale, v.k);
    glass(p, &profile, v, content, if content.luma() > 0.4 { 0.55 } else { 0.9 });
    let wall = h * 1.1;
    let (from, to) = (wall - h * 0.58, wall - h * 0.14);
    label(p, &profile, v, from, to);
    let sort = Band { pattern, colour: tone, repeat: 1.9, from, to: from + (to - from) * 0.34 };
    lathe::band(p, &profile, v, &sort);
    lathe::strip(p, &profile, v, to - 0.34, to - 0.12, &tone.to_string());
    let middle = v.at(3.2, h * 0.24, 0.0);
    super::tenugui::crest(p, middle, v.scale * 0.95, 0.0, Rgb(58, 54, 50));
    shine(p, &profile, v, h * 0.16, wall * 0.9);
    cap(p, v, 1.45, h - 1.0, 1.9, dye("sumi"));
    let tag = Curve::polygon(&[
        v.at(1.5, h + 0.9, -0.5),
        v.at(1.5, h + 0.9, 0.5),
        v.at(1.5, h - 2.6, 0.42),
        v.at(1.5, h - 2.6, -0.42),
    ]);
    p.fill(&tag, &PAPER.to_string());
    light::shade_across(p, &tag, v.at(1.5, h, -0.6), v.at(1.5, h - 2.0, 0.8), 0.26);
    p.fill(&Curve::circle(v.at(1.5, h - 1.5, 0.0), v.scale * 0.3), &SEAL.to_string());
}

pub fn bottle(p: &mut Picture, scene: &Scene) {
    let (content, tone) = match scene.colour_name() {
        "sumi" => (Rgb(58, 28, 16), dye("sumi")),
        "kuri" => (Rgb(146, 74, 28), dye("kuri")),
        _ => (Rgb(226, 196, 122), dye("yama").darker(0.1)),
    };
    match scene.arrangement {
        Arrangement::Use => {
            tall_bottle(p, view(730.0, 960.0, 40.0, 0.32), content, tone, scene.pattern(), 19.0);
            let v = view(410.0, 985.0, 46.0, 0.46);
            plates::plate(p, v, 4.6, 1.6, PORCELAIN, 2, true);
            lathe::liquid(p, v, (4.4, 1.6), 3.5, 0.75, content);
        }
        Arrangement::Detail => close_up(p, 590.0, 330.0, 2.4, |p| {
            tall_bottle(p, view(590.0, 1050.0, 46.0, 0.28), content, tone, scene.pattern(), 18.5)
        }),
        _ => {
            let (scale, h) = match scene.size.as_str() {
                "200" => (42.0, 13.5),
                "300" => (43.0, 15.6),
                _ => (43.0, 19.0),
            };
            tall_bottle(p, view(580.0, 1030.0 - (19.0 - h) * 13.0, scale, 0.28), content, tone, scene.pattern(), h);
        }
    }
}

fn miso_jar(p: &mut Picture, v: View, scene: &Scene) {
    let spiced = scene.note == "ika";
    let miso = if spiced { Rgb(196, 128, 62) } else { Rgb(222, 176, 92) };
    let tone = scene.colour();
    let profile = Profile::smooth(&[(3.4, 0.0), (3.8, 0.3), (3.9, 1.4), (3.9, 4.6), (3.5, 5.5), (3.0, 5.9)]);
    light::standing_shadow(p, v.foot, 3.7 * v.scale, 3.4 * v.scale, 6.6 * v.scale, v.k);
    glass(p, &profile, v, miso, 0.5);
    p.clipped(&profile.outline(v), |p| {
        let w = 3.9 * v.scale;
        let bounds = (v.foot.x - w, v.y(5.6), w * 2.0, 6.4 * v.scale);
        texture::specks(p, bounds, 150, 4, dye("yama").darker(0.2));
        if spiced {
            texture::specks(p, bounds, 130, 9, SEAL);
        }
    });
    label(p, &profile, v, 2.3, 5.6);
    lathe::strip(p, &profile, v, 5.1, 5.34, &tone.to_string());
    super::tenugui::crest(p, v.at(3.9, 2.95, 0.0), v.scale * 0.82, 0.0, tone.darker(0.1));
    shine(p, &profile, v, 1.2, 6.2);
    cloth_cap(p, v, tone, scene.pattern());
}

/// A square of cloth tied over the lid.
fn cloth_cap(p: &mut Picture, v: View, tone: Rgb, pattern: Pattern) {
    let profile =
        Profile::smooth(&[(4.3, 4.75), (3.5, 5.35), (3.1, 5.75), (3.35, 6.2), (3.35, 6.9), (3.0, 7.25), (1.6, 7.45)]);
    let hem: Vec<Pt> = (-14..=14)
        .map(|i| {
            let a = f64::from(i) * 0.112;
            let flare = 4.2 + 0.26 * (f64::from(i) * 1.35).sin();
            v.at(flare, 4.7 + 0.34 * (f64::from(i) * 1.35 + 0.8).cos(), a)
        })
        .collect();
    let mut skirt = Curve::smooth(&hem, false);
    let waist: Vec<Pt> = (-14..=14).rev().map(|i| v.at(3.12, 5.75, f64::from(i) * 0.112)).collect();
    skirt = skirt.then(Curve::smooth(&waist, false)).close();
    p.blurred(7.0, |p| p.tint(&skirt.moved(pt(5.0, 15.0)), SHADE, 0.5));
    let crown = Profile(profile.0.iter().copied().filter(|q| q.1 >= 5.7).collect());
    for (shape, band) in [(skirt.clone(), false), (crown.outline(v), true)] {
        p.fill(&shape, &tone.to_string());
        p.clipped(&shape, |p| {
            let c = pt(v.foot.x, v.y(if band { 7.3 } else { 5.2 }));
            pattern.draw(p, crate::patterns::area(-5.0, -3.0, 5.0, 3.0), 1.7 * v.scale, reserve(tone), &|q: Pt| {
                c + pt(q.x * 1.7 * v.scale, q.y * 1.7 * v.scale * if band { 0.55 } else { 0.9 })
            });
        });
        let w = 4.3 * v.scale;
        let round = p.linear((v.foot.x - w, 0.0), (v.foot.x + w, 0.0), &light::round_stops(0.1));
        p.fill(&shape, &round);
    }
    for i in -6..=6 {
        let a = f64::from(i) * 0.24;
        let fold = Curve::line(&[v.at(3.1, 5.8, a), v.at(4.1, 4.8, a * 1.06)]);
        p.blurred(3.0, |p| p.stroke(&fold, SHADE, v.scale * 0.2, 0.34));
    }
    let top = v.ring(2.9, 7.25);
    let sheen = p.radial(
        (v.foot.x - v.scale, v.y(7.3) - v.scale * 0.4),
        3.4 * v.scale,
        1.7 * v.scale,
        &[(0.0, WHITE, 0.34), (1.0, WHITE, 0.0)],
    );
    p.fill(&top, &sheen);
    let string = Curve::smooth(&(-12..=12).map(|i| v.at(3.16, 5.72, f64::from(i) * 0.13)).collect::<Vec<_>>(), false);
    for dy in [0.0, 9.0] {
        p.stroke(&string.moved(pt(0.0, dy + 3.0)), SHADE, 6.0, 0.4);
        p.stroke(&string.moved(pt(0.0, dy)), COTTON.darker(0.12), 6.0, 1.0);
    }
    let knot = v.at(3.2, 5.6, 0.18);
    for (dx, dy) in [(-46.0, 78.0), (40.0, 92.0)] {
        let end = Curve::smooth(&[knot, knot + pt(dx * 0.7, dy * 0.35), knot + pt(dx, dy)], false);
        p.stroke(&end.moved(pt(3.0, 5.0)), SHADE, 6.0, 0.35);
        p.stroke(&end, COTTON.darker(0.1), 6.0, 1.0);
    }
    for dx in [-1.0, 1.0] {
        let bow = Curve::smooth(&[knot, knot + pt(dx * 58.0, -34.0), knot + pt(dx * 76.0, 8.0), knot], false);
        p.stroke(&bow.moved(pt(3.0, 5.0)), SHADE, 6.0, 0.35);
        p.stroke(&bow, COTTON.darker(0.1), 6.0, 1.0);
    }
    p.fill(&Curve::circle(knot, 9.0), &COTTON.darker(0.16).to_string());
}

pub fn jar(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => {
            miso_jar(p, view(800.0, 770.0, 44.0, 0.4), scene);
            let v = view(470.0, 960.0, 50.0, 0.5);
            plates::plate(p, v, 7.0, 1.6, glaze("seiji"), 2, true);
            simmered(p, v.raised(0.5));
        }
        Arrangement::Detail => close_up(p, 600.0, 490.0, 2.3, |p| miso_jar(p, view(590.0, 910.0, 78.0, 0.38), scene)),
        _ => miso_jar(p, view(585.0, 900.0, 78.0, 0.38), scene),
    }
}

fn simmered(p: &mut Picture, v: View) {
    let slice = Profile::smooth(&[(3.1, 0.0), (3.4, 0.3), (3.4, 2.2), (3.2, 2.5)]);
    light::standing_shadow(p, v.foot, 3.2 * v.scale, 3.2 * v.scale, 2.4 * v.scale, v.k);
    p.fill(&slice.outline(v), "#e9e2c6");
    lathe::shade(p, &slice, v, 0.3, 0.3);
    p.fill(&v.ring(3.2, 2.5), "#f3efdd");
    let c = v.at(0.0, 2.7, 0.0);
    let s = v.scale;
    let miso = Curve::smooth(
        &[
            c + pt(-1.9 * s, 0.1 * s),
            c + pt(-1.1 * s, -0.7 * s),
            c + pt(0.3 * s, -0.85 * s),
            c + pt(1.7 * s, -0.4 * s),
            c + pt(2.0 * s, 0.4 * s),
            c + pt(0.9 * s, 0.9 * s),
            c + pt(0.5 * s, 1.7 * s),
            c + pt(0.1 * s, 0.95 * s),
            c + pt(-1.2 * s, 0.8 * s),
        ],
        true,
    );
    p.blurred(4.0, |p| p.tint(&miso.moved(pt(4.0, 7.0)), SHADE, 0.4));
    p.fill(&miso, "#d29a3e");
    let gloss = p.radial(
        (c.x - 0.6 * s, c.y - 0.5 * s),
        2.4 * s,
        1.5 * s,
        &[(0.0, WHITE, 0.6), (0.3, WHITE, 0.15), (1.0, SHADE, 0.25)],
    );
    p.fill(&miso, &gloss);
    for i in 0..7 {
        let a = f64::from(i) * 0.9;
        let peel = Curve::smooth(
            &[
                c + pt(0.5 * s * a.cos(), -0.2 * s + 0.3 * s * a.sin()),
                c + pt(0.9 * s * a.cos(), -0.3 * s + 0.4 * s * a.sin()),
                c + pt(1.1 * s * a.cos(), -0.1 * s + 0.5 * s * a.sin()),
            ],
            false,
        );
        p.stroke(&peel, Rgb(240, 198, 60), 6.0, 1.0);
    }
}
