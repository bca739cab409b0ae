//! One row of `scenes.csv`: what is drawn into which file.

use crate::{
    palette::{Rgb, dye},
    patterns::Pattern,
    table,
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrangement {
    Hero,
    Use,
    Detail,
    Wide,
    Tall,
}

#[derive(Clone, Debug)]
pub struct Scene {
    pub file: String,
    pub object: String,
    pub arrangement: Arrangement,
    pub patterns: Vec<Pattern>,
    pub colours: Vec<String>,
    pub size: String,
    pub ground: String,
    pub note: String,
}

impl Scene {
    pub fn pattern(&self) -> Pattern {
        self.patterns[0]
    }

    pub fn colour_name(&self) -> &str {
        &self.colours[0]
    }

    pub fn colour(&self) -> Rgb {
        dye(&self.colours[0])
    }

    /// The nth colour of the product, going round when there are fewer.
    pub fn colour_at(&self, index: usize) -> Rgb {
        dye(&self.colours[index % self.colours.len()])
    }

    pub fn pattern_at(&self, index: usize) -> Pattern {
        self.patterns[index % self.patterns.len()]
    }

    /// A seed of its own for every file, so that no two textures repeat.
    pub fn seed(&self) -> u64 {
        self.file.bytes().fold(1469, |seed, byte| (seed * 31 + u64::from(byte)) % 1_000_003)
    }
}

pub fn scenes(text: &str) -> Result<Vec<Scene>, String> {
    table::rows(text).into_iter().skip(1).map(|row| read(&row)).collect()
}

fn read(row: &[String]) -> Result<Scene, String> {
    let [file, object, arrangement, patterns, colours, size, ground, note] = row else {
        return Err(format!("eight cells expected, {} found", row.len()));
    };
    let arrangement = match arrangement.as_str() {
        "hero" => Arrangement::Hero,
        "use" => Arrangement::Use,
        "detail" => Arrangement::Detail,
        "wide" => Arrangement::Wide,
        "tall" => Arrangement::Tall,
        other => return Err(format!("{file}: no arrangement is called {other}")),
    };
    Ok(Scene {
        file: file.clone(),
        object: object.clone(),
        arrangement,
        patterns: patterns.split('+').map(Pattern::named).collect::<Result<_, _>>()?,
        colours: colours.split('+').map(str::to_owned).collect(),
        size: size.clone(),
        ground: ground.clone(),
        note: note.clone(),
    })
}
