//! Pictures of the sample shop, drawn from a table of scenes.
//!
//! A scene names an object, an arrangement, patterns and colours; this crate
//! turns it into a still life in SVG. The same table always gives the same
//! bytes, so the pictures can be kept beside the code that draws them.
#![forbid(unsafe_code)]

pub mod boxes;
pub mod cloth;
pub mod geometry;
pub mod lathe;
pub mod light;
pub mod objects;
pub mod palette;
pub mod patterns;
pub mod random;
pub mod scene;
pub mod svg;
pub mod table;
pub mod texture;

pub use scene::{Scene, scenes};

/// Draws one scene as a complete SVG document.
pub fn draw(scene: &Scene) -> Result<String, String> {
    objects::draw(scene)
}
