use noren_ledger::leaf::Purpose;
use serde_json::Value;

use super::super::tests::{Exported, Written, deed};
use super::*;

/// The acts of `exported` that are listed when asked like this, as lines.
fn lines(exported: &Exported, change: impl FnOnce(&mut List)) -> Vec<String> {
    let mut asked = List {
        dir: exported.folder(),
        actor: None,
        request: None,
        route: None,
        kind: None,
        from: None,
        to: None,
        json: false,
    };
    change(&mut asked);
    let mut printed = Vec::new();
    let count = listed(&asked, &mut printed).unwrap();
    let lines: Vec<String> = String::from_utf8(printed).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len() as u64, count + u64::from(!asked.json), "{lines:?}");
    lines
}

/// An operator reads one person in one call, somebody else's mail is sent, and the clock is set back.
fn exported() -> Exported {
    let (exported, mut written) = (Exported::empty(), Written::default());
    let opened = Deed {
        actor: Actor::Operator,
        actor_id: [0xab; 16],
        request: [7; 8],
        route: Route::new("order/show"),
        purpose: Some(Purpose::OrderView),
        ..deed(0)
    };
    assert_eq!(opened.kind, Kind::Open);
    let mailed = Deed {
        actor: Actor::Shop,
        actor_id: [0; 16],
        request: [8; 8],
        route: Route::new("outbox/\"mail\""),
        purpose: Some(Purpose::Mail),
        ..opened
    };
    let mut reference = [0; 16];
    reference[8..].copy_from_slice(&1_796_000_000_000_u64.to_be_bytes());
    let alarm =
        Deed { detail: Some(Detail::Clock), reference, ..Deed::of(Kind::Alarm, Actor::Vault, Route::new("vault")) };
    for deed in [opened, mailed, alarm] {
        written.write(Act::Deed(deed));
    }
    written.sign(&exported.log);
    written.export(&exported);
    exported
}

#[test]
fn what_was_done_is_listed_with_the_ids_that_an_incidents_file_asks_for() {
    let exported = exported();
    let all = lines(&exported, |_| {});
    assert_eq!(all.len(), 4, "the head, three acts, and no heads of the tree: {all:?}");
    let (id, request) = ("ab".repeat(16), "07".repeat(8));
    for word in [&id, &request, "order/show", "operator", "order-view", "email", "2026-11-30T23:59:00.000Z"] {
        assert!(all[1].contains(word), "{word}: {}", all[1]);
    }
    let clock = format!("clock {}", Moment(1_796_000_000_000));
    assert_eq!(all[0].find("detail"), all[3].find(&clock), "{}", all[3]);
    let columns = |line: &str| ["kind", "about"].map(|word| line.find(word));
    assert!(columns(&all[0]).iter().all(Option::is_some), "{}", all[0]);
    assert_eq!(all[0].find("actor id"), all[1].find(&id), "what is below a word belongs to it");
    assert_eq!(all[0].find("request"), all[1].find(&request));
    assert_eq!(all[0].find("fields"), all[1].find("email"));
}

#[test]
fn each_criterion_leaves_out_what_it_does_not_fit() {
    let exported = exported();
    let fits = |change: &dyn Fn(&mut List)| lines(&exported, change).len() - 1;
    assert_eq!(fits(&|asked| asked.actor = Some(who("operator").unwrap())), 1);
    assert_eq!(fits(&|asked| asked.actor = Some(who(&"AB".repeat(16)).unwrap())), 1);
    assert_eq!(fits(&|asked| asked.actor = Some(who("staff").unwrap())), 0);
    assert_eq!(fits(&|asked| asked.request = Some(request("0808080808080808").unwrap())), 1);
    assert_eq!(fits(&|asked| asked.route = Some(route("order/show").unwrap())), 1);
    assert_eq!(fits(&|asked| asked.kind = Some(kind("alarm").unwrap())), 1);
    let at = || Some(when("2026-12-01T08:59:00+09:00").unwrap());
    assert_eq!(fits(&|asked| (asked.from, asked.to) = (at(), at())), 3, "both ends are in it");
    assert_eq!(fits(&|asked| asked.from = Some(when("2026-12-01T08:59:00.001+09:00").unwrap())), 0);
    assert_eq!(fits(&|asked| asked.to = Some(when("2026-11-30T23:58:59.999Z").unwrap())), 0);
    for wrong in
        [who("nobody").err(), request("7").err(), route("a route").err(), kind("read").err(), when("now").err()]
    {
        assert!(wrong.is_some());
    }
}

#[test]
fn as_json_each_act_is_one_object_on_one_line() {
    let exported = exported();
    let objects: Vec<Value> =
        lines(&exported, |asked| asked.json = true).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 3);
    assert_eq!((&objects[0]["actor_id"], &objects[0]["leaf"]), (&json!("ab".repeat(16)), &json!(0)));
    assert_eq!((&objects[1]["route"], &objects[1]["actor_id"]), (&json!("outbox/\"mail\""), &Value::Null));
    assert_eq!((&objects[2]["detail"], &objects[2]["about"]), (&json!("clock"), &Value::Null));
    assert!(objects[2]["clock"].is_string());
}

#[test]
fn a_folder_that_ends_too_soon_says_where_after_what_is_there() {
    let exported = exported();
    let path = exported.file(&noren_ledger::tile::bundle_path(0, 4));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let asked = List {
        dir: exported.folder(),
        actor: None,
        request: None,
        route: None,
        kind: None,
        from: None,
        to: None,
        json: true,
    };
    let mut printed = Vec::new();
    let fault = listed(&asked, &mut printed).unwrap_err().to_string();
    assert!(fault.starts_with("leaf 3: "), "{fault}");
}
