//! Tenugui: folded with a paper band, hung over a rod, and from close by.

use crate::{
    cloth::{Cloth, Drape},
    geometry::{Curve, Pt, pt},
    light,
    palette::{CEDAR, COTTON, INDIGO, PAPER, Rgb, SHADE, WHITE, ground},
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

pub fn draw(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => hanging(p, scene),
        Arrangement::Detail => close(p, scene),
        _ => folded(p, scene),
    }
}

fn cloth(scene: &Scene, w: f64, h: f64, scale: f64) -> Cloth {
    Cloth { pattern: scene.pattern(), colour: scene.colour(), w, h, repeat: repeat(scene), scale }
}

fn repeat(scene: &Scene) -> f64 {
    use crate::patterns::Pattern as P;
    match scene.pattern() {
        P::Mameshibori => 4.4,
        P::Ichimatsu | P::Yagasuri => 4.4,
        P::Asanoha => 5.2,
        P::Shippo | P::Uroko => 4.0,
        _ => 3.4,
    }
}

/// A packet of folded cloth with its edges showing on the right and below.
pub fn packet(p: &mut Picture, cloth: &Cloth, at: Pt, turn: f64) {
    let s = cloth.scale;
    let (w, h) = (cloth.w * s, cloth.h * s);
    let place = move |q: Pt| at + pt(q.x * s - w / 2.0, q.y * s - h / 2.0).turned(turn);
    let sheet = |grow: f64, dx: f64, dy: f64| {
        Curve::round_rect(-w / 2.0, -h / 2.0, w + grow, h + grow * 0.6, 10.0)
            .warped(f64::INFINITY, &|q| at + (q + pt(dx, dy)).turned(turn))
    };
    light::flat_shadow(p, &sheet(10.0, 0.0, 0.0), 19.0);
    for (i, layer) in [(4, 13.0), (3, 10.0), (2, 7.0), (1, 3.5)] {
        let edge = sheet(layer * 0.5, layer * 0.55, layer);
        let tone = if i % 2 == 0 { 0.3 } else { 0.12 };
        p.fill(&edge, &cloth.colour.darker(tone).to_string());
        p.stroke(&edge, SHADE, 1.2, 0.22);
    }
    let top = sheet(0.0, 0.0, 0.0);
    p.clipped(&top, |p| {
        cloth.lay(p, &place);
        let left = place(pt(0.0, cloth.h / 2.0));
        let right = place(pt(cloth.w, cloth.h / 2.0));
        let roll = p.linear(
            (left.x, left.y),
            (right.x, right.y),
            &[
                (0.0, SHADE, 0.3),
                (0.025, WHITE, 0.16),
                (0.09, WHITE, 0.14),
                (0.3, WHITE, 0.02),
                (0.62, SHADE, 0.02),
                (0.93, SHADE, 0.12),
                (0.985, WHITE, 0.1),
                (1.0, SHADE, 0.18),
            ],
        );
        p.fill(&top, &roll);
        let (a, b) = (place(pt(0.0, 0.0)), place(pt(0.0, cloth.h)));
        let length = p.linear(
            (a.x, a.y),
            (b.x, b.y),
            &[
                (0.0, SHADE, 0.16),
                (0.02, WHITE, 0.16),
                (0.12, WHITE, 0.06),
                (0.7, SHADE, 0.03),
                (0.975, SHADE, 0.1),
                (1.0, SHADE, 0.28),
            ],
        );
        p.fill(&top, &length);
    });
}

fn folded(p: &mut Picture, scene: &Scene) {
    let cloth = cloth(scene, 11.0, 21.5, 42.0);
    let (at, turn) = (pt(590.0, 592.0), -0.1);
    packet(p, &cloth, at, turn);
    let half = 11.0 * 21.0 + 1.0;
    let band = Curve::rect(-half, 30.0, half * 2.0, 190.0).warped(f64::INFINITY, &|q| at + q.turned(turn));
    let under = band.moved(pt(2.0, 5.0));
    p.clipped(&cloth_edge(at, turn, half), |p| {
        p.blurred(3.0, |p| p.tint(&under, SHADE, 0.4));
    });
    p.fill(&band, &PAPER.to_string());
    let (l, r) = (at + pt(-half, 120.0).turned(turn), at + pt(half, 120.0).turned(turn));
    let gloss = p.linear(
        (l.x, l.y),
        (r.x, r.y),
        &[
            (0.0, SHADE, 0.3),
            (0.03, SHADE, 0.05),
            (0.2, WHITE, 0.3),
            (0.6, SHADE, 0.03),
            (0.96, SHADE, 0.12),
            (1.0, SHADE, 0.26),
        ],
    );
    p.fill(&band, &gloss);
    p.clipped(&band, |p| {
        texture::fibres(p, (at.x - 260.0, at.y, 520.0, 280.0), 90, scene.seed());
    });
    crest(p, at + pt(0.0, 125.0).turned(turn), 44.0, turn, INDIGO);
}

fn cloth_edge(at: Pt, turn: f64, half: f64) -> Curve {
    Curve::rect(-half, -460.0, half * 2.0, 920.0).warped(f64::INFINITY, &|q| at + q.turned(turn))
}

/// The shop's crest: a noren in a ring.
pub fn crest(p: &mut Picture, at: Pt, r: f64, turn: f64, colour: Rgb) {
    let place = |c: Curve| c.warped(f64::INFINITY, &|q| at + q.turned(turn));
    p.stroke(&place(Curve::circle(pt(0.0, 0.0), r)), colour, r * 0.08, 0.95);
    let (w, h) = (r * 0.5, r * 0.62);
    p.fill(&place(Curve::rect(-r * 0.66, -r * 0.44, r * 1.32, r * 0.09)), &colour.to_string());
    for x in [-w - r * 0.03, r * 0.03] {
        let cloth = Curve::line(&[pt(x, -r * 0.27), pt(x + w, -r * 0.27)]);
        let hem = Curve::smooth(
            &[pt(x + w, -r * 0.27 + h * 1.03), pt(x + w * 0.6, -r * 0.27 + h * 0.97), pt(x, -r * 0.27 + h * 1.03)],
            false,
        );
        p.fill(&place(cloth.then(hem).close()), &colour.to_string());
    }
}

fn hanging(p: &mut Picture, scene: &Scene) {
    let s = 16.6;
    let front = wide(cloth(scene, 33.0, 47.0, s));
    let drape = Drape { seed: scene.seed(), depth: 11.0 };
    let (x0, y0) = (326.0, 225.0);
    let warp = move |q: Pt| {
        let (u, v) = (q.x / 33.0, q.y / 47.0);
        let narrow = (0.5 - u) * 26.0 * v;
        pt(x0 + q.x * s + drape.shift(u, v) + narrow, y0 + q.y * s + drape.lift(u, v))
    };
    let back_drape = Drape { seed: scene.seed() + 5, depth: 9.0 };
    let back = move |q: Pt| {
        let (u, v) = (q.x / 33.0, q.y / 40.0);
        pt(x0 - 9.0 + q.x * s + back_drape.shift(u, v) * 0.6, y0 + 4.0 + q.y * s * 0.985 + back_drape.lift(u, v))
    };
    let behind = Cloth { h: 40.0, ..cloth(scene, 33.0, 40.0, s) };
    let shape = front.outline(&warp);
    p.blurred(26.0, |p| p.tint(&shape.moved(pt(52.0, 46.0)), SHADE, 0.26));
    p.blurred(9.0, |p| p.tint(&shape.moved(pt(17.0, 16.0)), SHADE, 0.22));
    rod(p, pt(170.0, 218.0), pt(1030.0, 218.0), 14.0, scene.seed());
    let hidden = behind.outline(&back);
    p.fill(&hidden, &scene.colour().darker(0.34).to_string());
    front.lay(p, &warp);
    let folds = p.linear((x0 + 8.0, 0.0), (x0 + 33.0 * s - 8.0, 0.0), &drape.stops(0.95));
    p.fill(&shape, &folds);
    let over = p.linear(
        (0.0, y0 - 14.0),
        (0.0, y0 + 60.0),
        &[(0.0, SHADE, 0.1), (0.12, WHITE, 0.34), (0.3, WHITE, 0.1), (0.42, SHADE, 0.2), (1.0, SHADE, 0.0)],
    );
    p.fill(&Curve::rect(x0, y0 - 22.0, 33.0 * s, 22.0), &scene.colour().to_string());
    p.fill(&Curve::rect(x0, y0 - 22.0, 33.0 * s, 82.0), &over);
    let down = p.linear((0.0, y0), (0.0, y0 + 47.0 * s), &[(0.0, WHITE, 0.06), (0.5, SHADE, 0.0), (1.0, SHADE, 0.14)]);
    p.fill(&shape, &down);
    fringe(p, &warp, scene);
}

/// The pattern a little larger, as it is dyed on the whole width.
fn wide(cloth: Cloth) -> Cloth {
    Cloth { repeat: cloth.repeat * 1.9, ..cloth }
}

/// The cut end: short loose threads.
fn fringe(p: &mut Picture, warp: &dyn Fn(Pt) -> Pt, scene: &Scene) {
    let threads: Vec<Curve> = (0..110)
        .map(|i| {
            let x = 33.0 * (f64::from(i) + 0.5) / 110.0;
            let long = 0.35 + 0.2 * (f64::from(i) * 2.4).sin();
            Curve::line(&[warp(pt(x, 46.8)), warp(pt(x + 0.06, 47.0 + long))])
        })
        .collect();
    let look = format!(
        "stroke=\"{}\" stroke-width=\"1.6\" fill=\"none\" stroke-opacity=\".8\"",
        COTTON.mix(scene.colour(), 0.45)
    );
    p.path(&crate::geometry::data(&threads), &look);
}

/// A wooden rod on two pegs.
pub fn rod(p: &mut Picture, from: Pt, to: Pt, r: f64, seed: u64) {
    let bar = Curve::round_rect(from.x, from.y - r, to.x - from.x, r * 2.0, r * 0.6);
    p.blurred(9.0, |p| p.tint(&bar.moved(pt(26.0, 34.0)), SHADE, 0.3));
    for x in [from.x + 46.0, to.x - 46.0] {
        let peg = Curve::round_rect(x - 9.0, from.y - r - 12.0, 18.0, r * 2.0 + 30.0, 7.0);
        p.fill(&peg, &CEDAR.darker(0.45).to_string());
    }
    p.fill(&bar, &CEDAR.lighter(0.18).to_string());
    p.clipped(&bar, |p| {
        texture::grain(p, (from.x, from.y - r, to.x - from.x, r * 2.0), 6, seed, 0.8);
    });
    let round = p.linear(
        (0.0, from.y - r),
        (0.0, from.y + r),
        &[(0.0, SHADE, 0.1), (0.22, WHITE, 0.4), (0.5, WHITE, 0.0), (1.0, SHADE, 0.55)],
    );
    p.fill(&bar, &round);
}

fn close(p: &mut Picture, scene: &Scene) {
    let s = 78.0;
    let base = Cloth { repeat: repeat(scene) * 1.05, ..cloth(scene, 20.0, 20.0, s) };
    let turn = -0.3;
    let place = move |q: Pt| {
        let r = pt((q.x - 10.0) * s, (q.y - 10.0) * s).turned(turn) + pt(600.0, 600.0);
        let wave = ((r.x * 0.8 + r.y) / 260.0).sin();
        r + pt(wave * 9.0, wave * 7.0)
    };
    base.lay(p, &place);
    let whole = Curve::rect(0.0, 0.0, 1200.0, 1200.0);
    texture::weave(p, &whole, 7.0, -17.0, 0.17);
    let folds = p.linear(
        (120.0, 60.0),
        (980.0, 1140.0),
        &[
            (0.0, WHITE, 0.2),
            (0.16, WHITE, 0.02),
            (0.27, SHADE, 0.28),
            (0.33, SHADE, 0.1),
            (0.37, WHITE, 0.26),
            (0.5, WHITE, 0.04),
            (0.66, SHADE, 0.2),
            (0.72, WHITE, 0.14),
            (1.0, SHADE, 0.3),
        ],
    );
    p.fill(&whole, &folds);
    turned_corner(p, scene);
}

/// The lower right corner turned over: the dye has gone right through.
fn turned_corner(p: &mut Picture, scene: &Scene) {
    let ground = ground(&scene.ground);
    let bare = Curve::polygon(&[pt(1200.0, 640.0), pt(1200.0, 1200.0), pt(560.0, 1200.0)]);
    p.fill(&bare, &ground.darker(0.1).to_string());
    let (a, b, tip) = (pt(1206.0, 634.0), pt(554.0, 1206.0), pt(742.0, 742.0));
    let flap = Curve::smooth(&[a, pt(1020.0, 690.0), tip], false)
        .then(Curve::smooth(&[tip, pt(650.0, 960.0), b], false))
        .then(Curve::smooth(&[b, pt(890.0, 925.0), a], false))
        .close();
    p.blurred(26.0, |p| p.tint(&flap.moved(pt(-26.0, 2.0)), SHADE, 0.5));
    p.blurred(8.0, |p| p.tint(&flap.moved(pt(14.0, 20.0)), SHADE, 0.5));
    let reverse = Cloth {
        colour: scene.colour().mix(COTTON, 0.16),
        repeat: repeat(scene) * 1.05,
        ..cloth(scene, 11.0, 11.0, 78.0)
    };
    p.clipped(&flap, |p| {
        reverse.lay(p, &|q: Pt| pt(480.0, 640.0) + pt(q.x * 78.0, q.y * 78.0).turned(0.42) + pt(180.0, -170.0));
        texture::weave(p, &flap, 7.0, 24.0, 0.17);
        let roll = p.linear(
            (742.0, 742.0),
            (910.0, 945.0),
            &[(0.0, WHITE, 0.16), (0.4, WHITE, 0.22), (0.72, SHADE, 0.02), (0.9, SHADE, 0.3), (1.0, SHADE, 0.44)],
        );
        p.fill(&flap, &roll);
    });
    p.stroke(&Curve::smooth(&[tip, pt(650.0, 960.0), b], false), COTTON, 2.0, 0.5);
}
