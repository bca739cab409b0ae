//! One notice about one demo customer, so that the security page of a fresh shop shows what a
//! notice is. It is marked as a sample in its title.

use noren_domain::account::Email;
use noren_domain::notice::{
    FieldVerdict, Grade, Incomplete, Measure, MeasureState, NoticeContent, NoticeNo, PersonField, PersonVerdicts,
    PublicNotice, Verdict, Version,
};
use noren_domain::{Id, Text};

use super::{NoticeError, publish};
use crate::account;
use crate::vault::{Asker, LookFor};
use crate::{Shop, fetch_optional};

const NO: &str = "N-2026-0001";
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Monday, 2 November 2026, 0:00 in Tokyo.
const START: i64 = 1_793_545_200_000;

/// Publishes the sample notice about hanako, in development and once.
pub async fn demo(shop: &Shop) -> Result<(), NoticeError> {
    if !shop.development {
        return Ok(());
    }
    let Some(no) = NoticeNo::parse(NO) else { return Err(NoticeError::Malformed(NO.to_owned())) };
    let Ok(email) = Email::parse("hanako@example.jp") else { return Ok(()) };
    let index = shop.vault.index(Asker::operator("seed"), LookFor::Login, email.canonical()).await?;
    let mut conn = shop.db.read().await?;
    let hanako = account::owner(&mut conn, &index).await?;
    let there = fetch_optional!(conn, (String,), "SELECT no FROM notice WHERE no = $1", NO).await?;
    drop(conn);
    let (Some(hanako), None) = (hanako, there) else { return Ok(()) };
    let verdicts = PersonVerdicts::new(Grade::C, fields()).map_err(|weakened| {
        NoticeError::Incomplete(Incomplete(vec![match weakened {
            noren_domain::notice::Weakened::NotReadUnderC => "a verdict that its evidence can carry",
            noren_domain::notice::Weakened::Fields => "a verdict on every field",
            noren_domain::notice::Weakened::How => "how each verdict is known",
        }]))
    })?;
    let notice =
        PublicNotice { no, version: Version::Kakuho, published_at: START + 18 * DAY + 10 * HOUR, content: content() };
    match publish(shop, &notice, &[(Id::new(hanako), verdicts)]).await {
        // Another process was quicker.
        Err(NoticeError::Taken(_)) => Ok(()),
        done => done,
    }
}

fn fields() -> Vec<FieldVerdict> {
    let handed =
        |field, ja: &str, en: &str| FieldVerdict { field, verdict: Verdict::ViaProcessor, how: Text::new(ja, en) };
    let unknown = |field, ja: &str, en: &str| FieldVerdict { field, verdict: Verdict::Unknown, how: Text::new(ja, en) };
    vec![
        handed(
            PersonField::Email,
            "委託先の配信記録に、お客様宛てのメール2通（11月3日・11月5日）が残っており、その記録の全体が不正にダウンロードされました。委託先から受け取った記録と、当店の送信記録を1通ずつ突き合わせて確かめました。",
            "The contractor's delivery log holds two mails to you (3 and 5 November), and that whole log was downloaded without permission. We compared the log we received from the contractor with our own sending records, mail by mail.",
        ),
        handed(
            PersonField::Name,
            "同じ2通のメールの宛名として、お名前を委託先に渡していました。",
            "Your name stood in the greeting of the same two mails, which we handed to the contractor.",
        ),
        unknown(
            PersonField::Address,
            "ご住所は、この委託先には渡していません。ただし、当時の当店には通常の動作記録しかなく、ほかの経路を含めて「読み取られなかった」と証明することはできません。",
            "We did not hand your postal address to this contractor. However, at that time we kept ordinary logs only, which cannot prove that it was not read in some other way.",
        ),
        unknown(
            PersonField::Phone,
            "電話番号は、この委託先には渡していません。ただし、当時の当店には通常の動作記録しかなく、ほかの経路を含めて「読み取られなかった」と証明することはできません。",
            "We did not hand your phone number to this contractor. However, at that time we kept ordinary logs only, which cannot prove that it was not read in some other way.",
        ),
    ]
}

fn content() -> NoticeContent {
    NoticeContent {
        title: Text::new(
            "【見本】メール配信の委託先への不正アクセスについて",
            "[Sample] Unauthorised access at our mail delivery contractor",
        ),
        what: Text::new(
            "当店がメールの配信を委託している会社の管理画面に、第三者が不正にログインし、配信記録をダウンロードしました。記録には、その期間に当店からお送りしたメールの宛先と宛名が含まれていました。",
            "A third party signed in to the administration pages of the company that delivers our mails, without permission, and downloaded its delivery log. The log contained the addresses and the names in the greetings of the mails we sent in that period.",
        ),
        happened_from: START + 2 * HOUR,
        happened_to: START + 4 * DAY + 9 * HOUR,
        found: Text::new(
            "委託先が、見慣れない接続元からのログインに気づき、当日のうちに当店へ連絡しました。当店は連絡を受けた1時間後に、委託先へのデータの受け渡しを止めました。",
            "The contractor noticed a sign-in from an unfamiliar network and told us the same day. One hour after that call we stopped handing any data to the contractor.",
        ),
        found_at: START + 4 * DAY + 14 * HOUR,
        data: Text::new(
            "対象は、委託先に渡したメールアドレスとお名前です。ご住所・電話番号・パスワードは委託先に渡していません。カード番号は、当店では保存していません。お一人ずつの内容は、ログイン後の「アカウントの安全」でご確認いただけます。",
            "Affected are the e-mail addresses and names handed to the contractor. We did not hand over postal addresses, phone numbers or passwords. We do not store card numbers at all. What applies to you personally is shown on your account security page after you sign in.",
        ),
        people: 1,
        cause: Text::new(
            "委託先の担当者が、ほかのサービスと同じパスワードを管理画面に使っており、二段階の認証も設定されていませんでした。当店も、委託先の認証の設定を契約の前に確かめていませんでした。",
            "A member of the contractor's staff used the same password as on another service, and no second factor was set up. We, for our part, had not checked the contractor's sign-in settings before we signed the contract.",
        ),
        investigation: Text::new(
            "11月6日から18日まで、委託先のログイン記録・ダウンロード記録・配信記録の写しを受け取り、当店の送信記録と1通ずつ突き合わせました。当店のサーバーについても、同じ期間のログイン記録と接続記録を調べました。証拠の等級はCです。通常の動作記録なので、ほかに何も起きていないことの証明にはなりません。",
            "From 6 to 18 November we received copies of the contractor's sign-in, download and delivery logs and compared them with our own sending records, mail by mail. We also went through our own servers' login and connection logs for the same period. The evidence is of grade C: these are ordinary logs, and they do not prove that nothing else happened.",
        ),
        measures: vec![
            Measure {
                what: Text::new(
                    "この委託先へのデータの受け渡しを止め、渡したデータの消去を求めました。",
                    "We stopped handing data to this contractor and demanded that what it holds be erased.",
                ),
                state: MeasureState::Done(START + 4 * DAY + 15 * HOUR),
                evidence: Text::new(
                    "委託先が発行した消去の証明書（11月12日付）。窓口にお申し出いただければ、写しをお見せします。",
                    "The contractor's certificate of erasure, dated 12 November. Ask our contact, and we will show you a copy.",
                ),
            },
            Measure {
                what: Text::new(
                    "送信を待つメールの控えには、宛先を残さないようにしました。宛先は送る瞬間にだけ開きます。",
                    "Mails waiting to be sent no longer hold an address. The address is opened only at the moment of sending.",
                ),
                state: MeasureState::Done(START + 14 * DAY),
                evidence: Text::new(
                    "公開しているプログラム（crates/shop/src/outbox.rs）と、その自動テストでどなたでも確かめられます。",
                    "Anyone can check it in our public source code (crates/shop/src/outbox.rs) and its automatic tests.",
                ),
            },
            Measure {
                what: Text::new(
                    "お客様の情報が開かれるたびに、消せない記録を残す保管庫を導入します。次に何かあったとき、「読み取られたかどうか」を記録で示せるようにするためです。",
                    "We are introducing a vault that leaves a record which cannot be erased whenever a customer's data is opened, so that next time our records can show whether something was read.",
                ),
                state: MeasureState::Due(START + 149 * DAY),
                evidence: Text::new(
                    "導入した日に、このお知らせの続きとして、記録の確かめ方とともに公開します。",
                    "We will publish it as an update to this notice on the day it starts, with instructions for checking the record.",
                ),
            },
        ],
        consequences: Text::new(
            "当店や運送会社をよそおったメールが届くおそれがあります。お名前が書かれていても、本物とは限りません。",
            "You may receive mails that pretend to come from us or from a delivery company. A mail that uses your name is not necessarily genuine.",
        ),
        steps: vec![
            Text::new(
                "お名前入りのメールでも、リンクを開いたり、パスワードやカード番号を入力したりしないでください。ご用のあるときは、ブックマークから当店を開いてください。",
                "Do not open links in mails or enter passwords or card numbers, even when a mail uses your name. Open our shop from your own bookmark instead.",
            ),
            Text::new(
                "「アカウントの安全」のページの「ログイン中の端末」に見覚えのない端末があれば、ログアウトさせてください。",
                "Look at the devices signed in on your account security page. Sign out any that you do not recognise.",
            ),
            Text::new(
                "ご住所と電話番号も、念のため、知られている前提でお考えください。心当たりのない電話や着払いの荷物は、受け取らずに窓口へご相談ください。",
                "To be safe, act as if your postal address and phone number were known as well. Do not accept unexpected calls or parcels with charges; ask our contact first.",
            ),
            Text::new(
                "お読みになったら、「アカウントの安全」のページで、このお知らせの「確認しました」を押してください。記録として残ります。",
                "When you have read this, press “I have read this” below the notice on your account security page. It is kept on record.",
            ),
        ],
        compensation: Text::new(
            "現時点で、一律の補償は行っていません。このことで実際に損害を受けられた場合は、窓口で個別に承ります。補償のお申し出によって、ほかの権利を失うことはありません。",
            "At present there is no general compensation. If you have suffered damage because of this, please tell our contact and we will deal with it personally. Asking for compensation does not cost you any other right.",
        ),
        contact: Text::new(
            "個人情報窓口 privacy@norendo.example（平日10時〜17時に担当者が読み、2営業日以内にお返事します）",
            "Privacy desk, privacy@norendo.example (read by a person on weekdays from 10:00 to 17:00 Japan time; we answer within two working days)",
        ),
        genuine: Text::new(
            "本物のお知らせは、当店にログインした「アカウントの安全」のページに必ず載ります。また、「安全への取り組み」のページで、番号からどなたでも確かめられます。当店からのお知らせのメールに、ログインページへのリンクを付けることはありません。",
            "A genuine notice always appears on your account security page after you sign in to our shop. Anyone can also check its number on our security page. Our mails about notices never contain a link to a login page.",
        ),
    }
}
