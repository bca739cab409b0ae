//! Light from the upper left: grounds, shadows and the shading of round and folded things.

use crate::{
    geometry::{Curve, Pt, data, pt},
    palette::{Rgb, SHADE, UMBRA, WHITE},
    svg::{Picture, Stop},
};

/// A warm sheet of paper under soft light, seen from above or rolling up behind.
pub fn ground(picture: &mut Picture, colour: Rgb) {
    let (w, h) = (picture.width, picture.height);
    let sheet = Curve::rect(0.0, 0.0, w, h);
    let paint = picture.radial(
        (w * 0.34, h * 0.26),
        w * 1.05,
        h * 1.05,
        &[(0.0, colour.lighter(0.42), 1.0), (0.5, colour.lighter(0.08), 1.0), (1.0, colour.darker(0.13), 1.0)],
    );
    picture.fill(&sheet, &paint);
}

/// A wall above and a table below, meeting in a soft edge at height `y`.
pub fn wall_and_table(picture: &mut Picture, wall: Rgb, table: Rgb, y: f64) {
    ground(picture, wall);
    let (w, h) = (picture.width, picture.height);
    let paint = picture.linear(
        (0.0, y),
        (w * 0.2, h),
        &[(0.0, table.darker(0.12), 1.0), (0.12, table.lighter(0.08), 1.0), (1.0, table.darker(0.06), 1.0)],
    );
    picture.fill(&Curve::rect(0.0, y, w, h - y), &paint);
    let edge = picture.linear((0.0, y - 60.0), (0.0, y), &[(0.0, SHADE, 0.0), (1.0, SHADE, 0.1)]);
    picture.fill(&Curve::rect(0.0, y - 60.0, w, 60.0), &edge);
    let glow = picture.radial((w * 0.25, y + 40.0), w * 0.8, h * 0.5, &[(0.0, WHITE, 0.22), (1.0, WHITE, 0.0)]);
    picture.fill(&Curve::rect(0.0, y, w, h - y), &glow);
}

/// The shadow a flat thing throws on what it lies on: a soft one and a tight one.
pub fn flat_shadow(picture: &mut Picture, outline: &Curve, height: f64) {
    let cast = outline.moved(pt(height * 1.1, height * 1.3));
    picture.blurred(height * 0.9 + 3.0, |p| p.tint(&cast, UMBRA, 0.24));
    let contact = outline.moved(pt(height * 0.25, height * 0.3));
    picture.blurred(2.5, |p| p.tint(&contact, UMBRA, 0.3));
}

/// The shadow of a standing thing with a round foot: contact below, cast to the right.
pub fn standing_shadow(picture: &mut Picture, foot: Pt, foot_r: f64, top_r: f64, h: f64, k: f64) {
    let away = pt(h * 0.46 + top_r * 0.06, top_r * k * 0.05);
    let soft = (h * 0.05).clamp(8.0, 20.0);
    for (reach, strength) in [(1.0, 0.13), (0.6, 0.13), (0.28, 0.13)] {
        let trail: Vec<Curve> = (0..5)
            .map(|i| {
                let t = reach * f64::from(i) / 4.0;
                let r = foot_r + (top_r - foot_r) * t;
                Curve::oval(foot + away * t, r, r * k)
            })
            .collect();
        let paint = format!("fill=\"{UMBRA}\" fill-opacity=\"{strength}\"");
        picture.blurred(soft, |p| p.path(&data(&trail), &paint));
    }
    let (rx, ry) = (foot_r * 1.16, foot_r * k * 1.2 + 5.0);
    let contact = picture.radial(
        (foot.x + 4.0, foot.y + 3.0),
        rx,
        ry,
        &[(0.0, UMBRA, 0.6), (0.76, UMBRA, 0.5), (0.88, UMBRA, 0.2), (1.0, UMBRA, 0.0)],
    );
    picture.fill(&Curve::oval(foot + pt(4.0, 3.0), rx, ry), &contact);
}

/// Light over a round body from its left edge to its right.
pub fn round_stops(gloss: f64) -> Vec<Stop> {
    vec![
        (0.0, SHADE, 0.34),
        (0.07, SHADE, 0.16),
        (0.2, WHITE, 0.1 + 0.1 * gloss),
        (0.33, WHITE, 0.2 + 0.12 * gloss),
        (0.5, WHITE, 0.03),
        (0.66, SHADE, 0.14),
        (0.86, SHADE, 0.38),
        (0.95, SHADE, 0.4),
        (1.0, SHADE, 0.24),
    ]
}

pub fn shade_round(picture: &mut Picture, outline: &Curve, left: f64, right: f64, gloss: f64) {
    let paint = picture.linear((left, 0.0), (right, 0.0), &round_stops(gloss));
    picture.fill(outline, &paint);
}

/// Shading from top to bottom: light above, weight below.
pub fn shade_down(picture: &mut Picture, outline: &Curve, top: f64, bottom: f64, depth: f64) {
    let paint = picture.linear(
        (0.0, top),
        (0.0, bottom),
        &[(0.0, WHITE, 0.12), (0.35, WHITE, 0.0), (0.6, SHADE, depth * 0.3), (1.0, SHADE, depth)],
    );
    picture.fill(outline, &paint);
}

/// Slanting light over a flat face.
pub fn shade_across(picture: &mut Picture, outline: &Curve, from: Pt, to: Pt, depth: f64) {
    let paint = picture.linear(
        (from.x, from.y),
        (to.x, to.y),
        &[(0.0, WHITE, depth * 0.9), (0.45, WHITE, 0.0), (1.0, SHADE, depth)],
    );
    picture.fill(outline, &paint);
}

/// A thread of smoke or steam that widens and fades as it rises.
pub fn smoke(picture: &mut Picture, from: Pt, height: f64, sway: f64, strength: f64) {
    for (i, (phase, wide)) in [(0.0, 1.0), (0.7, 0.7)].into_iter().enumerate() {
        let mut left = Vec::new();
        let mut right = Vec::new();
        for step in 0..=10 {
            let t = f64::from(step) / 10.0;
            let x = from.x + (t * 6.0 + phase).sin() * sway * t.powf(0.8) - phase.sin() * sway * 0.3 * t;
            let half = (1.6 + 15.0 * t * t) * wide;
            let y = from.y - height * t;
            left.push(pt(x - half, y));
            right.push(pt(x + half, y));
        }
        right.reverse();
        let ribbon = Curve::smooth(&left, false).then(Curve::smooth(&right, false)).close();
        let paint = picture.linear(
            (0.0, from.y),
            (0.0, from.y - height),
            &[(0.0, WHITE, 0.75 * strength), (0.35, WHITE, 0.5 * strength), (1.0, WHITE, 0.0)],
        );
        picture.blurred(if i == 0 { 3.0 } else { 7.0 }, |p| p.fill(&ribbon, &paint));
    }
}
