//! Pictures: their sources, and the AVIF and WebP files that pages show.
//!
//! Sources stand in `media/source/` of the data folder under the SHA-256 of their bytes, or under
//! one of the [`FIXED`] names. A page asks for `/media/{name}-{width}.{avif|webp}` with a width of
//! [`WIDTHS`] (for fixed names also [`WIDE`]). What is not there yet is made: WebP at once, AVIF,
//! which takes longer, in the background while the WebP is shown instead.
//!
//! The home page's pictures are `/media/home-{width}.webp` (16:9) and `/media/home-tall-{width}.webp`,
//! and the same with `.avif`.

mod maker;
mod source;

use std::path::PathBuf;

use crate::Shop;

pub use maker::{Answer, Maker, make_avif};
pub use source::{PictureError, Source, keep_as};

/// The widths that pages choose from, in pixels.
pub const WIDTHS: [u32; 3] = [400, 800, 1200];
/// A further width, for pictures that fill the window.
pub const WIDE: u32 = 1600;
/// Pictures with a name instead of a hash: the home page's, lying and upright.
pub const FIXED: [&str; 2] = ["home", "home-tall"];

/// A format that pages show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Smallest, slow to make.
    Avif,
    /// For every browser of the last years, quick to make.
    WebP,
}

impl Format {
    /// Its media type.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Avif => "image/avif",
            Self::WebP => "image/webp",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Avif => "avif",
            Self::WebP => "webp",
        }
    }
}

/// One file that a page may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    name: String,
    width: u32,
    format: Format,
}

impl Wanted {
    /// Reads a file name such as `{hash}-800.webp`; `None` for anything else.
    pub fn parse(file: &str) -> Option<Self> {
        let (stem, ending) = file.rsplit_once('.')?;
        let format = [Format::Avif, Format::WebP].into_iter().find(|format| format.ending() == ending)?;
        let (name, width) = stem.rsplit_once('-')?;
        let fixed = FIXED.contains(&name);
        let hash = name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let width = WIDTHS.into_iter().chain(fixed.then_some(WIDE)).find(|known| known.to_string() == width)?;
        (fixed || hash).then(|| Self { name: name.to_owned(), width, format })
    }

    /// The same picture as WebP.
    pub fn as_webp(&self) -> Self {
        Self { format: Format::WebP, ..self.clone() }
    }

    /// Its file name.
    pub fn file(&self) -> String {
        format!("{}-{}.{}", self.name, self.width, self.format.ending())
    }

    /// Its format.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether the name is a hash, so that what is behind it never changes.
    pub fn is_immutable(&self) -> bool {
        !FIXED.contains(&self.name.as_str())
    }

    fn path(&self, shop: &Shop) -> PathBuf {
        shop.media_dir().join(self.file())
    }
}

/// The widths that `name` is made in.
fn widths(name: &str) -> impl Iterator<Item = u32> {
    WIDTHS.into_iter().chain(FIXED.contains(&name).then_some(WIDE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn only_known_widths_formats_and_names_are_understood() {
        let hash = "a".repeat(64);
        assert!(Wanted::parse(&format!("{hash}-800.webp")).is_some());
        assert!(Wanted::parse("home-tall-1600.avif").is_some());
        for file in [
            format!("{hash}-801.webp"),
            format!("{hash}-0800.webp"),
            format!("{hash}-1600.webp"),
            format!("{hash}-800.svg"),
            format!("{hash}.webp"),
            format!("{}-800.webp", "A".repeat(64)),
            "../../etc/passwd-800.webp".to_owned(),
            String::new(),
        ] {
            assert_eq!(Wanted::parse(&file), None, "{file}");
        }
    }

    #[tokio::test]
    async fn a_drawing_is_shown_as_webp_at_once_and_as_avif_after_a_while() {
        let shop = testing::sqlite().await;
        let drawing = shop.data.join("square.svg");
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='200'><rect width='300' height='200' fill='#12345f'/></svg>";
        std::fs::write(&drawing, svg).unwrap();
        let source = Source::read(&drawing).unwrap();
        assert_eq!((source.width, source.height), (300, 200));
        source.keep(&shop, &drawing).unwrap();

        let (maker, mut queue) = Maker::new(&shop);
        let avif = Wanted::parse(&format!("{}-400.avif", source.hash)).unwrap();
        assert!(matches!(maker.get(&avif).await.unwrap(), Answer::Later));
        let Answer::File(webp) = maker.get(&avif.as_webp()).await.unwrap() else { panic!("no WebP") };
        assert_eq!(image::load_from_memory(&webp).unwrap().width(), 400);
        make_avif(&shop, &queue.try_recv().unwrap()).await.unwrap();
        assert!(matches!(maker.get(&avif).await.unwrap(), Answer::File(_)));
        let unknown = Wanted::parse(&format!("{}-400.webp", "0".repeat(64))).unwrap();
        assert!(matches!(maker.get(&unknown).await.unwrap(), Answer::Unknown));
    }

    #[test]
    fn what_is_no_picture_is_refused_with_a_reason() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.png");
        for bytes in [&b"GIF89a"[..], b"", b"\x89PNG\r\n\x1a\nbroken", b"<svg xmlns='http://www.w3.org/2000/svg'"] {
            std::fs::write(&file, bytes).unwrap();
            assert!(matches!(Source::read(&file), Err(PictureError::Unknown(_))), "{bytes:?}");
        }
    }
}
