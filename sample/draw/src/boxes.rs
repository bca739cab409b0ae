//! Boxes, books, boards: straight things seen from above one corner.

use crate::{
    geometry::{Curve, Pt, pt},
    light,
    palette::{Rgb, SHADE, WHITE},
    svg::Picture,
};

/// A slanting view of the table. x runs right, y runs towards us, z up.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    pub origin: Pt,
    pub scale: f64,
    pub yaw: f64,
    pub k: f64,
}

impl Camera {
    pub fn at(self, x: f64, y: f64, z: f64) -> Pt {
        let p = pt(x, y).turned(self.yaw);
        let rise = (1.0 - self.k * self.k).sqrt();
        self.origin + pt(p.x * self.scale, (p.y * self.k - z * rise) * self.scale)
    }

    pub fn face(self, corners: &[(f64, f64, f64)]) -> Curve {
        let points: Vec<Pt> = corners.iter().map(|c| self.at(c.0, c.1, c.2)).collect();
        Curve::polygon(&points)
    }
}

/// A block with its near left bottom corner's opposite at `lo`, and sides `size`.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub lo: (f64, f64, f64),
    pub size: (f64, f64, f64),
}

impl Block {
    pub fn top(&self, camera: Camera) -> Curve {
        let ((x, y, z), (w, d, h)) = (self.lo, self.size);
        camera.face(&[(x, y, z + h), (x + w, y, z + h), (x + w, y + d, z + h), (x, y + d, z + h)])
    }

    pub fn front(&self, camera: Camera) -> Curve {
        let ((x, y, z), (w, d, h)) = (self.lo, self.size);
        camera.face(&[(x, y + d, z + h), (x + w, y + d, z + h), (x + w, y + d, z), (x, y + d, z)])
    }
}

/// Draws a block with its shadow; light falls on the top, the side is darkest.
pub fn block(picture: &mut Picture, camera: Camera, block: Block, colour: Rgb) {
    cast(picture, camera, block);
    solid(picture, camera, block, colour);
}

pub fn cast(picture: &mut Picture, camera: Camera, block: Block) {
    let ((x, y, z), (w, d, h)) = (block.lo, block.size);
    let far = h * 0.75;
    let hull = camera.face(&[
        (x, y + d, z),
        (x + w, y + d, z),
        (x + w + far, y + d + far * 0.1, z),
        (x + w + far, y + far * 0.1, z),
        (x + w, y, z),
        (x, y, z),
    ]);
    let soft = (h * camera.scale * 0.1).clamp(5.0, 18.0);
    picture.blurred(soft, |p| p.tint(&hull, SHADE, 0.34));
    let foot = camera.face(&[(x, y, z), (x + w, y, z), (x + w, y + d, z), (x, y + d, z)]);
    picture.blurred(4.0, |p| p.tint(&foot.moved(pt(3.0, 5.0)), SHADE, 0.5));
}

pub fn solid(picture: &mut Picture, camera: Camera, block: Block, colour: Rgb) {
    picture.fill(&block.front(camera), &colour.darker(0.1).to_string());
    picture.fill(&block.side_face(camera), &colour.darker(0.36).to_string());
    picture.fill(&block.top(camera), &colour.lighter(0.08).to_string());
    light_top(picture, camera, block);
    let top = block.top(camera);
    picture.stroke(&top, WHITE, 1.4, 0.35);
}

impl Block {
    /// The visible end: the right one when the view is turned clockwise.
    pub fn side_face(&self, camera: Camera) -> Curve {
        let ((x, y, z), (w, d, h)) = (self.lo, self.size);
        let x = if camera.yaw < 0.0 { x } else { x + w };
        camera.face(&[(x, y, z + h), (x, y + d, z + h), (x, y + d, z), (x, y, z)])
    }
}

fn light_top(picture: &mut Picture, camera: Camera, block: Block) {
    let ((x, y, z), (w, d, h)) = (block.lo, block.size);
    let from = camera.at(x, y, z + h);
    let to = camera.at(x + w, y + d, z + h);
    light::shade_across(picture, &block.top(camera), from, to, 0.14);
    let low = camera.at(x + w / 2.0, y + d, z);
    let high = camera.at(x + w / 2.0, y + d, z + h);
    let paint =
        picture.linear((high.x, high.y), (low.x, low.y), &[(0.0, WHITE, 0.06), (0.5, SHADE, 0.02), (1.0, SHADE, 0.22)]);
    picture.fill(&block.front(camera), &paint);
}
