//! Notices over the live channel: heard by their desk, gone on with, and told anew where that cannot be.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pinpu::service::auth::Role;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{list, step, submitted, text};
use crate::app::TestApp;

type Socket = WebSocketStream<TcpStream>;

async fn listen(app: &TestApp, cookie: &str, after: Option<&str>) -> Socket {
    let mut request = format!("ws://{}/api/v1/live", app.address)
        .into_client_request()
        .expect("request");
    request.headers_mut().insert("cookie", cookie.parse().expect("cookie"));
    let stream = TcpStream::connect(app.address).await.expect("connection");
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("channel");
    let wanted =
        json!({"type": "subscribe", "frames": false, "events": false, "notices": true, "notices_after": after});
    socket
        .send(Message::Text(wanted.to_string().into()))
        .await
        .expect("sent");
    // Its answer comes when the subscription is in force.
    socket.send(Message::Text("{}".into())).await.expect("sent");
    socket
}

/// The next message of one of these types.
async fn next(socket: &mut Socket, kinds: &[&str]) -> Value {
    let found = async {
        loop {
            let message = socket.next().await.expect("open").expect("message");
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if kinds.contains(&message["type"].as_str().expect("type")) {
                return message;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), found)
        .await
        .expect("within ten seconds")
}

#[test]
fn notices_are_heard_live_by_their_desk_and_gone_on_with() {
    let app = TestApp::start();
    let [civil, military] = [Role::CivilOfficer, Role::MilitaryOfficer].map(|role| app.as_role(role));
    let open = |cookie: &str, after: Option<&str>| app.runtime.block_on(listen(&app, cookie, after));
    let hear = |socket: &mut Socket, kinds: &[&str]| app.runtime.block_on(next(socket, kinds));
    let (mut of_civil, mut of_military) = (open(&civil, None), open(&military, None));
    for socket in [&mut of_civil, &mut of_military] {
        hear(socket, &["problem"]);
    }
    let request = submitted(&app, &civil);
    let first = hear(&mut of_civil, &["notice"]);
    assert_eq!((&first["action"], &first["own"]), (&json!("written"), &json!(true)));
    assert_eq!(hear(&mut of_civil, &["notice"])["action"], "submit");
    let told = hear(&mut of_military, &["notice"]);
    assert_eq!(
        (&told["action"], &told["unread"]),
        (&json!("submit"), &json!(true)),
        "{told}"
    );
    assert_eq!(told["subject"]["number"], request["number"]);
    let read = list(&app, &military, "").remove(0);
    for key in ["id", "kind", "action", "time", "actor", "subject"] {
        assert_eq!(told[key], read[key], "the same as in the list");
    }

    // Away, and back again.
    drop(of_military);
    let received = step(&app, &military, &request, "receive");
    step(&app, &military, &received, "start_review");
    let mut again = open(&military, Some(text(&told, "id")));
    assert_eq!(hear(&mut again, &["notice"])["action"], "receive");
    assert_eq!(hear(&mut again, &["notice"])["action"], "start_review");

    // What is not kept any more, or another desk's, is no place to go on from; new ones follow.
    let mut lost = open(&military, Some(text(&first, "id")));
    let first = hear(&mut lost, &["notice", "notices_resync"]);
    assert_eq!(first["type"], "notices_resync", "{first}");
    submitted(&app, &civil);
    assert_eq!(hear(&mut lost, &["notice"])["action"], "submit");
}
