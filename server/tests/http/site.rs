//! A page names the files of the built site as they lie in its folder.

use noren_server::config::Flags;

use crate::fixture::TestApp;

#[tokio::test]
async fn a_site_folder_without_anything_beside_the_binary_gives_style_and_wakes_the_page() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir(site.path().join("pkg")).unwrap();
    for file in ["noren.c1.css", "noren.j1.js", "noren.w1.wasm"] {
        std::fs::write(site.path().join("pkg").join(file), file).unwrap();
    }
    let app =
        TestApp::start_with(Flags { site: Some(site.path().to_string_lossy().into_owned()), ..Flags::default() }).await;
    let mut browser = app.browser();
    let page = browser.get("/help").await;
    let sheet = page.between("rel=\"stylesheet\" href=\"", "\"").unwrap().to_owned();
    assert_eq!(browser.get(&sheet).await.body, "noren.c1.css");
    for file in ["noren.j1.js", "noren.w1.wasm"] {
        assert!(page.body.contains(&format!("href=\"/pkg/{file}\"")), "{file} is loaded ahead");
        assert_eq!(browser.get(&format!("/pkg/{file}")).await.body, file);
    }
    let script = page.between("<script type=\"module\"", "</script>").unwrap();
    assert!(script.contains("import(\"/pkg/noren.j1.js\")") && script.contains("\"/pkg/noren.w1.wasm\""), "{script}");
    // Pages that a layer writes have the same style.
    let refused = browser.get("/media/none").await;
    assert!(refused.body.contains("/pkg/noren.c1.css"), "{}", refused.body);
}
