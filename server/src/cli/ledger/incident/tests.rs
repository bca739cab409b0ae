use super::*;

/// The sample of docs/LEDGER.md.
fn sample() -> String {
    let docs = include_str!("../../../../../docs/LEDGER.md");
    let toml = docs.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    toml.expect("docs/LEDGER.md has a sample").to_owned()
}

fn faults(text: &str) -> Vec<String> {
    read(text.as_bytes()).err().map(|faults| faults.0).unwrap_or_default()
}

#[test]
fn the_sample_of_the_manual_is_understood() {
    let question = read(sample().as_bytes()).unwrap();
    let moment = |text: &str| text.to_owned();
    assert_eq!((question.incident.as_str(), question.grade), ("I-2026-0003", Grade::B));
    let (from, to) = (question.window.from().to_string(), question.window.to().to_string());
    assert_eq!((from, to), (moment("2026-11-06T00:00:00.000Z"), moment("2026-11-18T09:30:00.000Z")));
    let Attacker { actors, kinds, requests, routes, builds } = &question.attacker;
    assert_eq!((actors.len(), kinds.len(), requests.len(), routes.len(), builds.len()), (1, 1, 1, 1, 1));
    assert_eq!(builds.first(), Some(&0xd073_83aa));
    assert_eq!((question.copied.len(), question.keys_exposed), (1, None));
    let [relay, carrier] = &question.processors[..] else { panic!("two processors stand there") };
    assert_eq!((relay.window, carrier.name.as_str()), (question.window, "carrier"));
    assert_eq!(carrier.window.to().to_string(), "2026-11-10T14:59:59.999Z");
    assert_eq!(question.digest, Hash::of(&[sample().as_bytes()]), "of the bytes of the file");
}

#[test]
fn every_fault_is_named_with_what_to_write() {
    let good = sample();
    let said = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        faults(&good.replacen(from, to, 1)).join("\n")
    };
    let no_moment = "window.from = \"2026-11-06\" is no moment; write a time with its offset and without quotes, such as 2026-11-06T09:00:00+09:00";
    assert_eq!(said("from = 2026-11-06T09:00:00+09:00", "from = \"2026-11-06\""), no_moment);
    assert!(said("09:00:00+09:00", "09:00:00").contains("is no moment"), "somewhere it is nine");
    assert!(said("from = 2026-11-06T09:00:00+09:00", "").starts_with("window.from is missing; write a time"));
    let before = "window.to is 2025-11-18T09:30:00.000Z, which is before from, 2026-11-06T00:00:00.000Z";
    assert_eq!(said("to = 2026-11-18", "to = 2025-11-18"), before);
    assert_eq!(
        said("[window]", "[windows]"),
        "[window] is missing; write it with from and to\nwindows is unknown; known are incident, grade, window, attacker, suspected, processor"
    );
    assert_eq!(said("actors", "actor"), "attacker.actor is unknown; known are actors, kinds, requests, routes, builds");
    assert_eq!(
        said("[\"staff\"]", "[\"boss\"]"),
        "attacker.kinds has \"boss\" in it; write any of vault, shop, guest, customer, staff, operator, stranger, each in quotes"
    );
    assert_eq!(
        said("[\"staff\"]", "\"staff\""),
        "attacker.kinds = \"staff\" is no list; write any of vault, shop, guest, customer, staff, operator, stranger, in brackets"
    );
    assert!(said("\"d07383aa\"", "\"d07383a\"").contains("write builds of 8 hexadecimal digits, each in quotes"));
    assert!(said("\"d07383aa\"", "7").starts_with("attacker.builds has 7 in it"));
    assert!(said("\"support/search\"", "\"support/search/all\"").contains("write routes of at most 16 printable"));
    assert_eq!(said("\"B\"", "\"D\""), "grade = \"D\" is none; write A, B or C in quotes");
    assert_eq!(said("grade = \"B\"", ""), "grade is missing");
    assert!(said("\"I-2026-0003\"", "\"of today\"").starts_with("incident = \"of today\" is none; write up to 64"));
    assert!(said("[\"backup\"]", "[\"disk\"]").contains("write any of database, backup, log"));
    assert!(said("[\"mail\"]", "[\"login\"]").starts_with(
        "processor.purposes has \"login\" in it; write any of mail, ship, export, notice, each in quotes"
    ));
    assert!(said("name = \"carrier\"", "").starts_with("processor.name is missing"));
    assert_eq!(said("incident =", "incident"), "line 1: key with no value, expected `=`");
    assert_eq!(faults("attacker = 1\nprocessor = 1\n").len(), 5, "all at once");
    assert_eq!(read(&[0xff]).unwrap_err().to_string(), "it is no text in UTF-8");
}

#[test]
fn what_is_finer_than_a_leaf_can_tell_is_cut_off() {
    let question = read(sample().replacen("09:00:00+09:00", "09:00:00.0019+09:00", 1).as_bytes()).unwrap();
    assert_eq!(question.window.from().to_string(), "2026-11-06T00:00:00.001Z");
}
