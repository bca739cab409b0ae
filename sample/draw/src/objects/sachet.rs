//! The scent sachet: a small bag gathered under a braided cord.

use super::{close_up, tenugui};
use crate::{
    cloth::Cloth,
    geometry::{Curve, Pt, pt},
    light,
    palette::{Rgb, SHADE, WHITE, dye},
    patterns::Pattern,
    scene::{Arrangement, Scene},
    svg::Picture,
    texture,
};

fn bag(p: &mut Picture, at: Pt, s: f64, turn: f64, colour: Rgb, pattern: Pattern) {
    let place = |q: Pt| at + (q * s).turned(turn);
    let bend = |c: Curve| c.warped(f64::INFINITY, &place);
    let body = bend(
        Curve::smooth(
            &[pt(-64.0, -170.0), pt(-150.0, -100.0), pt(-232.0, 40.0), pt(-246.0, 210.0), pt(-206.0, 300.0)],
            false,
        )
        .then(Curve::smooth(
            &[pt(-206.0, 300.0), pt(-100.0, 330.0), pt(0.0, 336.0), pt(110.0, 330.0), pt(206.0, 300.0)],
            false,
        ))
        .then(Curve::smooth(
            &[pt(206.0, 300.0), pt(246.0, 210.0), pt(232.0, 40.0), pt(150.0, -100.0), pt(64.0, -170.0)],
            false,
        ))
        .close(),
    );
    let ruff = bend(
        Curve::smooth(&[pt(-62.0, -176.0), pt(-110.0, -250.0), pt(-172.0, -310.0)], false)
            .then(Curve::smooth(
                &[
                    pt(-172.0, -310.0),
                    pt(-120.0, -336.0),
                    pt(-70.0, -316.0),
                    pt(-20.0, -342.0),
                    pt(40.0, -318.0),
                    pt(100.0, -340.0),
                    pt(172.0, -306.0),
                ],
                false,
            ))
            .then(Curve::smooth(&[pt(172.0, -306.0), pt(110.0, -250.0), pt(62.0, -176.0)], false))
            .close(),
    );
    light::flat_shadow(p, &body, 26.0 * s);
    light::flat_shadow(p, &ruff, 14.0 * s);
    let cloth = Cloth { pattern, colour, w: 640.0, h: 760.0, repeat: 150.0, scale: s };
    p.fill(&ruff, &colour.to_string());
    p.clipped(&ruff, |p| {
        cloth.lay(p, &|q| place(pt((q.x - 320.0) * (0.35 + 0.0011 * (380.0 - q.y).abs()), q.y - 380.0)))
    });
    p.fill(&body, &colour.to_string());
    p.clipped(&body, |p| {
        cloth.lay(p, &|q| {
            let (x, y) = (q.x - 320.0, q.y - 380.0);
            let gather = 1.0 - 0.7 * ((60.0 - y) / 230.0).clamp(0.0, 1.0).powi(2);
            place(pt(x * gather * (1.0 - 0.0006 * (y - 100.0).abs()), y))
        });
    });
    let c = place(pt(-70.0, 60.0));
    let belly = p.radial(
        (c.x, c.y),
        350.0 * s,
        360.0 * s,
        &[(0.0, WHITE, 0.3), (0.35, WHITE, 0.08), (0.7, SHADE, 0.16), (1.0, SHADE, 0.52)],
    );
    p.fill(&body, &belly);
    p.clipped(&body, |p| {
        for (x, long, dark) in [
            (-150.0, 60.0, 0.4),
            (-96.0, 130.0, 0.34),
            (-50.0, 70.0, 0.3),
            (0.0, 120.0, 0.3),
            (48.0, 60.0, 0.34),
            (96.0, 140.0, 0.4),
            (150.0, 70.0, 0.5),
        ] {
            let pleat =
                bend(Curve::smooth(&[pt(x * 0.36, -176.0), pt(x * 0.72, -100.0), pt(x * 1.2, -60.0 + long)], false));
            p.blurred(5.0 * s, |p| {
                p.stroke(&pleat, SHADE, 13.0 * s, dark);
                p.stroke(&pleat.moved(pt(-10.0 * s, 0.0)), WHITE, 8.0 * s, 0.22);
            });
        }
    });
    p.clipped(&ruff, |p| {
        for x in [-120.0, -60.0, -10.0, 50.0, 112.0] {
            let pleat = bend(Curve::smooth(&[pt(x * 0.4, -176.0), pt(x * 0.8, -250.0), pt(x * 1.25, -340.0)], false));
            p.blurred(5.0 * s, |p| {
                p.stroke(&pleat, SHADE, 14.0 * s, 0.4);
                p.stroke(&pleat.moved(pt(-12.0 * s, 0.0)), WHITE, 8.0 * s, 0.24);
            });
        }
    });
    texture::weave(p, &body, 4.0, turn.to_degrees() + 45.0, 0.1);
    cord(p, &bend, s, colour);
}

fn cord(p: &mut Picture, bend: &dyn Fn(Curve) -> Curve, s: f64, colour: Rgb) {
    let tone = if colour.luma() > 0.5 { dye("suo") } else { Rgb(226, 196, 128) };
    let braid = |p: &mut Picture, c: Curve| {
        let line = bend(c);
        p.blurred(4.0, |p| p.stroke(&line.moved(pt(4.0 * s, 10.0 * s)), SHADE, 15.0 * s, 0.45));
        p.stroke(&line, tone.darker(0.3), 15.0 * s, 1.0);
        p.stroke(&line.moved(pt(-1.0, -2.0)), tone, 11.0 * s, 1.0);
        p.path(&line.data(), &format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{:.1}\" stroke-dasharray=\"{:.1} {:.1}\" stroke-opacity=\".8\"", tone.lighter(0.5), 6.0 * s, 6.0 * s, 7.0 * s));
    };
    braid(p, Curve::smooth(&[pt(20.0, -160.0), pt(70.0, -20.0), pt(40.0, 90.0), pt(84.0, 190.0)], false));
    braid(p, Curve::smooth(&[pt(-10.0, -160.0), pt(-30.0, -30.0), pt(-74.0, 60.0), pt(-50.0, 160.0)], false));
    braid(
        p,
        Curve::smooth(
            &[pt(0.0, -166.0), pt(-90.0, -110.0), pt(-150.0, -150.0), pt(-90.0, -196.0), pt(0.0, -172.0)],
            false,
        ),
    );
    braid(
        p,
        Curve::smooth(
            &[pt(6.0, -166.0), pt(96.0, -104.0), pt(158.0, -146.0), pt(94.0, -196.0), pt(6.0, -172.0)],
            false,
        ),
    );
    for y in [-182.0, -166.0] {
        braid(p, Curve::smooth(&[pt(-68.0, y), pt(0.0, y + 9.0), pt(68.0, y)], false));
    }
    let knot = bend(Curve::oval(pt(2.0, -162.0), 24.0, 20.0));
    p.fill(&knot, &tone.to_string());
    light::shade_across(
        p,
        &knot,
        bend(Curve::circle(pt(-20.0, -182.0), 1.0)).start,
        bend(Curve::circle(pt(24.0, -142.0), 1.0)).start,
        0.5,
    );
}

pub fn draw(p: &mut Picture, scene: &Scene) {
    let colour = scene.colour();
    match scene.arrangement {
        Arrangement::Use => {
            let under =
                Cloth { pattern: Pattern::Shima, colour: dye("kinari"), w: 19.0, h: 17.0, repeat: 4.5, scale: 46.0 };
            tenugui::packet(p, &under, pt(590.0, 640.0), 0.16);
            bag(p, pt(610.0, 620.0), 0.86, -0.2, scene.colour_at(1), scene.pattern());
        }
        Arrangement::Detail => {
            close_up(p, 590.0, 440.0, 2.4, |p| bag(p, pt(595.0, 610.0), 1.2, 0.06, colour, scene.pattern()))
        }
        _ => bag(p, pt(595.0, 610.0), 1.2, 0.06, colour, scene.pattern()),
    }
}
