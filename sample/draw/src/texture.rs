//! Quiet surfaces: weave, washi fibres, wood grain and specks in the glaze.

use std::f64::consts::TAU;

use crate::{
    geometry::{Curve, Seg, pt, rough_data},
    palette::{Rgb, SHADE, WHITE},
    random::Random,
    svg::{Picture, short},
};

/// Plain weave: threads over and under, `pitch` apart.
pub fn weave(picture: &mut Picture, outline: &Curve, pitch: f64, turn: f64, strength: f64) {
    let p = pitch;
    let h = p / 2.0;
    let dark = short(0.5 * strength);
    let light = short(0.5 * strength);
    let inner = format!(
        "<path d=\"M0 0h{h}v{h}h-{h}zM{h} {h}h{h}v{h}h-{h}z\" fill=\"{SHADE}\" fill-opacity=\"{dark}\"/><path d=\"M{h} 0h{h}v{t}h-{h}zM0 {h}h{h}v{t}h-{h}z\" fill=\"{WHITE}\" fill-opacity=\"{light}\"/>",
        h = short(h),
        t = short(h * 0.5),
    );
    let paint = picture.tile(p, p, &format!("rotate({})", short(turn)), &inner);
    picture.fill(outline, &paint);
}

/// Short fibres scattered through paper.
pub fn fibres(picture: &mut Picture, bounds: (f64, f64, f64, f64), count: usize, seed: u64) {
    let (x, y, w, h) = bounds;
    let mut random = Random::new(seed);
    let mut light = Vec::new();
    let mut dark = Vec::new();
    for i in 0..count {
        let at = pt(x + w * random.unit(), y + h * random.unit());
        let angle = random.between(0.0, TAU);
        let reach = random.between(8.0, 26.0) / picture.zoom().max(1.0).powf(0.8);
        let bend = random.between(-0.3, 0.3) * reach;
        let end = at + pt(reach, bend * 0.2).turned(angle);
        let middle = at + pt(reach * 0.5, bend * 1.4).turned(angle);
        if !picture.shows_point(middle) {
            continue;
        }
        let fibre = Curve {
            start: at,
            segs: vec![Seg::Cubic(at.towards(middle, 0.66), end.towards(middle, 0.66), end)],
            closed: false,
        };
        if i % 2 == 0 { &mut light } else { &mut dark }.push(fibre);
    }
    let look = |c: Rgb, o: &str| format!("fill=\"none\" stroke=\"{c}\" stroke-opacity=\"{o}\" stroke-width=\"1.1\"");
    picture.path(&rough_data(&light, 2.0), &look(WHITE, ".5"));
    picture.path(&rough_data(&dark, 2.0), &look(Rgb(140, 112, 76), ".2"));
}

/// Long grain of wood along x, within bounds; clip it to the wood yourself.
pub fn grain(picture: &mut Picture, bounds: (f64, f64, f64, f64), lines: usize, seed: u64, strength: f64) {
    let (x, y, w, h) = bounds;
    let mut random = Random::new(seed);
    let mut fine = Vec::new();
    let mut strong = Vec::new();
    let mut at = y;
    for i in 0..lines {
        at += h / lines as f64 * random.between(0.4, 1.6);
        let drift = random.between(-6.0, 6.0);
        let points: Vec<_> = (0..5)
            .map(|k| {
                let t = f64::from(k) / 4.0;
                pt(x + w * t, at + drift * t + random.between(-1.0, 1.0) * h / lines as f64 * 0.25)
            })
            .collect();
        let line = Curve::smooth(&points, false);
        if !picture.shows(&line) {
            continue;
        }
        if i % 3 == 0 { &mut strong } else { &mut fine }.push(line);
    }
    let colour = Rgb(92, 56, 26);
    let look = |width: f64, o: f64| {
        format!("fill=\"none\" stroke=\"{colour}\" stroke-opacity=\"{}\" stroke-width=\"{width}\"", short(o))
    };
    picture.path(&rough_data(&fine, 10.0), &look(1.2, 0.2 * strength));
    picture.path(&rough_data(&strong, 10.0), &look(2.4, 0.24 * strength));
}

/// Iron specks under a glaze.
pub fn specks(picture: &mut Picture, bounds: (f64, f64, f64, f64), count: usize, seed: u64, colour: Rgb) {
    let (x, y, w, h) = bounds;
    let mut random = Random::new(seed);
    let mut sizes = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..count {
        let kind = (random.unit() * 2.4) as usize;
        let at = pt(x + w * random.unit(), y + h * random.unit());
        if picture.shows_point(at) {
            sizes[kind].push(Curve::dot(at));
        }
    }
    for (dots, width) in sizes.iter().zip([1.5, 2.3, 3.6]) {
        let look = format!("stroke=\"{colour}\" stroke-opacity=\".42\" stroke-width=\"{width}\"");
        picture.path(&rough_data(dots, 10.0), &look);
    }
}
