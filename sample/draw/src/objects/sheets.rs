//! Flat paper: chiyogami, letters, pochi envelopes, letter scents and tape.

use super::{close_up, ink, tenugui};
use crate::{
    boxes::{self, Block, Camera},
    geometry::{Curve, Pt, pt},
    lathe::{self, Profile, view},
    light,
    palette::{PAPER, Rgb, SEAL, SHADE, WHITE, dye, reserve},
    patterns::{Pattern, area},
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

/// A sheet lying flat, patterned or plain, turned about its middle.
pub struct Sheet {
    pub at: Pt,
    pub w: f64,
    pub h: f64,
    pub turn: f64,
    pub colour: Rgb,
    pub pattern: Pattern,
    pub repeat: f64,
    pub thick: f64,
}

impl Sheet {
    fn place(&self, q: Pt) -> Pt {
        self.at + (q - pt(self.w / 2.0, self.h / 2.0)).turned(self.turn)
    }

    pub fn outline(&self) -> Curve {
        Curve::polygon(&[pt(0.0, 0.0), pt(self.w, 0.0), pt(self.w, self.h), pt(0.0, self.h)].map(|q| self.place(q)))
    }

    pub fn draw(&self, p: &mut Picture, seed: u64) {
        let outline = self.outline();
        light::flat_shadow(p, &outline, self.thick);
        p.fill(&outline, &self.colour.to_string());
        p.clipped(&outline, |p| {
            let r = self.repeat;
            self.pattern
                .draw(p, area(0.0, 0.0, self.w / r, self.h / r), r, reserve(self.colour), &|q: Pt| self.place(q * r));
            let half = self.w.hypot(self.h) / 2.0;
            texture::fibres(p, (self.at.x - half, self.at.y - half, half * 2.0, half * 2.0), 110, seed);
        });
        light::shade_across(p, &outline, self.place(pt(0.0, 0.0)), self.place(pt(self.w, self.h)), 0.13);
        p.stroke(&outline, WHITE, 1.2, 0.4);
    }
}

fn sheet(at: Pt, w: f64, h: f64, turn: f64, colour: Rgb, pattern: Pattern) -> Sheet {
    let repeat = match pattern {
        Pattern::Asanoha | Pattern::Ichimatsu => 118.0,
        Pattern::Yagasuri => 104.0,
        _ => 92.0,
    };
    Sheet { at, w, h, turn, colour, pattern, repeat, thick: 6.0 }
}

pub fn chiyogami(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    let tones = [colour.lighter(0.5), colour, colour.lighter(0.25), colour.darker(0.16), colour];
    let sorts = [Pattern::Uroko, Pattern::Yagasuri, Pattern::Shippo, Pattern::Asanoha, Pattern::Seigaiha];
    let fan = |p: &mut Picture| {
        for i in 0..5_usize {
            let a = -0.56 + 0.29 * i as f64;
            let at = pt(575.0, 1050.0) + pt(0.0, -450.0).turned(a);
            sheet(at, 430.0, 430.0, a, tones[i], sorts[i]).draw(p, i as u64);
        }
    };
    match scene.arrangement {
        Arrangement::Use => {
            for i in 0..4_usize {
                let mut one = sheet(
                    pt(415.0 + 10.0 * i as f64, 740.0 - 8.0 * i as f64),
                    470.0,
                    470.0,
                    -0.2 + 0.05 * i as f64,
                    tones[i + 1],
                    sorts[i + 1],
                );
                one.thick = 4.0;
                one.draw(p, i as u64);
            }
            paper_box(p, colour);
        }
        Arrangement::Detail => close_up(p, 640.0, 470.0, 2.3, fan),
        _ => fan(p),
    }
}

/// A face, how the paper lies on it, and how dark it is.
type Face<'a> = (Curve, &'a dyn Fn(Pt) -> Pt, f64);

/// A small box with its lid, covered in the printed paper.
fn paper_box(p: &mut Picture, colour: Rgb) {
    let camera = Camera { origin: pt(805.0, 520.0), scale: 34.0, yaw: 0.5, k: 0.6 };
    let tray = Block { lo: (-5.0, -5.0, 0.0), size: (10.0, 10.0, 5.0) };
    boxes::block(p, camera, tray, PAPER.darker(0.06));
    let lid = Block { lo: (-5.2, -5.2, 3.0), size: (10.4, 10.4, 3.4) };
    boxes::solid(p, camera, lid, colour);
    let ((x, y, z), (w, d, h), r) = (lid.lo, lid.size, 2.9);
    let ink = reserve(colour);
    let faces: [Face<'_>; 3] = [
        (lid.side_face(camera), &|q| camera.at(x + w, y + q.x * r, z + h - q.y * r), 0.36),
        (lid.front(camera), &|q| camera.at(x + q.x * r, y + d, z + h - q.y * r), 0.14),
        (lid.top(camera), &|q| camera.at(x + q.x * r, y + q.y * r, z + h), 0.0),
    ];
    for (face, place, shade) in faces {
        p.clipped(&face, |p| Pattern::Shippo.draw(p, area(0.0, 0.0, w / r, d / r), r * camera.scale, ink, place));
        p.tint(&face, SHADE, shade);
    }
    let top = lid.top(camera);
    light::shade_across(p, &top, camera.at(x, y, z + h), camera.at(x + w, y + d, z + h), 0.2);
    let edge = Curve::line(&[camera.at(x, y + d, z + h), camera.at(x + w, y + d, z + h), camera.at(x + w, y, z + h)]);
    p.stroke(&edge, WHITE, 2.0, 0.5);
}

/// A long envelope lying on its face side up, the flap open to show its lining.
fn envelope(p: &mut Picture, at: Pt, turn: f64, lining: Rgb, seed: u64) {
    let (w, h) = (270.0, 600.0);
    let place = |q: Pt| at + (q - pt(w / 2.0, h / 2.0)).turned(turn);
    let flap = Curve::polygon(&[pt(2.0, 0.0), pt(34.0, -104.0), pt(w - 34.0, -104.0), pt(w - 2.0, 0.0)].map(place));
    light::flat_shadow(p, &flap, 5.0);
    p.fill(&flap, &PAPER.to_string());
    let inner = Curve::polygon(&[pt(12.0, 0.0), pt(42.0, -92.0), pt(w - 42.0, -92.0), pt(w - 12.0, 0.0)].map(place));
    p.fill(&inner, &lining.to_string());
    p.clipped(&inner, |p| texture::fibres(p, (at.x - 300.0, at.y - 500.0, 600.0, 400.0), 120, seed + 9));
    let (a, b) = (place(pt(0.0, -100.0)), place(pt(0.0, 0.0)));
    let bend = p.linear((a.x, a.y), (b.x, b.y), &[(0.0, WHITE, 0.2), (0.8, SHADE, 0.06), (1.0, SHADE, 0.36)]);
    p.fill(&flap, &bend);
    let mut body = sheet(at, w, h, turn, PAPER, Pattern::Plain);
    body.thick = 8.0;
    body.draw(p, seed);
    for x in [26.0, w - 26.0] {
        let seam = Curve::line(&[place(pt(x, 4.0)), place(pt(x, h - 4.0))]);
        p.stroke(&seam, SHADE, 1.4, 0.1);
    }
}

fn ruled(p: &mut Picture, at: Pt, w: f64, h: f64, turn: f64, colour: Rgb, seed: u64) {
    let one = sheet(at, w, h, turn, PAPER, Pattern::Plain);
    one.draw(p, seed);
    let ink = if colour.luma() > 0.75 { colour.darker(0.3) } else { colour };
    let frame = Curve::polygon(
        &[pt(44.0, 56.0), pt(w - 44.0, 56.0), pt(w - 44.0, h - 56.0), pt(44.0, h - 56.0)].map(|q| one.place(q)),
    );
    p.stroke(&frame, ink, 3.0, 0.9);
    for i in 1..9 {
        let x = 44.0 + (w - 88.0) * f64::from(i) / 9.0;
        p.stroke(&Curve::line(&[one.place(pt(x, 56.0)), one.place(pt(x, h - 56.0))]), ink, 2.0, 0.75);
    }
}

pub fn letter(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    let lining = colour.mix(PAPER, 0.18);
    let set = |p: &mut Picture| {
        for i in 0..3 {
            let d = 7.0 * f64::from(2 - i);
            ruled(p, pt(430.0 + d, 590.0 + d), 500.0, 720.0, -0.1, colour, i as u64);
        }
        envelope(p, pt(850.0, 660.0), 0.12, lining, scene.seed());
    };
    match scene.arrangement {
        Arrangement::Use => {
            envelope(p, pt(430.0, 690.0), -0.24, lining, 3);
            envelope(p, pt(500.0, 680.0), -0.06, lining, 4);
            ruled(p, pt(680.0, 600.0), 460.0, 660.0, 0.16, colour, 7);
            let fold = Curve::line(&[pt(446.0, 566.0), pt(906.0, 640.0)]);
            p.blurred(3.0, |p| p.stroke(&fold, SHADE, 7.0, 0.25));
            ink::brush_lying(p, pt(330.0, 1060.0), pt(990.0, 880.0), 13.0, true);
        }
        Arrangement::Detail => close_up(p, 865.0, 350.0, 2.8, set),
        _ => set(p),
    }
}

fn pochi_one(p: &mut Picture, at: Pt, turn: f64, pattern: Pattern, colour: Rgb, scale: f64) {
    let (w, h) = (300.0 * scale, 510.0 * scale);
    let mut body = sheet(at, w, h, turn, colour, pattern);
    body.repeat *= scale * 1.1;
    body.thick = 8.0;
    body.draw(p, 7);
    let flap = Curve::polygon(
        &[pt(-1.0, -1.0), pt(w + 1.0, -1.0), pt(w - 10.0, 84.0 * scale), pt(10.0, 84.0 * scale)].map(|q| body.place(q)),
    );
    p.blurred(4.0, |p| p.tint(&flap.moved(pt(3.0, 7.0)), SHADE, 0.4));
    p.fill(&flap, &PAPER.to_string());
    light::shade_across(p, &flap, body.place(pt(0.0, 0.0)), body.place(pt(w, 90.0 * scale)), 0.14);
    let seal = body.place(pt(w / 2.0, 84.0 * scale));
    let tone = if colour == dye("shu") { dye("sumi") } else { SEAL };
    p.fill(&Curve::circle(seal, 21.0 * scale), &tone.to_string());
    p.stroke(&Curve::circle(seal, 13.0 * scale), PAPER, 2.0, 0.8);
}

pub fn pochi(p: &mut Picture, scene: &Scene) {
    let (pattern, colour) = (scene.pattern(), scene.colour());
    let fan = |p: &mut Picture| {
        for (x, y, turn) in [(390.0, 640.0, -0.34), (600.0, 590.0, -0.05), (820.0, 630.0, 0.24)] {
            pochi_one(p, pt(x, y), turn, pattern, colour, 1.16);
        }
    };
    match scene.arrangement {
        Arrangement::Use => {
            for i in 0..3_usize {
                pochi_one(p, pt(260.0 + 340.0 * i as f64, 600.0), 0.0, scene.pattern_at(i), scene.colour_at(i), 1.0);
            }
        }
        Arrangement::Detail => close_up(p, 600.0, 380.0, 2.6, fan),
        _ => fan(p),
    }
}

fn strip_of_scent(p: &mut Picture, at: Pt, turn: f64, colour: Rgb, pattern: Pattern) {
    let (w, h) = (240.0, 470.0);
    let mut one = sheet(at, w, h, turn, colour, pattern);
    one.thick = 9.0;
    one.repeat = 108.0;
    one.draw(p, 11);
    let eye = one.place(pt(w / 2.0, 34.0));
    let cord = Curve::smooth(&[eye, eye + pt(-40.0, -84.0), eye + pt(10.0, -136.0), eye + pt(46.0, -80.0), eye], false);
    p.stroke(&cord.moved(pt(4.0, 7.0)), SHADE, 6.0, 0.3);
    p.stroke(&cord, dye("suo"), 6.0, 1.0);
    p.stroke(&cord.moved(pt(-1.0, -1.0)), dye("shu").lighter(0.4), 2.0, 0.8);
    p.fill(&Curve::circle(eye, 15.0), &PAPER.to_string());
    p.fill(&Curve::circle(eye, 7.0), &dye("suo").darker(0.4).to_string());
    let label = Curve::polygon(
        &[pt(w / 2.0 - 26.0, 132.0), pt(w / 2.0 + 26.0, 132.0), pt(w / 2.0 + 26.0, 300.0), pt(w / 2.0 - 26.0, 300.0)]
            .map(|q| one.place(q)),
    );
    p.fill(&label, &PAPER.to_string());
    tenugui::crest(p, one.place(pt(w / 2.0, 216.0)), 19.0, turn, dye("sumi"));
}

pub fn fumiko(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    let row = |p: &mut Picture| {
        for (x, y, turn) in [(345.0, 670.0, -0.14), (600.0, 640.0, 0.0), (855.0, 670.0, 0.14)] {
            strip_of_scent(p, pt(x, y), turn, colour, scene.pattern());
        }
    };
    match scene.arrangement {
        Arrangement::Use => {
            strip_of_scent(p, pt(760.0, 420.0), 0.34, colour, scene.pattern());
            envelope(p, pt(600.0, 700.0), 0.3, colour.mix(PAPER, 0.3), 4);
            ruled(p, pt(330.0, 640.0), 380.0, 560.0, -0.16, colour, 2);
        }
        Arrangement::Detail => close_up(p, 600.0, 470.0, 2.7, row),
        _ => row(p),
    }
}

/// A roll of tape standing on its side face; `pattern` runs round it.
fn roll(p: &mut Picture, x: f64, y: f64, scale: f64, colour: Rgb, pattern: Pattern) {
    let v = view(x, y, scale, 0.6);
    let body = Profile::straight(&[(2.6, 0.0), (2.6, 0.5), (2.6, 1.0), (2.6, 1.5)]);
    light::standing_shadow(p, v.foot, 2.6 * scale, 2.6 * scale, 1.5 * scale, v.k);
    p.fill(&body.outline(v), &colour.to_string());
    let sort = lathe::Band { pattern, colour: reserve(colour), repeat: 0.75, from: 0.0, to: 1.5 };
    lathe::band(p, &body, v, &sort);
    lathe::shade(p, &body, v, 0.2, 0.24);
    let face = v.ring(2.6, 1.5);
    p.fill(&face, &colour.lighter(0.34).to_string());
    for i in 0..7 {
        p.stroke(&v.ring(2.5 - 0.07 * f64::from(i), 1.5), SHADE, 1.2, 0.12);
    }
    p.fill(&v.ring(2.0, 1.5), "#d9c4a0");
    lathe::hollow(p, v, 1.84, 1.5, Rgb(176, 150, 116), 0.05);
    let c = pt(x, v.y(0.0));
    p.clipped(&v.ring(1.8, 1.5), |p| {
        let floor = Curve::oval(c, 1.8 * scale, 1.8 * scale * v.k);
        p.fill(&floor, "#c9bda6");
        p.blurred(8.0, |p| p.stroke(&floor, SHADE, 20.0, 0.4));
    });
    p.stroke(&v.ring(2.58, 1.5), WHITE, 2.0, 0.5);
}

pub fn tape(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    let pair = |p: &mut Picture| {
        roll(p, 430.0, 560.0, 88.0, colour.lighter(0.1), Pattern::Plain);
        roll(p, 735.0, 790.0, 100.0, colour, scene.pattern());
    };
    match scene.arrangement {
        Arrangement::Use => {
            let mut body = sheet(pt(560.0, 560.0), 760.0, 500.0, -0.12, PAPER, Pattern::Plain);
            body.thick = 9.0;
            body.draw(p, 3);
            let peak =
                Curve::line(&[body.place(pt(0.0, 0.0)), body.place(pt(380.0, 250.0)), body.place(pt(760.0, 0.0))]);
            p.blurred(3.0, |p| p.stroke(&peak.moved(pt(0.0, 5.0)), SHADE, 5.0, 0.3));
            p.stroke(&peak, WHITE, 2.0, 0.7);
            torn(p, pt(575.0, 570.0), 310.0, 80.0, -0.16, colour, scene.pattern());
            roll(p, 400.0, 1010.0, 56.0, colour, scene.pattern());
            roll(p, 850.0, 980.0, 56.0, colour.lighter(0.1), Pattern::Plain);
        }
        Arrangement::Detail => {
            torn(p, pt(420.0, 470.0), 1250.0, 300.0, -0.3, colour, scene.pattern());
            torn(p, pt(250.0, 950.0), 1100.0, 260.0, -0.3, colour.lighter(0.12), Pattern::Plain);
        }
        _ => pair(p),
    }
}

/// A strip of tape with a torn right end.
fn torn(p: &mut Picture, at: Pt, w: f64, h: f64, turn: f64, colour: Rgb, pattern: Pattern) {
    let place = |q: Pt| at + (q - pt(w / 2.0, h / 2.0)).turned(turn);
    let edge = |x: f64, reach: f64| -> Vec<Pt> {
        (0..=14)
            .map(|i| {
                place(pt(
                    x + reach * ((f64::from(i) * 2.3).sin() + 0.5 * (f64::from(i) * 5.1).cos()),
                    h * f64::from(i) / 14.0,
                ))
            })
            .collect()
    };
    let mut left = edge(0.0, h * 0.02);
    left.reverse();
    let outline = |grow: f64| Curve::line(&edge(w + grow, h * 0.05)).then(Curve::line(&left)).close();
    let fibre = outline(h * 0.045);
    p.blurred(4.0, |p| p.tint(&fibre.moved(pt(2.0, 4.0)), SHADE, 0.34));
    p.tint(&fibre, PAPER, 0.9);
    let tape = outline(0.0);
    p.tint(&tape, colour, 0.94);
    p.clipped(&tape, |p| {
        let r = h / 2.0;
        pattern.draw(p, area(0.0, 0.0, w / r + 0.5, 2.0), r, reserve(colour), &|q: Pt| place(q * r));
        let half = w / 2.0 + h;
        texture::fibres(p, (at.x - half, at.y - half, half * 2.0, half * 2.0), 260, 5);
    });
    light::shade_across(p, &tape, place(pt(0.0, 0.0)), place(pt(w, h)), 0.16);
}
