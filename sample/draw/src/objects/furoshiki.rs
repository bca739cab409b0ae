//! Furoshiki: a wrapped box with its knot, folded squares on a tray, a turned corner.

use crate::{
    boxes::{Block, Camera},
    cloth::Cloth,
    geometry::{Curve, Pt, pt},
    light,
    objects::table,
    palette::{COTTON, Rgb, SHADE, WHITE, dye},
    patterns::Pattern,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

pub fn draw(p: &mut Picture, scene: &Scene) {
    match scene.arrangement {
        Arrangement::Use => stack(p, scene),
        Arrangement::Detail => spread(p, scene),
        _ => {
            let size = match scene.size.as_str() {
                "50" => 0.8,
                "104" => 1.14,
                _ => 0.98,
            };
            let lift = 985.0 - 960.0 * size;
            p.scaled(size, pt(600.0 - 600.0 * size, lift), |p| bundle(p, scene));
        }
    }
}

/// The other side: plain and paler, or the partner of a two-sided cloth.
fn reverse(scene: &Scene, colour: Rgb) -> Rgb {
    if scene.pattern() == Pattern::Plain {
        match scene.colour_name() {
            "shu" => dye("kinari"),
            "ai" => dye("asagi"),
            _ => dye("yama"),
        }
    } else {
        colour.mix(COTTON, 0.42)
    }
}

fn repeat(pattern: Pattern) -> f64 {
    match pattern {
        Pattern::Asanoha | Pattern::Ichimatsu => 132.0,
        Pattern::Tatewaku => 150.0,
        Pattern::Kikko => 128.0,
        Pattern::Uroko => 92.0,
        _ => 104.0,
    }
}

struct Piece<'a> {
    scene: &'a Scene,
    outline: Curve,
    /// Where the cloth's plane lies in this piece.
    place: &'a dyn Fn(Pt) -> Pt,
}

impl Piece<'_> {
    fn draw(&self, p: &mut Picture, shade: &str) {
        let cloth = Cloth {
            pattern: self.scene.pattern(),
            colour: self.scene.colour(),
            w: 1520.0,
            h: 1520.0,
            repeat: repeat(self.scene.pattern()),
            scale: 1.0,
        };
        p.fill(&self.outline, &self.scene.colour().to_string());
        p.clipped(&self.outline, |p| {
            let middle = |q: Pt| (self.place)(q - pt(380.0, 380.0));
            cloth.lay(p, &middle);
        });
        p.fill(&self.outline, shade);
    }
}

fn bundle(p: &mut Picture, scene: &Scene) {
    let body = Curve::smooth(&[pt(236.0, 600.0), pt(252.0, 790.0), pt(272.0, 930.0)], false)
        .then(Curve::smooth(&[pt(292.0, 954.0), pt(600.0, 968.0), pt(908.0, 954.0)], false))
        .then(Curve::smooth(&[pt(928.0, 930.0), pt(948.0, 790.0), pt(964.0, 600.0)], false))
        .then(Curve::smooth(&[pt(950.0, 566.0), pt(770.0, 500.0), pt(655.0, 420.0)], false))
        .then(Curve::smooth(&[pt(545.0, 420.0), pt(430.0, 500.0), pt(250.0, 566.0)], false))
        .close();
    let cast = Curve::smooth(
        &[pt(280.0, 940.0), pt(640.0, 990.0), pt(960.0, 968.0), pt(1130.0, 905.0), pt(1090.0, 800.0), pt(900.0, 760.0)],
        true,
    );
    p.blurred(24.0, |p| p.tint(&cast, SHADE, 0.34));
    let foot = Curve::oval(pt(604.0, 952.0), 338.0, 22.0);
    p.blurred(7.0, |p| p.tint(&foot, SHADE, 0.6));
    let straight = |q: Pt| pt(600.0, 780.0) + (q - pt(380.0, 380.0)).turned(0.06);
    let front = p.linear(
        (240.0, 560.0),
        (960.0, 940.0),
        &[(0.0, WHITE, 0.2), (0.3, WHITE, 0.04), (0.62, SHADE, 0.12), (1.0, SHADE, 0.42)],
    );
    Piece { scene, outline: body.clone(), place: &straight }.draw(p, &front);
    round_off(p, &body);
    wing(p, scene, -1.0);
    wing(p, scene, 1.0);
    flap(p, scene);
    creases(p);
    knot(p, scene);
}

/// Soft edges of the box under the cloth.
fn round_off(p: &mut Picture, body: &Curve) {
    let sides = p.linear(
        (236.0, 0.0),
        (964.0, 0.0),
        &[
            (0.0, SHADE, 0.4),
            (0.05, SHADE, 0.06),
            (0.12, WHITE, 0.1),
            (0.86, SHADE, 0.04),
            (0.95, SHADE, 0.24),
            (1.0, SHADE, 0.4),
        ],
    );
    p.fill(body, &sides);
    let low = p.linear((0.0, 800.0), (0.0, 966.0), &[(0.0, SHADE, 0.0), (0.7, SHADE, 0.14), (1.0, SHADE, 0.5)]);
    p.fill(body, &low);
}

/// One side drawn up over the top towards the knot.
fn wing(p: &mut Picture, scene: &Scene, side: f64) {
    let x = |v: f64| 600.0 + side * v;
    let outline =
        Curve::smooth(&[pt(x(364.0), 598.0), pt(x(345.0), 562.0), pt(x(180.0), 505.0), pt(x(46.0), 412.0)], false)
            .then(Curve::smooth(&[pt(x(6.0), 452.0), pt(x(30.0), 540.0), pt(x(66.0), 606.0)], false))
            .then(Curve::smooth(&[pt(x(66.0), 606.0), pt(x(210.0), 612.0), pt(x(364.0), 598.0)], false))
            .close();
    let place = move |q: Pt| {
        let c = (q - pt(380.0, 380.0)).turned(0.785 + side * 0.36);
        pt(x(190.0), 540.0) + pt(c.x, c.y * 0.5 - side * c.x * 0.16)
    };
    let under = outline.moved(pt(3.0, 9.0));
    p.blurred(6.0, |p| p.tint(&under, SHADE, 0.34));
    let (from, to) =
        if side < 0.0 { (pt(270.0, 470.0), pt(600.0, 640.0)) } else { (pt(610.0, 440.0), pt(930.0, 660.0)) };
    let light = p.linear(
        (from.x, from.y),
        (to.x, to.y),
        &[(0.0, WHITE, 0.26), (0.5, WHITE, 0.1), (1.0, SHADE, if side < 0.0 { 0.16 } else { 0.34 })],
    );
    Piece { scene, outline, place: &place }.draw(p, &light);
}

/// The corner that comes over the front in a point.
fn flap(p: &mut Picture, scene: &Scene) {
    let outline = Curve::smooth(&[pt(556.0, 424.0), pt(490.0, 520.0), pt(384.0, 604.0)], false)
        .then(Curve::smooth(&[pt(384.0, 604.0), pt(470.0, 690.0), pt(588.0, 806.0)], false))
        .then(Curve::smooth(&[pt(600.0, 815.0), pt(612.0, 806.0)], false))
        .then(Curve::smooth(&[pt(612.0, 806.0), pt(730.0, 690.0), pt(816.0, 604.0)], false))
        .then(Curve::smooth(&[pt(816.0, 604.0), pt(710.0, 520.0), pt(644.0, 424.0)], false))
        .close();
    p.blurred(9.0, |p| p.tint(&outline.moved(pt(7.0, 13.0)), SHADE, 0.55));
    let place = |q: Pt| {
        let c = (q - pt(380.0, 380.0)).turned(0.785);
        pt(600.0 + c.x * 0.9, 640.0 + c.y)
    };
    let light = p.linear(
        (430.0, 440.0),
        (760.0, 800.0),
        &[(0.0, WHITE, 0.24), (0.32, WHITE, 0.1), (0.36, SHADE, 0.02), (1.0, SHADE, 0.26)],
    );
    Piece { scene, outline: outline.clone(), place: &place }.draw(p, &light);
    let bend = p.linear(
        (0.0, 540.0),
        (0.0, 680.0),
        &[(0.0, WHITE, 0.0), (0.44, WHITE, 0.2), (0.62, SHADE, 0.04), (1.0, SHADE, 0.0)],
    );
    p.fill(&outline, &bend);
    let edge = Curve::smooth(&[pt(384.0, 604.0), pt(470.0, 690.0), pt(588.0, 806.0)], false);
    for (hem, side) in [(edge.clone(), 1.0), (edge.warped(f64::INFINITY, &|q| pt(1200.0 - q.x, q.y)), -1.0)] {
        p.stroke(&hem, WHITE, 2.2, 0.3);
        p.stroke(&hem.moved(pt(9.0 * side, -9.0)), SHADE, 1.8, 0.3);
    }
}

/// Pleats that run from the knot over the shoulders.
fn creases(p: &mut Picture) {
    for (to, bend, width, dark) in [
        (pt(300.0, 574.0), pt(430.0, 520.0), 15.0, 0.3),
        (pt(400.0, 590.0), pt(480.0, 530.0), 11.0, 0.26),
        (pt(452.0, 596.0), pt(520.0, 520.0), 9.0, 0.22),
        (pt(540.0, 640.0), pt(562.0, 540.0), 10.0, 0.2),
        (pt(610.0, 650.0), pt(604.0, 540.0), 8.0, 0.16),
        (pt(668.0, 630.0), pt(634.0, 530.0), 10.0, 0.24),
        (pt(760.0, 594.0), pt(690.0, 520.0), 10.0, 0.3),
        (pt(820.0, 588.0), pt(730.0, 524.0), 12.0, 0.34),
        (pt(912.0, 574.0), pt(780.0, 520.0), 15.0, 0.34),
    ] {
        let knot = pt(600.0 + (to.x - 600.0) * 0.12, 428.0);
        let normal = (to - knot).turned(1.57) * (width / 300.0);
        let fold =
            Curve::smooth(&[knot, bend, to], false).then(Curve::smooth(&[to, bend + normal, knot], false)).close();
        p.blurred(4.0, |p| {
            p.tint(&fold, SHADE, dark * 1.3);
            p.tint(&fold.moved(normal * -1.0), WHITE, 0.17);
        });
    }
}

fn knot(p: &mut Picture, scene: &Scene) {
    let back = reverse(scene, scene.colour());
    for side in [-1.0, 1.0] {
        ear(p, scene, back, side);
    }
    let heart = Curve::smooth(
        &[
            pt(540.0, 372.0),
            pt(566.0, 342.0),
            pt(612.0, 336.0),
            pt(652.0, 350.0),
            pt(668.0, 386.0),
            pt(650.0, 426.0),
            pt(604.0, 444.0),
            pt(556.0, 430.0),
        ],
        true,
    );
    p.blurred(8.0, |p| p.tint(&heart.moved(pt(6.0, 14.0)), SHADE, 0.5));
    let place = |q: Pt| pt(600.0, 390.0) + (q - pt(380.0, 380.0)).turned(0.25) * 0.8;
    let ball = p.radial(
        (578.0, 366.0),
        110.0,
        96.0,
        &[(0.0, WHITE, 0.3), (0.4, WHITE, 0.06), (0.75, SHADE, 0.22), (1.0, SHADE, 0.5)],
    );
    Piece { scene, outline: heart, place: &place }.draw(p, &ball);
    for (a, b, c) in
        [(pt(552.0, 364.0), pt(600.0, 384.0), pt(654.0, 366.0)), (pt(548.0, 404.0), pt(596.0, 410.0), pt(648.0, 424.0))]
    {
        let tuck = Curve::smooth(&[a, b, c], false);
        p.blurred(2.5, |p| p.stroke(&tuck, SHADE, 7.0, 0.4));
        p.blurred(2.0, |p| p.stroke(&tuck.moved(pt(-2.0, -7.0)), WHITE, 4.0, 0.3));
    }
}

/// One end of the knot, showing the reverse in its fold.
fn ear(p: &mut Picture, scene: &Scene, back: Rgb, side: f64) {
    let droop = if side < 0.0 { 0.0 } else { 22.0 };
    let at = |x: f64, y: f64| pt(600.0 + side * x, y + droop * (x / 230.0));
    let shape = Curve::smooth(&[at(40.0, 372.0), at(110.0, 300.0), at(196.0, 258.0), at(262.0, 262.0)], false)
        .then(Curve::smooth(&[at(262.0, 262.0), at(236.0, 330.0), at(150.0, 392.0), at(46.0, 412.0)], false))
        .close();
    let inner = Curve::smooth(&[at(56.0, 372.0), at(130.0, 326.0), at(205.0, 284.0), at(262.0, 262.0)], false)
        .then(Curve::smooth(&[at(262.0, 262.0), at(196.0, 258.0), at(112.0, 300.0), at(56.0, 366.0)], false))
        .close();
    p.blurred(11.0, |p| p.tint(&shape.moved(pt(14.0, 26.0)), SHADE, 0.3));
    let place = move |q: Pt| at(150.0, 330.0) + (q - pt(380.0, 380.0)).turned(-side * 0.5) * 0.85;
    let (from, to) = (at(120.0, 270.0), at(150.0, 410.0));
    let light = p.linear((from.x, from.y), (to.x, to.y), &[(0.0, WHITE, 0.3), (0.5, WHITE, 0.04), (1.0, SHADE, 0.46)]);
    Piece { scene, outline: shape, place: &place }.draw(p, &light);
    p.fill(&inner, &back.to_string());
    let (a, b) = (at(40.0, 380.0), at(240.0, 262.0));
    let deep = p.linear((a.x, a.y), (b.x, b.y), &[(0.0, SHADE, 0.6), (0.5, SHADE, 0.16), (1.0, WHITE, 0.12)]);
    p.fill(&inner, &deep);
    let fold = Curve::smooth(&[at(56.0, 388.0), at(130.0, 356.0), at(210.0, 306.0)], false);
    p.blurred(3.0, |p| p.stroke(&fold, SHADE, 9.0, 0.32));
}

fn stack(p: &mut Picture, scene: &Scene) {
    let view = crate::lathe::view(600.0, 905.0, 25.0, 0.5);
    table::tray(p, view, 20.5, dye("kuri"), scene.seed());
    let mut z = 0.9;
    let count = scene.colours.len().max(2);
    for i in 0..3 {
        let camera = Camera { origin: pt(600.0, 838.0), scale: 25.0, yaw: -0.42 + 0.05 * f64::from(i % 2), k: 0.5 };
        let index = (count + 2 - i as usize) % count;
        let tall = 2.6;
        slab(p, scene, camera, index, (z, tall, 21.0 - 0.5 * f64::from(i)));
        z += tall + 0.06;
    }
}

/// A square folded in four: round folds at the front, layers at the side.
fn slab(p: &mut Picture, scene: &Scene, camera: Camera, index: usize, (z, tall, side): (f64, f64, f64)) {
    let colour = scene.colour_at(index);
    let h = side / 2.0;
    let block = Block { lo: (-h, -h, z), size: (side, side, tall) };
    crate::boxes::cast(p, camera, block);
    for (i, face) in [block.side_face(camera), block.front(camera)].into_iter().enumerate() {
        p.fill(&face, &colour.darker(if i == 0 { 0.34 } else { 0.12 }).to_string());
    }
    for layer in 1..4 {
        let up = z + tall * f64::from(layer) / 4.0;
        let seam = Curve::line(&[camera.at(-h, -h, up), camera.at(-h, h, up), camera.at(h, h, up)]);
        p.stroke(&seam, SHADE, 3.0, 0.4);
        p.stroke(&seam.moved(pt(0.0, 3.0)), WHITE, 2.4, 0.17);
    }
    let roll = camera.at(0.0, h, z + tall);
    let low = camera.at(0.0, h, z);
    let front =
        p.linear((roll.x, roll.y), (low.x, low.y), &[(0.0, WHITE, 0.2), (0.4, SHADE, 0.05), (1.0, SHADE, 0.42)]);
    p.fill(&block.front(camera), &front);
    let cloth = Cloth {
        pattern: scene.pattern_at(index),
        colour,
        w: side,
        h: side,
        repeat: repeat(scene.pattern()) / 30.0,
        scale: camera.scale,
    };
    let top = block.top(camera);
    p.clipped(&top, |p| cloth.lay(p, &|q: Pt| camera.at(q.x - h, q.y - h, z + tall)));
    light::shade_across(p, &top, camera.at(-h, -h, z + tall), camera.at(h, h, z + tall), 0.2);
    let crown = Curve::line(&[camera.at(-h, h, z + tall), camera.at(h, h, z + tall)]);
    p.blurred(2.0, |p| p.stroke(&crown, WHITE, 6.0, 0.3));
}

fn spread(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    let turn = -0.14;
    let place = |q: Pt| (q - pt(500.0, 500.0)).turned(turn) + pt(560.0, 545.0);
    let cloth = Cloth {
        pattern: scene.pattern(),
        colour,
        w: 1000.0,
        h: 1000.0,
        repeat: repeat(scene.pattern()) * 1.5,
        scale: 1.0,
    };
    let (b, c) = (pt(1000.0, 470.0), pt(470.0, 1000.0));
    let outline =
        Curve::line(&[place(pt(0.0, 0.0)), place(pt(1000.0, 0.0)), place(b), place(c), place(pt(0.0, 1000.0))]).close();
    light::flat_shadow(p, &outline, 13.0);
    p.clipped(&outline, |p| {
        cloth.lay(p, &place);
        texture::weave(p, &outline, 6.0, -8.0, 0.12);
        for at in [333.0, 667.0] {
            for (from, to) in [(pt(at, 0.0), pt(at, 1000.0)), (pt(0.0, at), pt(1000.0, at))] {
                let crease = Curve::line(&[place(from), place(to)]);
                p.blurred(5.0, |p| {
                    p.stroke(&crease, SHADE, 9.0, 0.28);
                    p.stroke(&crease.moved(pt(-8.0, -8.0)), WHITE, 8.0, 0.22);
                });
            }
        }
        light::shade_across(p, &outline, place(pt(0.0, 0.0)), place(pt(900.0, 900.0)), 0.2);
    });
    let seam = [pt(14.0, 1000.0), pt(14.0, 14.0), pt(1000.0, 14.0)].map(place);
    p.stroke(&Curve::line(&seam), SHADE, 2.0, 0.3);
    corner(p, scene, &place, b, c);
}

fn corner(p: &mut Picture, scene: &Scene, place: &dyn Fn(Pt) -> Pt, b: Pt, c: Pt) {
    let tip = pt(486.0, 486.0);
    let (pb, pc, pt_) = (place(b), place(c), place(tip));
    let bow = pb.towards(pc, 0.5) + pt(10.0, 12.0);
    let shape =
        Curve::line(&[pb, pt_]).then(Curve::line(&[pt_, pc])).then(Curve::smooth(&[pc, bow, pb], false)).close();
    p.blurred(18.0, |p| p.tint(&shape.moved(pt(-12.0, -2.0)), SHADE, 0.5));
    p.blurred(9.0, |p| p.tint(&shape.moved(pt(16.0, 20.0)), SHADE, 0.4));
    let back = reverse(scene, scene.colour());
    p.fill(&shape, &back.to_string());
    p.clipped(&shape, |p| {
        if scene.pattern() != Pattern::Plain {
            let ghost = Cloth {
                pattern: scene.pattern(),
                colour: back,
                w: 700.0,
                h: 700.0,
                repeat: repeat(scene.pattern()) * 1.35,
                scale: 0.8,
            };
            ghost.lay(p, &|q: Pt| place(pt(470.0 + q.y, 470.0 + q.x)));
            p.tint(&shape, back, 0.45);
        }
        texture::weave(p, &shape, 6.0, -8.0, 0.15);
        let (from, to) = (pt_, place(pt(735.0, 735.0)));
        let roll = p.linear(
            (from.x, from.y),
            (to.x, to.y),
            &[(0.0, SHADE, 0.04), (0.5, WHITE, 0.16), (0.82, SHADE, 0.05), (1.0, SHADE, 0.4)],
        );
        p.fill(&shape, &roll);
    });
    let hem = Curve::line(&[place(b + pt(-18.0, 4.0)), place(tip + pt(16.0, 16.0)), place(c + pt(4.0, -18.0))]);
    p.stroke(&hem, SHADE, 2.0, 0.35);
    p.path(&hem.moved(pt(3.0, 3.0)).data(), "fill=\"none\" stroke=\"#fff\" stroke-opacity=\".6\" stroke-width=\"2\" stroke-linecap=\"butt\" stroke-dasharray=\"8 5\"");
}
