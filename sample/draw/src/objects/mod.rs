//! One file per family of goods. Each takes a scene and draws a still life.

mod books;
mod bottles;
mod bowls;
mod candles;
mod cups;
mod donabe;
mod furoshiki;
mod incense;
mod ink;
mod metal;
mod noren;
mod plates;
mod sachet;
mod sheets;
mod storefront;
mod sweets;
mod table;
mod tea;
mod teapot;
mod tenugui;
mod wood;

use crate::{geometry::pt, light, palette, scene::Scene, svg::Picture};

pub fn draw(scene: &Scene) -> Result<String, String> {
    let (w, h) = match scene.arrangement {
        crate::scene::Arrangement::Wide => (1600.0, 900.0),
        crate::scene::Arrangement::Tall => (900.0, 1200.0),
        _ => (1200.0, 1200.0),
    };
    let mut picture = Picture::new(w, h);
    light::ground(&mut picture, palette::ground(&scene.ground));
    let p = &mut picture;
    match scene.object.as_str() {
        "tenugui" => tenugui::draw(p, scene),
        "noren" => noren::draw(p, scene),
        "furoshiki" => furoshiki::draw(p, scene),
        "bowl.rice" => bowls::rice(p, scene),
        "bowl.donburi" => bowls::donburi(p, scene),
        "cup.yunomi" => cups::yunomi(p, scene),
        "cup.choko" => cups::choko(p, scene),
        "cup.mug" => cups::mug(p, scene),
        "plate" => plates::round(p, scene),
        "plate.mame" => plates::mame(p, scene),
        "teapot" => teapot::draw(p, scene),
        "knife" => metal::knife(p, scene),
        "grater" => metal::grater(p, scene),
        "ladle" => metal::ladle(p, scene),
        "chopsticks" => wood::chopsticks(p, scene),
        "board" => wood::board(p, scene),
        "tray" => wood::tray(p, scene),
        "basket" => wood::basket(p, scene),
        "donabe" => donabe::draw(p, scene),
        "notebook" => books::notebook(p, scene),
        "accordion" => books::accordion(p, scene),
        "washi" => sheets::chiyogami(p, scene),
        "letter" => sheets::letter(p, scene),
        "pochi" => sheets::pochi(p, scene),
        "fumiko" => sheets::fumiko(p, scene),
        "tape" => sheets::tape(p, scene),
        "brush" => ink::brush(p, scene),
        "inkstone" => ink::stone(p, scene),
        "incense" => incense::sticks(p, scene),
        "holder" => incense::holder(p, scene),
        "cones" => incense::cones(p, scene),
        "sachet" => sachet::draw(p, scene),
        "candle" => candles::pair(p, scene),
        "cupcandle" => candles::cup(p, scene),
        "oil" => bottles::oil(p, scene),
        "bottle" => bottles::bottle(p, scene),
        "jar" => bottles::jar(p, scene),
        "pouch" => tea::pouch(p, scene),
        "tin" => tea::tin(p, scene),
        "yokan" => sweets::yokan(p, scene),
        "higashi" => sweets::higashi(p, scene),
        "konpeito" => sweets::konpeito(p, scene),
        "storefront" => storefront::draw(p, scene),
        other => return Err(format!("{}: nobody draws a {other}", scene.file)),
    }
    Ok(picture.finish())
}

/// Looks closer: what `draw` puts round `(x, y)` fills the picture, `zoom` times larger.
fn close_up(p: &mut Picture, x: f64, y: f64, zoom: f64, draw: impl FnOnce(&mut Picture)) {
    p.scaled(zoom, pt(600.0 - x * zoom, 600.0 - y * zoom), draw);
}
