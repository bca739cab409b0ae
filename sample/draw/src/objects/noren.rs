//! Noren: on a bamboo rod against a wall, in a doorway, and the sewn top.

use crate::{
    cloth::{Cloth, Drape},
    geometry::{Curve, Pt, pt},
    palette::{BAMBOO, CEDAR, COTTON, Rgb, SHADE, WHITE},
    patterns::Pattern,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

pub fn draw(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => doorway(p, scene),
        Arrangement::Detail => top(p, scene),
        _ => wall(p, scene),
    }
}

/// Everything about one hung noren: where, how wide and long, in how many panels.
pub struct Hung {
    pub at: Pt,
    pub scale: f64,
    pub wide: f64,
    pub drop: f64,
    pub panels: usize,
    pub pattern: Pattern,
    pub colour: Rgb,
    pub repeat: f64,
    pub seed: u64,
    pub sway: f64,
}

fn repeat(pattern: Pattern) -> f64 {
    match pattern {
        Pattern::Asanoha => 26.0,
        Pattern::Ichimatsu => 18.0,
        Pattern::Shima => 14.0,
        Pattern::Tatewaku => 21.0,
        Pattern::Kikko => 24.5,
        Pattern::Seigaiha => 24.0,
        _ => 14.0,
    }
}

fn hung(scene: &Scene, at: Pt, scale: f64, sway: f64) -> Hung {
    let drop = scene.size.parse().unwrap_or(150.0);
    Hung {
        at,
        scale,
        wide: if drop < 60.0 { 90.0 } else { 85.0 },
        drop,
        panels: if drop < 60.0 { 3 } else { 2 },
        pattern: scene.pattern(),
        colour: scene.colour(),
        repeat: repeat(scene.pattern()) * if drop < 60.0 { 0.6 } else { 1.0 },
        seed: scene.seed(),
        sway,
    }
}

impl Hung {
    /// The panels, each with its warp: cloth centimetres to the picture.
    fn panels(&self) -> Vec<(f64, impl Fn(Pt) -> Pt + use<>)> {
        let w = self.wide / self.panels as f64;
        (0..self.panels)
            .map(|i| {
                let drape = self.drape(i);
                let (s, drop, sway) = (self.scale, self.drop, self.sway);
                let left = self.at + pt(w * s * i as f64, 0.0);
                let count = self.panels as f64 - 1.0;
                let lean = sway * (0.6 + 0.4 * (i as f64 * 2.1).sin());
                let spread = (i as f64 / count - 0.5) * 0.0;
                let warp = move |q: Pt| {
                    let (u, v) = (q.x / w, q.y / drop);
                    let narrow = (0.5 - u) * w * s * 0.05 * v;
                    left + pt(
                        q.x * s + drape.shift(u, v) + narrow + (lean + spread) * v * v,
                        q.y * s + drape.lift(u, v) - lean.abs() * 0.15 * v * v * u,
                    )
                };
                (w, warp)
            })
            .collect()
    }

    fn drape(&self, panel: usize) -> Drape {
        Drape { seed: self.seed + 31 * panel as u64, depth: (self.scale * 1.7).min(13.0) }
    }

    fn cloth(&self, w: f64) -> Cloth {
        Cloth { pattern: self.pattern, colour: self.colour, w, h: self.drop, repeat: self.repeat, scale: self.scale }
    }

    pub fn shadow(&self, p: &mut Picture, by: Pt, soft: f64, strength: f64) {
        for (w, warp) in self.panels() {
            let shape = self.cloth(w).outline(&warp);
            p.blurred(soft, |p| p.tint(&shape.moved(by), SHADE, strength));
        }
    }

    /// The cloth itself; `glow` is warm light coming through from behind.
    pub fn draw(&self, p: &mut Picture, glow: f64) {
        for (i, (w, warp)) in self.panels().into_iter().enumerate() {
            let offset = w * i as f64;
            let cloth = self.cloth(w);
            let shape = cloth.outline(&warp);
            let run_on = Cloth { w: self.wide, ..self.cloth(w) };
            p.clipped(&shape, |p| {
                run_on.lay(p, &|q: Pt| warp(q - pt(offset, 0.0)));
            });
            let (a, b) = (warp(pt(0.0, self.drop * 0.7)), warp(pt(w, self.drop * 0.7)));
            let folds = p.linear((a.x, 0.0), (b.x, 0.0), &self.drape(i).stops(0.8));
            p.fill(&shape, &folds);
            let h = self.drop * self.scale;
            let down = p.linear(
                (0.0, self.at.y),
                (0.0, self.at.y + h),
                &[(0.0, SHADE, 0.24), (0.035, SHADE, 0.0), (0.3, WHITE, 0.05), (1.0, SHADE, 0.15)],
            );
            p.fill(&shape, &down);
            if glow > 0.0 {
                let warm = p.radial(
                    (self.at.x + self.wide * self.scale * 0.5, self.at.y + h * 0.9),
                    self.wide * self.scale * 0.7,
                    h * 0.8,
                    &[(0.0, Rgb(255, 196, 110), glow), (1.0, Rgb(255, 170, 80), 0.0)],
                );
                p.fill(&shape, &warm);
            }
            let hem: Vec<Pt> = (0..=12).map(|k| warp(pt(w * f64::from(k) / 12.0, self.drop - 1.6))).collect();
            let hem = Curve::smooth(&hem, false);
            p.stroke(&hem, SHADE, 1.8, 0.25);
            for x in [0.7, w - 0.7] {
                let edge: Vec<Pt> = (0..=10).map(|k| warp(pt(x, self.drop * f64::from(k) / 10.0))).collect();
                p.stroke(&Curve::smooth(&edge, false), SHADE, 1.4, 0.2);
            }
            if i > 0 {
                let slit: Vec<Pt> = (2..=10).map(|k| warp(pt(0.0, self.drop * f64::from(k) / 10.0))).collect();
                p.stroke(&Curve::smooth(&slit, false), SHADE, 3.0, 0.4);
            }
        }
        self.joined_top(p);
    }

    /// Above the slit the panels are one; the rod's sleeve is sewn there.
    fn joined_top(&self, p: &mut Picture) {
        let s = self.scale;
        let seam = self.at.y + 5.0 * s;
        let line = Curve::line(&[pt(self.at.x, seam), pt(self.at.x + self.wide * s, seam)]);
        p.stroke(&line, SHADE, 1.8, 0.3);
        p.stroke(&line.moved(pt(0.0, 1.8)), WHITE, 1.0, 0.25);
        let swell = Curve::rect(self.at.x, self.at.y, self.wide * s, 5.0 * s);
        let round = p.linear(
            (0.0, self.at.y),
            (0.0, seam),
            &[(0.0, SHADE, 0.05), (0.3, WHITE, 0.22), (0.6, WHITE, 0.0), (1.0, SHADE, 0.26)],
        );
        p.fill(&swell, &round);
    }
}

/// A bamboo pole with its nodes.
pub fn bamboo(p: &mut Picture, x0: f64, x1: f64, y: f64, r: f64) {
    let pole = Curve::round_rect(x0, y - r, x1 - x0, r * 2.0, r * 0.35);
    p.fill(&pole, &BAMBOO.to_string());
    let round = p.linear(
        (0.0, y - r),
        (0.0, y + r),
        &[(0.0, SHADE, 0.16), (0.25, WHITE, 0.5), (0.5, WHITE, 0.0), (1.0, SHADE, 0.5)],
    );
    p.fill(&pole, &round);
    let mut x = x0 + 52.0;
    while x < x1 {
        let node = Curve::round_rect(x, y - r - 1.5, 7.0, r * 2.0 + 3.0, 3.0);
        p.fill(&node, &BAMBOO.lighter(0.15).to_string());
        p.fill(&node, &round);
        p.stroke(&Curve::line(&[pt(x + 8.0, y - r), pt(x + 8.0, y + r)]), SHADE, 1.6, 0.4);
        x += 236.0;
    }
    let cut = Curve::oval(pt(x1 - 2.0, y), r * 0.3, r * 0.9);
    p.fill(&cut, &BAMBOO.lighter(0.4).to_string());
    p.tint(&Curve::oval(pt(x1 - 2.0, y), r * 0.15, r * 0.5), SHADE, 0.6);
}

fn wall(p: &mut Picture, scene: &Scene) {
    let drop: f64 = scene.size.parse().unwrap_or(150.0);
    let s = if drop > 120.0 { 5.9 } else { 7.4 };
    let wide = if drop < 60.0 { 90.0 } else { 85.0 };
    let y = match drop as u32 {
        0..60 => 420.0,
        60..120 => 250.0,
        _ => 150.0,
    };
    let noren = hung(scene, pt(600.0 - wide * s / 2.0, y), s, 5.0);
    noren.shadow(p, pt(40.0, 38.0), 22.0, 0.24);
    noren.shadow(p, pt(13.0, 13.0), 8.0, 0.22);
    let reach = wide * s / 2.0 + 74.0;
    let pole = Curve::rect(600.0 - reach, y + 8.0, reach * 2.0, 2.2 * s);
    p.blurred(8.0, |p| p.tint(&pole.moved(pt(24.0, 34.0)), SHADE, 0.26));
    bamboo(p, 600.0 - reach, 600.0 + reach, y + 2.4 * s, 1.45 * s);
    for x in [600.0 - reach + 22.0, 600.0 + reach - 22.0] {
        let nail = Curve::round_rect(x - 5.0, y - 14.0, 10.0, 22.0 + 3.6 * s, 5.0);
        p.fill(&nail, "#3a3530");
        p.tint(&Curve::rect(x - 3.0, y - 12.0, 2.5, 20.0), WHITE, 0.3);
    }
    noren.draw(p, 0.0);
}

fn timber(p: &mut Picture, x: f64, y: f64, w: f64, h: f64, seed: u64) {
    let beam = Curve::rect(x, y, w, h);
    p.fill(&beam, &CEDAR.darker(0.18).to_string());
    p.clipped(&beam, |p| {
        if w > h {
            texture::grain(p, (x, y, w, h), 12, seed, 1.0);
        } else {
            p.group(&format!("transform=\"rotate(90 {x:.0} {y:.0}) translate(0 {:.0})\"", -w), |p| {
                texture::grain(p, (x, y, h, w), 12, seed, 1.0)
            });
        }
    });
    let turn = if w > h { ((0.0, y), (0.0, y + h)) } else { ((x, 0.0), (x + w, 0.0)) };
    let face =
        p.linear(turn.0, turn.1, &[(0.0, WHITE, 0.22), (0.1, WHITE, 0.05), (0.8, SHADE, 0.08), (1.0, SHADE, 0.5)]);
    p.fill(&beam, &face);
}

fn doorway(p: &mut Picture, scene: &Scene) {
    let short = scene.size == "45";
    let inside = Curve::rect(210.0, 130.0, 780.0, 1070.0);
    p.fill(&inside, "#7a5a3c");
    let glow = p.radial(
        (640.0, 700.0),
        620.0,
        700.0,
        &[(0.0, Rgb(255, 226, 170), 0.95), (0.45, Rgb(232, 178, 112), 0.7), (1.0, Rgb(70, 46, 30), 0.75)],
    );
    p.fill(&inside, &glow);
    for i in 0..8 {
        let x = 262.0 + 92.0 * f64::from(i);
        p.tint(&Curve::rect(x, 150.0, 9.0, 860.0), CEDAR.darker(0.5), 0.34);
    }
    for y in [430.0, 720.0] {
        p.tint(&Curve::rect(210.0, y, 780.0, 9.0), CEDAR.darker(0.5), 0.34);
    }
    let floor = Curve::polygon(&[pt(210.0, 1090.0), pt(290.0, 1010.0), pt(910.0, 1010.0), pt(990.0, 1090.0)]);
    p.fill(&floor, "#a87d50");
    p.tint(&Curve::rect(210.0, 1005.0, 780.0, 7.0), SHADE, 0.4);
    timber(p, 146.0, 90.0, 66.0, 1110.0, 3);
    timber(p, 988.0, 90.0, 66.0, 1110.0, 9);
    timber(p, 96.0, 58.0, 1008.0, 78.0, 14);
    p.blurred(10.0, |p| p.tint(&Curve::rect(212.0, 136.0, 776.0, 18.0), SHADE, 0.5));
    let sill = Curve::rect(0.0, 1088.0, 1200.0, 112.0);
    p.fill(&sill, "#8f8577");
    let stone = p.linear((0.0, 1088.0), (0.0, 1200.0), &[(0.0, WHITE, 0.4), (0.14, WHITE, 0.08), (1.0, SHADE, 0.3)]);
    p.fill(&sill, &stone);
    let warm =
        p.radial((600.0, 1090.0), 460.0, 80.0, &[(0.0, Rgb(255, 214, 150), 0.5), (1.0, Rgb(255, 214, 150), 0.0)]);
    p.fill(&sill, &warm);
    let s = if short { 7.6 } else { 7.9 };
    let wide = if short { 90.0 } else { 85.0 };
    let mut noren = hung(scene, pt(600.0 - wide * s / 2.0, 196.0), s, 34.0);
    noren.drop = if short { 45.0 } else { noren.drop.min(96.0) };
    bamboo(p, 214.0, 986.0, 196.0 + 2.4 * s, 1.3 * s);
    noren.shadow(p, pt(16.0, 14.0), 10.0, 0.3);
    noren.draw(p, 0.2);
}

fn top(p: &mut Picture, scene: &Scene) {
    let s = 24.0;
    let mut noren = hung(scene, pt(600.0 - 42.5 * s, 190.0), s, -26.0);
    noren.wide = 85.0;
    noren.panels = 2;
    noren.drop = 64.0;
    noren.repeat = repeat(scene.pattern());
    if scene.pattern() == Pattern::Bokashi {
        noren.drop = 50.0;
    }
    noren.shadow(p, pt(44.0, 60.0), 26.0, 0.3);
    p.blurred(12.0, |p| p.tint(&Curve::rect(-20.0, 220.0, 1240.0, 70.0), SHADE, 0.25));
    bamboo(p, -60.0, 1300.0, 190.0 + 2.4 * s, 1.7 * s);
    noren.draw(p, 0.0);
    p.group("opacity=\".5\"", |p| {
        let whole = Curve::rect(0.0, 190.0, 1200.0, 1010.0);
        texture::weave(p, &whole, 7.0, 0.0, 0.12);
    });
    stay(p, pt(600.0, 190.0 + 12.4 * s), scene);
    stitches(p, 190.0 + 5.0 * s);
}

/// The stitched stay that keeps the slit from tearing.
fn stay(p: &mut Picture, at: Pt, scene: &Scene) {
    let thread = if scene.colour().luma() > 0.6 { CEDAR } else { COTTON };
    for i in 0..4 {
        let y = at.y + f64::from(i) * 9.0;
        p.stroke(&Curve::line(&[pt(at.x - 17.0, y + 2.0), pt(at.x + 17.0, y + 2.0)]), SHADE, 5.0, 0.4);
        p.stroke(&Curve::line(&[pt(at.x - 17.0, y), pt(at.x + 17.0, y)]), thread, 4.4, 1.0);
    }
}

fn stitches(p: &mut Picture, y: f64) {
    let line = format!("M0 {y}H1200");
    p.path(&line, "fill=\"none\" stroke=\"#fff\" stroke-opacity=\".55\" stroke-width=\"3.4\" stroke-linecap=\"butt\" stroke-dasharray=\"15 9\"");
}
