//! Traditional colours by name, and the greys that light and shadow are made of.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Rgb {
    pub fn mix(self, other: Self, share: f64) -> Self {
        let part = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share) as u8;
        Self(part(self.0, other.0), part(self.1, other.1), part(self.2, other.2))
    }

    pub fn lighter(self, share: f64) -> Self {
        self.mix(WHITE, share)
    }

    pub fn darker(self, share: f64) -> Self {
        self.mix(SHADE, share)
    }

    pub fn luma(self) -> f64 {
        (0.3 * f64::from(self.0) + 0.59 * f64::from(self.1) + 0.11 * f64::from(self.2)) / 255.0
    }
}

pub const WHITE: Rgb = Rgb(255, 255, 255);
/// Warm black of shadows.
pub const SHADE: Rgb = Rgb(38, 28, 20);
/// Shadows are pure black, thinly laid: any hue would break up in their faint edges.
pub const UMBRA: Rgb = Rgb(0, 0, 0);
/// Undyed white of cotton and porcelain.
pub const COTTON: Rgb = Rgb(247, 243, 233);
pub const PORCELAIN: Rgb = Rgb(244, 243, 238);
pub const PAPER: Rgb = Rgb(250, 247, 240);
pub const HINOKI: Rgb = Rgb(226, 195, 148);
pub const CEDAR: Rgb = Rgb(150, 104, 66);
pub const BAMBOO: Rgb = Rgb(203, 172, 112);
pub const STEEL: Rgb = Rgb(188, 190, 190);
pub const COPPER: Rgb = Rgb(196, 118, 78);
pub const CLAY: Rgb = Rgb(176, 138, 104);
pub const SEAL: Rgb = Rgb(193, 66, 45);
pub const INDIGO: Rgb = Rgb(38, 62, 104);
pub const TEA: Rgb = Rgb(150, 160, 62);

/// A dye of cloth and paper.
pub fn dye(name: &str) -> Rgb {
    match name {
        "ai" => INDIGO,
        "shu" => Rgb(201, 74, 48),
        "matsu" => Rgb(66, 96, 66),
        "yama" => Rgb(222, 160, 38),
        "sumi" => Rgb(56, 54, 53),
        "sakura" => Rgb(226, 164, 166),
        "kinari" => Rgb(225, 211, 184),
        "asagi" => Rgb(98, 158, 166),
        "fuji" => Rgb(132, 116, 164),
        "suo" => Rgb(132, 52, 54),
        "shiro" => Rgb(240, 236, 226),
        "seiji" => Rgb(168, 192, 174),
        "ame" => Rgb(150, 86, 38),
        "kuri" => Rgb(128, 82, 50),
        _ => Rgb(120, 116, 110),
    }
}

/// The same name as a glaze: a little greyer and deeper than the dye.
pub fn glaze(name: &str) -> Rgb {
    match name {
        "shiro" => Rgb(236, 231, 219),
        "sumi" => Rgb(62, 59, 57),
        "ame" => Rgb(146, 84, 40),
        "ai" => Rgb(58, 80, 112),
        "matsu" => Rgb(88, 108, 82),
        "suo" => Rgb(140, 66, 50),
        other => dye(other),
    }
}

/// What the undyed parts of a pattern look like beside this dye.
pub fn reserve(dye: Rgb) -> Rgb {
    if dye.luma() > 0.78 { Rgb(176, 152, 116) } else { COTTON.mix(dye, 0.05) }
}

/// Paper-coloured grounds, a little different for each category.
pub fn ground(name: &str) -> Rgb {
    match name {
        "tenugui" => Rgb(236, 229, 216),
        "noren" => Rgb(234, 228, 217),
        "furoshiki" => Rgb(233, 225, 211),
        "utsuwa" => Rgb(229, 222, 210),
        "kitchen" => Rgb(228, 224, 214),
        "paper" => Rgb(231, 223, 208),
        "scent" => Rgb(227, 221, 214),
        _ => Rgb(234, 226, 208),
    }
}
