//! What the shop knows about people, why, for how long, and who else sees it. Says only what the software does.

use leptos::prelude::*;
use noren_domain::Lang;

use super::{Block, Document, MAIL, Section};
use crate::lang::use_lang;

/// The privacy page.
#[component]
pub fn PrivacyPage() -> impl IntoView {
    let lang = use_lang();
    let sections = match lang {
        Lang::Ja => japanese(),
        Lang::En => english(),
    };
    view! {
        <Document
            title=lang.pick("プライバシーポリシー", "Privacy")
            description=lang.pick(
                "お預かりする情報、その目的、保管の期間、共有の有無をお伝えします。",
                "What we hold about you, why, for how long, and whom we share it with.",
            )
            lead=lang.pick(
                "お預かりするのは、ご注文とログインに必要なものだけです。広告や解析のための仕組みは使っていません。",
                "We hold only what your order and your sign-in need. There is no advertising and no tracking here.",
            )
            path="/legal/privacy"
            sections
        />
    }
}

fn japanese() -> Vec<Section> {
    vec![
        Section {
            id: "what",
            title: "お預かりする情報と目的",
            blocks: vec![Block::facts([
                (
                    "ご注文",
                    "お名前、フリガナ（任意）、ご住所、電話番号、メールアドレス、贈りもののメッセージ。商品をお届けし、ご連絡するために使います。",
                ),
                (
                    "アカウント",
                    "メールアドレスとパスワード、保存なさったお届け先。パスワードは元に戻せない形（Argon2id）でだけ保存します。",
                ),
                (
                    "ログインの記録",
                    "日時、成功したかどうか、ログインの方法（パスワード、パスキーなど）、ブラウザーの種類、ネットワーク（IPアドレスの一部を切り捨てたもの）。心当たりのないログインに、ご自身で気づけるようにするためです。",
                ),
                (
                    "カート",
                    "商品と数量。Cookieの合言葉と結び付けて保存し、お名前とは結び付きません（ログイン中はアカウントに結び付きます）。",
                ),
            ])],
        },
        Section {
            id: "not",
            title: "お預かりしない情報",
            blocks: vec![Block::points([
                "生年月日、性別、職業はお聞きしません。",
                "クレジットカードの番号は決済会社の画面で入力され、当店には届きません。",
                "閲覧の履歴を集めたり、広告のために使ったりしません。",
            ])],
        },
        Section {
            id: "how-long",
            title: "保管の期間",
            blocks: vec![Block::facts([
                (
                    "ご注文",
                    "番号、日付、商品、金額、消費税は、法令（消費税法第58条、法人税法第126条）が帳簿の保存を求める7年間、必ず保管します。お名前やご住所などは、アカウントの消去とともに消去します（お届けやご返金の途中のものは、終わりしだい）。アカウントのないご注文では、ご注文について最後の動きがあってから2年で、30日前にメールで予告のうえ消去します。お求めがあれば、すぐに消去します。",
                ),
                (
                    "アカウント",
                    "お客様が消去なさるまで。「お預かりしている情報」のページから、いつでも消去できます。保存なさったお届け先は、ご自身でいつでも削除できます。1年のあいだログインもご注文もなければ、予告のうえでお使いでない情報を、2年でアカウントを消去します。",
                ),
                (
                    "ログイン",
                    "30日使われないか、はじめから90日たつと切れます。いつでも「アカウントの安全」の画面で終了できます。",
                ),
                (
                    "カートとお手続きの途中の内容",
                    "ログインせずにお使いのカートと、入力の途中のお届け先などは、最後に変更された日から90日で削除します。カートのCookieも90日です。",
                ),
                ("登録の途中のもの", "確認コードの期限が切れると使えなくなり、その翌日に削除します。"),
                (
                    "変更前のメールアドレス",
                    "変更を取り消せる7日の間だけ、暗号化したままお預かりし、そのあと削除します。",
                ),
                ("ログインの記録", "90日です。"),
                (
                    "お送りするメールと決済会社からの通知",
                    "送ったメールの控えは30日、送れなかったものと決済会社からの通知は90日で削除します。メールの番号と種類、日時の一覧（宛先は含みません）は2年、お便りのお申し込みと停止の記録は同意の証しとして保管します。",
                ),
            ])],
        },
        Section {
            id: "who",
            title: "ほかの会社との共有",
            blocks: vec![
                Block::text(
                    "この見本のお店では、個人の情報を渡している会社はありません。決済もメールもこのサーバーの中で試すだけで、外には送りません。",
                ),
                Block::text(
                    "「見本」と記した事案のお知らせに出てくるメール配信の委託先は、お知らせの姿をご覧いただくための架空の会社です。",
                ),
                Block::text("画面には、外部のスクリプト、フォント、画像、計測の仕組みを一切置いていません。"),
            ],
        },
        Section {
            id: "safety",
            title: "守り方",
            blocks: vec![
                Block::text(
                    "お名前、ご住所、電話番号、メールアドレス、メッセージは、アカウントやご注文ごとに別の鍵で暗号化してデータベースに保存します。データベースだけが持ち出されても、そのままでは読めません。途中でおやめになった会員登録やお手続き、成立しなかったご注文の内容を期間の経過後に削除するとき、またアカウントを消去するときや、ご注文からお名前やご住所を消去するときは、その鍵も破棄します。",
                ),
                Block::text(
                    "もしものときは、何が起きたか、どの項目が影響を受けたか、どうやって確かめたかを、お一人ずつアカウントの画面でお知らせします。",
                ),
                Block::Way("安全への取り組み".into(), Lang::Ja.path("/security")),
            ],
        },
        Section {
            id: "cookies",
            title: "Cookie",
            blocks: vec![Block::text(
                "お店を動かすためのものだけを使います：ログイン、一度ご本人と確かめた端末であること（使われない日が90日続くまで）、カート、会員登録の途中、そして入力の誤りをお知らせする間（5分）、入力内容を暗号化して預かるためのものです。",
            )],
        },
        Section {
            id: "rights",
            title: "開示・訂正・削除のご依頼",
            blocks: vec![Block::text(format!(
                "アカウントをお持ちの方は、「お預かりしている情報」のページで、ご自身の情報の確認、控えの書き出し、消去がいつでもできます。アカウントのないご注文のお名前やご住所などの消去は、ご注文番号を添えてご連絡ください。このほかの開示、訂正、利用の停止、削除は、{MAIL} までご連絡ください。ご本人であることを確かめたうえで、2週間以内にお返事します。"
            ))],
        },
    ]
}

fn english() -> Vec<Section> {
    vec![
        Section {
            id: "what",
            title: "What we hold, and why",
            blocks: vec![Block::facts([
                (
                    "Orders",
                    "Name, kana (if you give it), address, phone, e-mail, gift message: to deliver the goods and to reach you about them.",
                ),
                (
                    "Account",
                    "E-mail address and password. The password is kept only in a form that cannot be turned back (Argon2id).",
                ),
                (
                    "Sign-ins",
                    "Time, success or failure, by what (password, passkey and so on), browser, and network (the IP address cut short), so that you can notice a sign-in that was not yours.",
                ),
                (
                    "Cart",
                    "Products and quantities, tied to a secret in a cookie and not to your name (to your account while you are signed in).",
                ),
            ])],
        },
        Section {
            id: "not",
            title: "What we do not hold",
            blocks: vec![Block::points([
                "We do not ask for your date of birth, sex or job.",
                "Your card number is typed on the payment provider's page and never reaches us.",
                "We do not collect what you looked at, and use nothing for advertising.",
            ])],
        },
        Section {
            id: "how-long",
            title: "For how long",
            blocks: vec![Block::facts([
                (
                    "Orders",
                    "Number, date, goods, sums and tax: at least seven years, as the law asks for books (Consumption Tax Act, article 58; Corporation Tax Act, article 126). Name, address and the like go when the account is erased (of orders under way: once they are finished). From an order placed without an account they go two years after the last that happened to it, which we tell you by mail 30 days before, or at once if you ask us.",
                ),
                (
                    "Account",
                    "Until you erase it, at any time, on the page “The data we hold about you”. Saved addresses you can delete yourself. Without a sign-in or an order we tell you, and erase what is not used after a year and the account after two.",
                ),
                (
                    "Sign-in",
                    "It ends after 30 days without use, after 90 days in any case, and at any time from the page Account security.",
                ),
                (
                    "Cart and unfinished checkout",
                    "A cart without an account, and an address typed for an order that was not placed, are deleted 90 days after their last change. The cart cookie lasts 90 days.",
                ),
                ("Unfinished registration", "It is of no use once its code has expired, and deleted a day later."),
                (
                    "An e-mail address that you changed",
                    "It is kept sealed for the seven days in which you can take the change back, and then deleted.",
                ),
                ("Record of sign-ins", "90 days."),
                (
                    "Mails to you, and word from the payment company",
                    "Our copy of a sent mail is deleted after 30 days; one that could not be sent, and what the payment company told us, after 90. The list of mails by number, kind and time, without addresses, is kept for two years; when you asked for and ended the newsletter, as proof of consent.",
                ),
            ])],
        },
        Section {
            id: "who",
            title: "Whom we share it with",
            blocks: vec![
                Block::text(
                    "This sample shop hands personal data to no company. Payment and mail are tried out on this server and leave it to nowhere.",
                ),
                Block::text(
                    "The mail contractor in the notice marked [Sample] is made up: that notice shows what we would tell you, and nothing of it happened.",
                ),
                Block::text("There are no outside scripts, fonts, images or counters in our pages."),
            ],
        },
        Section {
            id: "safety",
            title: "How we guard it",
            blocks: vec![
                Block::text(
                    "Names, addresses, phone numbers, e-mail addresses and messages are encrypted in the database, each account and each order with a key of its own. A stolen database alone cannot be read. When a registration or a checkout that was left, or an order that was never placed, is deleted after its time, or an account, or the person in an order, is erased, its key is destroyed too.",
                ),
                Block::text(
                    "Should something happen, your account tells you what, which of your data it touched, and how we know.",
                ),
                Block::Way("Security".into(), Lang::En.path("/security")),
            ],
        },
        Section {
            id: "cookies",
            title: "Cookies",
            blocks: vec![Block::text(
                "Only those the shop needs to work: sign-in, that you were once recognised on this device (until it is not used for 90 days), cart, an unfinished registration, and for five minutes what you typed (encrypted), while we show you what needs correcting.",
            )],
        },
        Section {
            id: "rights",
            title: "Seeing, correcting, deleting",
            blocks: vec![Block::text(format!(
                "With an account you can see what we hold, take a copy along and erase it at any time, on the page “The data we hold about you”. To have your name and address erased from an order placed without one, write to us with its number. For anything else, to see, correct or delete your data or have us stop using it: {MAIL}. We make sure it is you who asks, and answer within two weeks."
            ))],
        },
    ]
}
