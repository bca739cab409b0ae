//! A picture as a shop owner hands it in: SVG, PNG or JPEG.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use resvg::{tiny_skia, usvg};
use sha2::{Digest, Sha256};

use crate::Shop;

/// Largest file, in bytes.
const MAX_BYTES: u64 = 20 * 1024 * 1024;
/// Longest side, in pixels.
const MAX_SIDE: u32 = 12_000;
/// A picture is at most so many times as high as wide: a page shows it at a width of its own.
const MAX_RATIO: u32 = 10;
/// Groups of a drawing inside each other. Each takes its share of the stack while it is drawn, and a stack
/// that overflows ends the whole shop.
const MAX_DEPTH: usize = 100;
/// Most pixels of a PNG or JPEG. The worst that passes, 16-bit RGBA, takes 480 MB while it is decoded,
/// and two are decoded at a time at most: let the machine have a gigabyte for it, or take less large
/// originals. A drawing is bounded by its canvas (80 MB); how long it draws is not bounded. Both come
/// from the shop's owner by import, never from visitors.
const MAX_PIXELS: u64 = 60_000_000;

/// A picture that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
    /// Its width, in pixels.
    pub width: u32,
    /// Its height, in pixels.
    pub height: u32,
}

/// A picture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file cannot be read.
    #[error("cannot be read ({0})")]
    Read(#[from] std::io::Error),
    /// Too many bytes or pixels.
    #[error("is too large: at most 20 MiB, {MAX_SIDE} pixels a side and 60 million in all")]
    TooLarge,
    /// A strip that no page could show.
    #[error("is too narrow: at most {MAX_RATIO} times as high as wide")]
    TooNarrow,
    /// A drawing whose groups are nested without end.
    #[error("has more than {MAX_DEPTH} groups inside each other: flatten the drawing")]
    TooDeep,
    /// Letters, or pictures within the picture, which would be left out of what the shop shows.
    #[error(
        "holds text or an embedded picture, which would be missing in the shop: convert text to paths, and save photographs as PNG or JPEG"
    )]
    Embedded,
    /// The end of the file is missing.
    #[error("ends too early: copy the file again")]
    CutOff,
    /// Another kind of file, or a broken one.
    #[error("is not an SVG, PNG or JPEG that can be shown ({0})")]
    Unknown(String),
}

enum Kind {
    Pixels(ImageFormat),
    Vector,
}

impl Source {
    /// Reads the file at `path` and judges it, without decoding its pixels.
    pub fn read(path: &Path) -> Result<Self, PictureError> {
        let bytes = bytes(path)?;
        let (width, height) = match kind(&bytes) {
            Kind::Pixels(format) => {
                let mut decoder = decoder(&bytes, format)?;
                let (width, height) = decoder.dimensions();
                let size = if lies(orientation(&mut decoder)) { (height, width) } else { (width, height) };
                if !is_whole(&bytes, format) {
                    return Err(PictureError::CutOff);
                }
                size
            }
            Kind::Vector => {
                let size = vector(&bytes)?.size().to_int_size();
                (size.width(), size.height())
            }
        };
        if width == 0 || height == 0 {
            return Err(PictureError::Unknown("it has no size".to_owned()));
        }
        if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(PictureError::TooLarge);
        }
        if height > width * MAX_RATIO {
            return Err(PictureError::TooNarrow);
        }
        let hash = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { hash, width, height })
    }

    /// Copies the file at `path` into the media folder of `shop`, unless it is there.
    pub fn keep(&self, shop: &Shop, path: &Path) -> std::io::Result<()> {
        keep_as(shop, path, &self.hash)
    }
}

/// Where the source called `name` (a hash, or the name of a fixed picture) stands.
pub fn path(shop: &Shop, name: &str) -> PathBuf {
    shop.media_dir().join("source").join(name)
}

/// Copies the file at `path` into the media folder under `name`, unless it is there.
pub fn keep_as(shop: &Shop, path: &Path, name: &str) -> std::io::Result<()> {
    let kept = self::path(shop, name);
    if kept.exists() {
        return Ok(());
    }
    let folder = shop.media_dir().join("source");
    std::fs::create_dir_all(&folder)?;
    let unfinished = folder.join(format!(".{name}-{:016x}", u64::from_ne_bytes(shop.entropy.bytes())));
    std::fs::copy(path, &unfinished)?;
    std::fs::rename(&unfinished, &kept)
}

/// The picture in the file at `path`, `width` pixels wide or its own width if that is less; a
/// drawing is drawn at any width.
pub fn pixels(path: &Path, width: u32) -> Result<DynamicImage, PictureError> {
    let bytes = bytes(path)?;
    match kind(&bytes) {
        Kind::Pixels(format) => {
            let mut decoder = decoder(&bytes, format)?;
            let orientation = orientation(&mut decoder);
            let mut image =
                DynamicImage::from_decoder(decoder).map_err(|error| PictureError::Unknown(error.to_string()))?;
            image.apply_orientation(orientation);
            Ok(narrowed(on_white(image), width))
        }
        Kind::Vector => draw(&vector(&bytes)?, width),
    }
}

fn decoder(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder + '_, PictureError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| match error {
        image::ImageError::Limits(_) => PictureError::TooLarge,
        error => PictureError::Unknown(error.to_string()),
    })
}

/// How the camera was held, as the photograph says (EXIF); upright when it says nothing.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

/// Whether what is stored lies on its side.
fn lies(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

/// `image` scaled down to `width`; never up.
pub fn narrowed(image: DynamicImage, width: u32) -> DynamicImage {
    if image.width() <= width {
        return image;
    }
    let height = u64::from(image.height()) * u64::from(width) / u64::from(image.width());
    let height = u32::try_from(height).unwrap_or(MAX_SIDE).max(1);
    image.resize_exact(width, height, image::imageops::FilterType::CatmullRom)
}

/// Pages show pictures without see-through parts, which would turn black in the dark look.
fn on_white(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    let mut ground = image::RgbaImage::from_pixel(image.width(), image.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut ground, &image.to_rgba8(), 0, 0);
    DynamicImage::ImageRgba8(ground)
}

fn draw(tree: &usvg::Tree, width: u32) -> Result<DynamicImage, PictureError> {
    let size = tree.size().to_int_size().scale_to_width(width).ok_or(PictureError::TooLarge)?;
    if size.height() > MAX_SIDE {
        return Err(PictureError::TooLarge);
    }
    let mut canvas = tiny_skia::Pixmap::new(size.width(), size.height()).ok_or(PictureError::TooLarge)?;
    canvas.fill(tiny_skia::Color::WHITE);
    let (x, y) = (as_f32(size.width()) / tree.size().width(), as_f32(size.height()) / tree.size().height());
    resvg::render(tree, tiny_skia::Transform::from_scale(x, y), &mut canvas.as_mut());
    let rgb = canvas.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let image = image::RgbImage::from_raw(size.width(), size.height(), rgb).ok_or(PictureError::TooLarge)?;
    Ok(DynamicImage::ImageRgb8(image))
}

/// Sides are at most 12,000 and so exact in an `f32`.
fn as_f32(side: u32) -> f32 {
    f32::from(u16::try_from(side).unwrap_or(u16::MAX))
}

fn bytes(path: &Path) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    // Opening a pipe would wait for somebody who writes into it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(PictureError::Unknown("it is no file".to_owned()));
    }
    std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES { Err(PictureError::TooLarge) } else { Ok(bytes) }
}

fn kind(bytes: &[u8]) -> Kind {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Kind::Pixels(ImageFormat::Png)
    } else if bytes.starts_with(b"\xFF\xD8\xFF") {
        Kind::Pixels(ImageFormat::Jpeg)
    } else {
        Kind::Vector
    }
}

/// Whether the mark is there that ends the picture; some cameras write more after it. A photograph that
/// carries a small one of its own passes by the mark of that.
fn is_whole(bytes: &[u8], format: ImageFormat) -> bool {
    let end: &[u8] = if format == ImageFormat::Png { b"IEND" } else { b"\xFF\xD9" };
    bytes.windows(end.len()).any(|here| here == end)
}

fn vector(bytes: &[u8]) -> Result<usvg::Tree, PictureError> {
    let options = usvg::Options {
        // A drawing must not pull other files of this machine into itself.
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..usvg::Options::default()
    };
    // Before it is made a tree, which goes down into it as well; and after, for `use` repeats what is deep.
    let elements = elements(bytes);
    if elements.deepest > MAX_DEPTH {
        return Err(PictureError::TooDeep);
    }
    if elements.embedded {
        return Err(PictureError::Embedded);
    }
    let tree = usvg::Tree::from_data(bytes, &options).map_err(|error| PictureError::Unknown(error.to_string()))?;
    if deeper_than(MAX_DEPTH, tree.root()) { Err(PictureError::TooDeep) } else { Ok(tree) }
}

/// What the elements of a drawing are like, as far as the XML can be read.
#[derive(Default)]
struct Elements {
    /// How many stand inside each other at most.
    deepest: usize,
    /// Whether there is one that is not drawn here.
    embedded: bool,
}

fn elements(bytes: &[u8]) -> Elements {
    let mut found = Elements::default();
    let Ok(text) = std::str::from_utf8(bytes) else { return found };
    // As usvg reads it: older programs begin their drawings with a document type.
    let reading = usvg::roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let Ok(document) = usvg::roxmltree::Document::parse_with_options(text, reading) else { return found };
    let mut open = vec![(document.root(), 0_usize)];
    while let Some((node, depth)) = open.pop() {
        found.deepest = found.deepest.max(depth);
        found.embedded |= matches!(node.tag_name().name(), "text" | "image" | "feImage" | "foreignObject");
        open.extend(node.children().filter(usvg::roxmltree::Node::is_element).map(|child| (child, depth + 1)));
    }
    found
}

/// Whether groups stand more than `most` deep inside each other, those of clips and masks among them.
fn deeper_than(most: usize, group: &usvg::Group) -> bool {
    group.children().iter().any(|node| {
        let inside = |inner: &usvg::Group| most == 0 || deeper_than(most - 1, inner);
        let mut deep = matches!(node, usvg::Node::Group(inner) if inside(inner));
        node.subroots(|inner| deep = deep || inside(inner));
        deep
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(name: &str, bytes: &[u8]) -> Result<Source, PictureError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Source::read(&path)
    }

    fn drawing(size: &str, inside: &str) -> String {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" {size}>{inside}</svg>"#)
    }

    /// A JPEG, 40 × 20, red on its left half, with what a camera writes about how it was held (EXIF 2.3, 4.6.4).
    fn photograph(held: u8) -> Vec<u8> {
        let image = image::RgbImage::from_fn(40, 20, |x, _| image::Rgb(if x < 20 { [255, 0, 0] } else { [0, 0, 255] }));
        let mut jpeg = Vec::new();
        image.write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg).unwrap();
        let exif =
            [b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[held, 0, 0, 0, 0, 0, 0]].concat();
        let len = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], b"\xFF\xE1", &len, &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_photograph_stands_upright_however_the_camera_was_held() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("photo.jpg");
        // Where red is then: 1 upright, 3 upside down, 6 and 8 on its sides.
        for (held, size, red_at) in
            [(1, (40, 20), (5, 10)), (3, (40, 20), (35, 10)), (6, (20, 40), (10, 5)), (8, (20, 40), (10, 35))]
        {
            std::fs::write(&path, photograph(held)).unwrap();
            let source = Source::read(&path).unwrap();
            assert_eq!((source.width, source.height), size, "{held}");
            let shown = pixels(&path, 400).unwrap().to_rgb8();
            assert_eq!(shown.dimensions(), size, "{held}");
            let [red, _, blue] = shown.get_pixel(red_at.0, red_at.1).0;
            assert!(red > 200 && blue < 60, "{held}: {red} {blue}");
        }
    }

    #[test]
    fn a_drawing_with_letters_or_pictures_in_it_is_refused_since_they_would_be_missing() {
        for inside in ["<text>hi</text>", "<g><image href=\"data:image/png;base64,AA==\"/></g>", "<foreignObject/>"] {
            let judged = judged("letters.svg", drawing("width=\"10\" height=\"10\"", inside).as_bytes());
            assert!(matches!(judged, Err(PictureError::Embedded)), "{inside}");
        }
        let letters = drawing("width=\"10\" height=\"10\"", "&letters;");
        let old = format!("<!DOCTYPE svg [<!ENTITY letters \"<text>hi</text>\">]>{letters}");
        assert!(matches!(judged("old.svg", old.as_bytes()), Err(PictureError::Embedded)));
        assert!(
            judged(
                "fine.svg",
                drawing("width=\"10\" height=\"10\"", "<title>text</title><path d=\"M0 0h9\"/>").as_bytes()
            )
            .is_ok()
        );
    }

    #[test]
    fn a_drawing_nested_without_end_is_refused_before_it_is_drawn() {
        let rect = r#"<rect width="9" height="9"/>"#;
        let nested = |times: usize| {
            let groups = r#"<g opacity="0.9">"#.repeat(times) + rect + &"</g>".repeat(times);
            judged("deep.svg", drawing(r#"width="9" height="9""#, &groups).as_bytes())
        };
        nested(50).unwrap();
        for times in [120, 900, 20_000] {
            assert!(matches!(nested(times), Err(PictureError::TooDeep)), "{times}");
        }
        // Flat as text, deep once each use is what it names.
        let link = |n: usize| format!(r##"<g id="g{n}" opacity="0.9"><use href="#g{}"/></g>"##, n + 1);
        let chain: String = (0..150).map(link).collect();
        let last = format!(r#"<g id="g150">{rect}</g>"#);
        let used = drawing(r#"width="9" height="9""#, &format!("<defs>{chain}{last}</defs><use href=\"#g0\"/>"));
        assert!(matches!(judged("used.svg", used.as_bytes()), Err(PictureError::TooDeep)));
    }

    #[test]
    fn what_no_page_could_show_is_refused() {
        let strip = drawing(r#"width="1" height="11""#, "");
        assert!(matches!(judged("strip.svg", strip.as_bytes()), Err(PictureError::TooNarrow)));
        let mut png = Cursor::new(Vec::new());
        image::RgbImage::new(40, 40).write_to(&mut png, ImageFormat::Png).unwrap();
        let png = png.into_inner();
        judged("whole.png", &png).unwrap();
        assert!(matches!(judged("cut.png", &png[..png.len() - 20]), Err(PictureError::CutOff)));
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Source::read(dir.path()), Err(PictureError::Unknown(_))), "a folder is no picture");
    }
}
