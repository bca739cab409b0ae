//! A picture under construction: definitions on one side, shapes on the other.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    geometry::{Bounds, Curve, Pt, pt},
    palette::Rgb,
};

pub struct Picture {
    pub width: f64,
    pub height: f64,
    defs: String,
    body: String,
    ids: usize,
    blurs: Vec<(u32, usize)>,
    /// What can be seen at all of what is drawn next.
    window: Bounds,
    zoom: f64,
}

/// A stop of a gradient: where, which colour, how opaque.
pub type Stop = (f64, Rgb, f64);

impl Picture {
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            defs: String::new(),
            body: String::new(),
            ids: 0,
            blurs: Vec::new(),
            window: Bounds { low: pt(0.0, 0.0), high: pt(width, height) },
            zoom: 1.0,
        }
    }

    pub fn finish(self) -> String {
        let (defs, body) = share_outlines(&self.defs, &self.body);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n<defs>{defs}</defs>\n{body}</svg>\n",
            w = self.width,
            h = self.height
        )
    }

    fn id(&mut self) -> usize {
        self.ids += 1;
        self.ids
    }

    pub fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
        self.body.push('\n');
    }

    pub fn path(&mut self, d: &str, attributes: &str) {
        let _ = writeln!(self.body, "<path d=\"{d}\" {attributes}/>");
    }

    pub fn fill(&mut self, curve: &Curve, paint: &str) {
        self.path(&curve.data(), &format!("fill=\"{paint}\""));
    }

    pub fn tint(&mut self, curve: &Curve, colour: Rgb, opacity: f64) {
        let paint = format!("fill=\"{colour}\" fill-opacity=\"{}\"", short(opacity));
        self.path(&curve.data(), &paint);
    }

    pub fn stroke(&mut self, curve: &Curve, colour: Rgb, width: f64, opacity: f64) {
        let look = format!(
            "fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\" stroke-opacity=\"{}\"",
            short(width),
            short(opacity)
        );
        self.path(&curve.data(), &look);
    }

    pub fn group(&mut self, attributes: &str, draw: impl FnOnce(&mut Self)) {
        let outer = self.window;
        if attributes.contains("transform") {
            self.window = Bounds::EVERYTHING;
        }
        let _ = writeln!(self.body, "<g {attributes}>");
        draw(self);
        self.body.push_str("</g>\n");
        self.window = outer;
    }

    /// A group that is moved and scaled; what falls outside the picture is left out.
    pub fn scaled(&mut self, zoom: f64, by: Pt, draw: impl FnOnce(&mut Self)) {
        let attributes = format!("transform=\"matrix({z} 0 0 {z} {} {})\"", short(by.x), short(by.y), z = short(zoom));
        let seen = Bounds { low: (self.window.low - by) * (1.0 / zoom), high: (self.window.high - by) * (1.0 / zoom) };
        let outer = self.zoom;
        self.group(&attributes, |p| {
            p.window = seen;
            p.zoom = outer * zoom;
            draw(p);
        });
        self.zoom = outer;
    }

    /// How many steps to a pixel are worth writing down for small things.
    pub fn fineness(&self) -> f64 {
        if self.zoom > 1.3 { 10.0 } else { 1.0 }
    }

    /// How much closer than usual we look.
    pub fn zoom(&self) -> f64 {
        self.zoom
    }

    pub fn window(&self) -> Bounds {
        self.window
    }

    /// Whether a curve can be seen through the clips it is drawn under.
    pub fn shows(&self, curve: &Curve) -> bool {
        self.window.meets(curve.bounds())
    }

    pub fn shows_point(&self, p: Pt) -> bool {
        self.window.meets(Bounds { low: p, high: p })
    }

    /// Draws something once, to be placed again and again with [`Self::place`].
    pub fn once(&mut self, draw: impl FnOnce(&mut Self)) -> usize {
        let outer = std::mem::take(&mut self.body);
        let window = std::mem::replace(&mut self.window, Bounds::EVERYTHING);
        draw(self);
        let inner = std::mem::replace(&mut self.body, outer);
        self.window = window;
        self.keep(|id| format!("<g id=\"i{id}\">{inner}</g>"))
    }

    pub fn place(&mut self, id: usize, at: Pt) {
        let (x, y) = (short(at.x), short(at.y));
        let _ = writeln!(self.body, "<use href=\"#i{id}\" x=\"{x}\" y=\"{y}\"/>");
    }

    /// Keeps markup for repeated use and gives back its name.
    pub fn keep(&mut self, markup: impl FnOnce(usize) -> String) -> usize {
        let id = self.id();
        let kept = markup(id);
        self.defs.push_str(&kept);
        id
    }

    pub fn clipped(&mut self, outline: &Curve, draw: impl FnOnce(&mut Self)) {
        let id = self.id();
        let _ = write!(self.defs, "<clipPath id=\"i{id}\"><path d=\"{}\"/></clipPath>", outline.data());
        let seen = self.window.shared(outline.bounds());
        self.group(&format!("clip-path=\"url(#i{id})\""), |p| {
            p.window = seen;
            draw(p);
        });
    }

    /// A group softened by a Gaussian blur.
    pub fn blurred(&mut self, deviation: f64, draw: impl FnOnce(&mut Self)) {
        let key = (deviation * 10.0) as u32;
        let id = match self.blurs.iter().find(|(d, _)| *d == key) {
            Some((_, id)) => *id,
            None => {
                let id = self.id();
                let _ = write!(
                    self.defs,
                    "<filter id=\"i{id}\" x=\"-50%\" y=\"-50%\" width=\"200%\" height=\"200%\"><feGaussianBlur stdDeviation=\"{}\"/></filter>",
                    short(deviation)
                );
                self.blurs.push((key, id));
                id
            }
        };
        self.group(&format!("filter=\"url(#i{id})\""), draw);
    }

    pub fn linear(&mut self, from: (f64, f64), to: (f64, f64), stops: &[Stop]) -> String {
        let id = self.id();
        let _ = write!(
            self.defs,
            "<linearGradient id=\"i{id}\" gradientUnits=\"userSpaceOnUse\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\">{}</linearGradient>",
            short(from.0),
            short(from.1),
            short(to.0),
            short(to.1),
            stop_list(stops)
        );
        format!("url(#i{id})")
    }

    /// A radial gradient whose circle may be flattened to an oval (`ry`).
    pub fn radial(&mut self, centre: (f64, f64), rx: f64, ry: f64, stops: &[Stop]) -> String {
        let id = self.id();
        let _ = write!(
            self.defs,
            "<radialGradient id=\"i{id}\" gradientUnits=\"userSpaceOnUse\" cx=\"0\" cy=\"0\" r=\"1\" gradientTransform=\"matrix({} 0 0 {} {} {})\">{}</radialGradient>",
            short(rx),
            short(ry),
            short(centre.0),
            short(centre.1),
            stop_list(stops)
        );
        format!("url(#i{id})")
    }

    /// A tile repeated over the plane.
    pub fn tile(&mut self, w: f64, h: f64, transform: &str, inner: &str) -> String {
        let id = self.id();
        let _ = write!(
            self.defs,
            "<pattern id=\"i{id}\" patternUnits=\"userSpaceOnUse\" width=\"{}\" height=\"{}\" patternTransform=\"{transform}\">{inner}</pattern>",
            short(w),
            short(h)
        );
        format!("url(#i{id})")
    }
}

/// Outlines that are drawn more than once are written once and used by name.
fn share_outlines(defs: &str, body: &str) -> (String, String) {
    const START: &str = "<path d=\"";
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for text in [defs, body] {
        for piece in text.split(START).skip(1) {
            if let Some((d, _)) = piece.split_once('"') {
                *seen.entry(d).or_default() += 1;
            }
        }
    }
    let shared: Vec<&str> = seen.into_iter().filter(|(d, times)| *times > 1 && d.len() > 60).map(|(d, _)| d).collect();
    let rewrite = |text: &str| {
        let mut pieces = text.split(START);
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let known = piece.split_once('"').and_then(|(d, rest)| shared.binary_search(&d).ok().map(|i| (i, rest)));
            match known {
                Some((i, rest)) => {
                    let _ = write!(out, "<use href=\"#p{i}\"{rest}");
                }
                None => {
                    out.push_str(START);
                    out.push_str(piece);
                }
            }
        }
        out
    };
    let mut kept = String::new();
    for (i, d) in shared.iter().enumerate() {
        let _ = write!(kept, "<path id=\"p{i}\" d=\"{d}\"/>");
    }
    (kept + &rewrite(defs), rewrite(body))
}

fn stop_list(stops: &[Stop]) -> String {
    stops
        .iter()
        .map(|(at, colour, opacity)| {
            let veil = if *opacity < 1.0 { format!(" stop-opacity=\"{}\"", short(*opacity)) } else { String::new() };
            format!("<stop offset=\"{}\" stop-color=\"{colour}\"{veil}/>", short(*at))
        })
        .collect()
}

/// A number as short as three decimals allow.
pub fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}
