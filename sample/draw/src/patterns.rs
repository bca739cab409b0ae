//! Traditional patterns as true geometry.
//!
//! A pattern is laid out on a plane where one repeat is one unit wide, then
//! carried onto the object by a warp, so that it follows bowl, fold and hem.

mod forms;

use forms::Marks;

use crate::{
    geometry::{Bounds, Curve, Pt, data, pt, rough_data},
    palette::Rgb,
    svg::{Picture, short},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pattern {
    Plain,
    Bokashi,
    Seigaiha,
    Asanoha,
    Ichimatsu,
    Shippo,
    Yagasuri,
    Uroko,
    Kikko,
    Tatewaku,
    Shima,
    Mameshibori,
}

impl Pattern {
    pub fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "plain" => Self::Plain,
            "bokashi" => Self::Bokashi,
            "seigaiha" => Self::Seigaiha,
            "asanoha" => Self::Asanoha,
            "ichimatsu" => Self::Ichimatsu,
            "shippo" => Self::Shippo,
            "yagasuri" => Self::Yagasuri,
            "uroko" => Self::Uroko,
            "kikko" => Self::Kikko,
            "tatewaku" => Self::Tatewaku,
            "shima" => Self::Shima,
            "mameshibori" => Self::Mameshibori,
            other => return Err(format!("no pattern is called {other}")),
        })
    }

    /// Fills and lines (with widths) that cover the area, in repeats.
    fn marks(self, a: Area) -> Marks {
        match self {
            Self::Plain | Self::Bokashi => Marks::default(),
            Self::Seigaiha => forms::seigaiha(a),
            Self::Asanoha => forms::asanoha(a),
            Self::Ichimatsu => forms::ichimatsu(a),
            Self::Shippo => forms::shippo(a),
            Self::Yagasuri => forms::yagasuri(a),
            Self::Uroko => forms::uroko(a),
            Self::Kikko => forms::kikko(a),
            Self::Tatewaku => forms::tatewaku(a),
            Self::Shima => forms::shima(a),
            Self::Mameshibori => forms::mameshibori(a),
        }
    }

    /// Draws the pattern over `area` (in repeats); `warp` carries it to the
    /// picture, where one repeat is about `unit` wide.
    pub fn draw(self, picture: &mut Picture, area: Area, unit: f64, colour: Rgb, warp: &dyn Fn(Pt) -> Pt) {
        if matches!(self, Self::Plain | Self::Bokashi) {
            return;
        }
        if let Some(matrix) = flat(area, warp) {
            let seen = area.seen(picture.window(), warp);
            self.tiled(picture, seen, colour, &matrix);
            return;
        }
        let marks = self.marks(area);
        let bent = |p: &Picture, curves: &[Curve]| -> String {
            let bent: Vec<Curve> = curves.iter().map(|c| c.warped(0.55, warp)).filter(|c| p.shows(c)).collect();
            rough_data(&bent, p.fineness())
        };
        if !marks.fills.is_empty() {
            let d = bent(picture, &marks.fills);
            picture.path(&d, &format!("fill=\"{colour}\""));
        }
        for (width, lines) in marks.lines {
            let d = bent(picture, &lines);
            picture.path(&d, &line_look(colour, width * unit));
        }
    }

    /// On a flat face one repeat is drawn once and used again and again.
    fn tiled(self, picture: &mut Picture, area: Area, colour: Rgb, matrix: &str) {
        let (w, h) = self.period();
        let size = 100.0;
        let inside = |c: &&Curve| {
            let m = c.bounds().middle() + pt(1e-6, 1e-6);
            (0.0..w).contains(&m.x) && (0.0..h).contains(&m.y)
        };
        let once = |curves: &[Curve]| {
            let kept: Vec<Curve> =
                curves.iter().filter(inside).map(|c| c.warped(f64::INFINITY, &|p| p * size)).collect();
            data(&kept)
        };
        let marks = self.marks(crate::patterns::area(0.0, 0.0, w, h));
        let mut inner = String::new();
        if !marks.fills.is_empty() {
            inner += &format!("<path d=\"{}\" fill=\"{colour}\"/>", once(&marks.fills));
        }
        for (width, lines) in &marks.lines {
            let look = line_look(colour, width * size);
            inner += &format!("<path d=\"{}\" {look}/>", once(lines));
        }
        let tile = picture.keep(|id| format!("<g id=\"i{id}\">{inner}</g>"));
        let row = picture.keep(|id| {
            let uses: String = ((area.u0 / w).floor() as i64 - 1..=(area.u1 / w).ceil() as i64)
                .map(|i| {
                    let x = short(i as f64 * w * size);
                    format!("<use href=\"#i{tile}\" x=\"{x}\"/>")
                })
                .collect();
            format!("<g id=\"i{id}\">{uses}</g>")
        });
        picture.group(&format!("transform=\"matrix({matrix})\""), |p| {
            for i in (area.v0 / h).floor() as i64 - 1..=(area.v1 / h).ceil() as i64 {
                let y = short(i as f64 * h * size);
                p.raw(&format!("<use href=\"#i{row}\" y=\"{y}\"/>"));
            }
        });
    }

    /// After how much the pattern comes again, across and down.
    fn period(self) -> (f64, f64) {
        let root = 3f64.sqrt() / 2.0;
        match self {
            Self::Seigaiha => (1.0, 0.5),
            Self::Asanoha | Self::Uroko | Self::Kikko => (0.5, root),
            Self::Shippo => (0.5, 0.5),
            Self::Yagasuri => (1.0, 1.24),
            Self::Tatewaku => (0.5, 1.1),
            Self::Mameshibori => (0.5, 0.5),
            _ => (1.0, 1.0),
        }
    }
}

fn line_look(colour: Rgb, width: f64) -> String {
    format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\"", short(width))
}

/// The matrix of a warp that bends nothing (for tiles of 100), if it is one.
fn flat(a: Area, warp: &dyn Fn(Pt) -> Pt) -> Option<String> {
    let origin = warp(pt(0.0, 0.0));
    let (x, y) = (warp(pt(1.0, 0.0)) - origin, warp(pt(0.0, 1.0)) - origin);
    let probes = [(0.0, 0.0), (0.31, 0.77), (0.5, 0.5), (0.83, 0.24), (1.0, 1.0), (0.1, 0.93)];
    let straight = probes.iter().all(|(s, t)| {
        let q = pt(a.u0 + (a.u1 - a.u0) * s, a.v0 + (a.v1 - a.v0) * t);
        let off = warp(q) - (origin + x * q.x + y * q.y);
        off.x.hypot(off.y) < 0.05
    });
    let part = |v: f64| {
        let text = format!("{v:.5}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    straight.then(|| {
        [x.x, x.y, y.x, y.y]
            .map(|v| part(v / 100.0))
            .into_iter()
            .chain([part(origin.x), part(origin.y)])
            .collect::<Vec<_>>()
            .join(" ")
    })
}

/// A rectangle of the pattern's plane, in repeats.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    pub u0: f64,
    pub v0: f64,
    pub u1: f64,
    pub v1: f64,
}

impl Area {
    /// The part that can be seen through a window, on a face that is flat.
    fn seen(self, window: Bounds, warp: &dyn Fn(Pt) -> Pt) -> Self {
        let origin = warp(pt(0.0, 0.0));
        let (x, y) = (warp(pt(1.0, 0.0)) - origin, warp(pt(0.0, 1.0)) - origin);
        let turn = x.x * y.y - x.y * y.x;
        let back = |p: Pt| {
            let q = p - origin;
            pt((q.x * y.y - q.y * y.x) / turn, (q.y * x.x - q.x * x.y) / turn)
        };
        let (a, b) = (window.low, window.high);
        let corners = [a, pt(b.x, a.y), b, pt(a.x, b.y)].map(back);
        let seen = Curve::line(&corners).bounds();
        Self {
            u0: self.u0.max(seen.low.x),
            v0: self.v0.max(seen.low.y),
            u1: self.u1.min(seen.high.x),
            v1: self.v1.min(seen.high.y),
        }
    }
}

pub const fn area(u0: f64, v0: f64, u1: f64, v1: f64) -> Area {
    Area { u0, v0, u1, v1 }
}
