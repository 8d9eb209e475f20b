//! Answers that wait for their publication: what the side that asks can tell before, over restarts and deadlines.

use jiff::Timestamp;
use pinpu::{
    Error,
    coordination::{Policy, SealedOutcome, State, Step},
    registry::disclosure::Audience,
    service::{
        auth::permissions::Standing,
        coordination::{Coordination, Given, Links, Refused, Seen},
        questions::DisclosurePolicy,
        registry::RegistryService,
    },
    store::Store,
};

use crate::{
    coordination::{CIVIL, MILITARY, officer, proposal},
    support::{at, open},
};

/// The tests begin at 8:00.
const POLICY: &str = "format = 1\nversion = \"t\"\n[questions]\nper_day = 9\nzone = \"UTC\"\n\
                      [publication]\ntimes = [\"15:00\"]\nzone = \"UTC\"\nexempt_kinds = [\"emergency\"]\n";
const AT_ONCE: &str = "format = 1\nversion = \"t\"\n[questions]\nper_day = 9\nzone = \"UTC\"\n";

fn hour(n: f64) -> Timestamp {
    at(n * 3600.0)
}

async fn offices(store: &Store, policy: &str) -> Coordination {
    let registry = RegistryService::open(store.clone()).await.expect("registry");
    let disclosure = DisclosurePolicy::parse(policy, "test").expect("policy");
    Coordination::new(store.clone(), registry, Policy::builtin().expect("policy"), disclosure)
}

async fn take(offices: &Coordination, id: &str, step: Step, standing: Standing, now: Timestamp) -> Seen {
    let version = seen(offices, id, standing).await.request.get().version;
    let given = Given {
        reason: "理由".to_owned(),
        conditions: (step == Step::AgreeWithConditions).then(|| "夜间停用".to_owned()),
        ..Given::default()
    };
    let taken = offices.step(id, step, given, &officer(standing), version, now).await;
    taken.expect("taken")
}

async fn seen(offices: &Coordination, id: &str, standing: Standing) -> Seen {
    offices.get(id, &officer(standing)).await.expect("seen")
}

async fn submitted(offices: &Coordination, now: Timestamp) -> String {
    let who = officer(CIVIL);
    let draft = offices.write(proposal(150_000_000), Links::default(), &who, now);
    let id = draft.await.expect("written").request.get().id.clone();
    take(offices, &id, Step::Submit, CIVIL, now).await;
    id
}

/// Everything the side that asks reads of a request, but for its key and number.
async fn heard(store: &Store, offices: &Coordination, id: &str) -> String {
    let registry = RegistryService::open(store.clone()).await.expect("registry");
    let view = registry.view(Audience::Named(&["civil_officer"])).expect("ready");
    let seen = seen(offices, id, CIVIL).await;
    let thread = offices.thread(id, &officer(CIVIL), &view).await.expect("thread");
    let files = offices.files(id, &officer(CIVIL)).await.expect("files");
    let number = seen.request.get().number.clone().expect("number");
    format!("{seen:?} {thread:?} {files:?}")
        .replace(id, "ID")
        .replace(&number, "NUMBER")
}

async fn state(store: &Store, id: &str) -> State {
    store.request(id).await.expect("request").state
}

/// With an answer that waits and without, the side that asks reads the same until it is published; also after a restart.
pub(crate) async fn an_answer_waits_for_its_time(url: String) {
    let store = open(&url).await;
    let desk = offices(&store, POLICY).await;
    let (answered, other) = (submitted(&desk, hour(0.0)).await, submitted(&desk, hour(0.0)).await);
    for (n, step) in [Step::Receive, Step::StartReview, Step::AgreeWithConditions]
        .into_iter()
        .enumerate()
    {
        let told = take(&desk, &answered, step, MILITARY, hour(1.0 + n as f64)).await;
        assert_eq!(told.request.get().state, State::Submitted);
        assert_eq!(told.sealed.get().len(), n + 1);
        assert_eq!(told.sealed.get()[n].publishes_at, hour(7.0));
    }
    let said = desk
        .say(&answered, "HIDDEN", &officer(MILITARY), hour(4.0))
        .await
        .expect("said");
    assert_eq!(said.publishes_at, Some(hour(7.0)));
    let after = seen(&desk, &answered, MILITARY).await;
    assert!(after.steps.is_empty(), "it is decided: {:?}", after.steps);
    assert_eq!(desk.turn(hour(6.9)).await.expect("turned"), Some(hour(7.0)));
    assert_eq!(
        heard(&store, &desk, &answered).await,
        heard(&store, &desk, &other).await
    );
    store.close().await;

    let store = open(&url).await;
    let desk = offices(&store, POLICY).await;
    assert_eq!(
        heard(&store, &desk, &answered).await,
        heard(&store, &desk, &other).await
    );
    desk.turn(hour(7.0)).await.expect("turned");
    assert_eq!(state(&store, &answered).await, State::AgreedWithConditions);
    assert_eq!(state(&store, &other).await, State::Submitted);
    let told = seen(&desk, &answered, CIVIL).await;
    let decision = told.request.get().decision.clone().expect("decision");
    assert_eq!(
        (decision.by.as_str(), decision.at),
        ("li", hour(7.0)),
        "not when it was made"
    );
    assert_eq!(told.sealed.get(), &[]);
    let heard = heard(&store, &desk, &answered).await;
    assert!(heard.contains("HIDDEN") && heard.contains("夜间停用"), "{heard}");
    // What was published is not published again.
    let entries = store.thread(&answered).await.expect("thread").len();
    desk.turn(hour(31.0)).await.expect("turned");
    assert_eq!(store.thread(&answered).await.expect("thread").len(), entries);
}

/// A request that is answered in time does not end because its answer waits, and until then looks like one that nobody answered.
pub(crate) async fn an_answer_that_waits_counts_as_answered_in_time(url: String) {
    let store = open(&url).await;
    let desk = offices(&store, POLICY).await;
    let (answered, other) = (submitted(&desk, hour(0.0)).await, submitted(&desk, hour(0.0)).await);
    // It would end on the fifth day at 8:00; the answer is shown at 15:00.
    desk.turn(hour(4.0 * 24.0 + 7.5)).await.expect("turned");
    for step in [Step::Receive, Step::StartReview, Step::Agree] {
        take(&desk, &answered, step, MILITARY, hour(4.0 * 24.0 + 8.0)).await;
    }
    for late in [0.0, 0.1, 6.9] {
        desk.turn(hour(5.0 * 24.0 + late)).await.expect("turned");
        assert_eq!(state(&store, &other).await, State::Submitted, "{late}");
        assert_eq!(
            heard(&store, &desk, &answered).await,
            heard(&store, &desk, &other).await
        );
    }
    desk.turn(hour(5.0 * 24.0 + 7.0)).await.expect("turned");
    assert_eq!(state(&store, &answered).await, State::Agreed);
    assert_eq!(state(&store, &other).await, State::Lapsed);
}

/// What does not apply any more is discarded, and those who made it are told why; nobody else is.
pub(crate) async fn an_answer_to_what_is_withdrawn_is_discarded(url: String) {
    let store = open(&url).await;
    let desk = offices(&store, POLICY).await;
    let (answered, other) = (submitted(&desk, hour(0.0)).await, submitted(&desk, hour(0.0)).await);
    for step in [Step::Receive, Step::StartReview, Step::Refuse] {
        take(&desk, &answered, step, MILITARY, hour(1.0)).await;
    }
    for id in [&answered, &other] {
        take(&desk, id, Step::Withdraw, CIVIL, hour(2.0)).await;
    }
    let told = seen(&desk, &answered, MILITARY).await;
    let outcomes: Vec<_> = told.sealed.get().iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [SealedOutcome::Discarded; 3]);
    assert!(told.sealed.get()[2].note.en.contains("withdrawn"), "{told:?}");
    desk.turn(hour(8.0)).await.expect("turned");
    assert_eq!(state(&store, &answered).await, State::Withdrawn);
    assert_eq!(
        heard(&store, &desk, &answered).await,
        heard(&store, &desk, &other).await
    );
}

/// Where the policy is turned off while an answer waits, it still comes at its time, and what follows comes after it.
pub(crate) async fn what_waits_is_published_although_the_policy_is_off(url: String) {
    let store = open(&url).await;
    let desk = offices(&store, POLICY).await;
    let id = submitted(&desk, hour(0.0)).await;
    take(&desk, &id, Step::Receive, MILITARY, hour(1.0)).await;
    let desk = offices(&store, AT_ONCE).await;
    let told = take(&desk, &id, Step::StartReview, MILITARY, hour(2.0)).await;
    assert_eq!(told.sealed.get()[1].publishes_at, hour(7.0));
    assert_eq!(state(&store, &id).await, State::Submitted);
    desk.turn(hour(7.0)).await.expect("turned");
    assert_eq!(state(&store, &id).await, State::UnderReview);
    take(&desk, &id, Step::Agree, MILITARY, hour(8.0)).await;
    assert_eq!(state(&store, &id).await, State::Agreed, "at once again");
}

/// Of two who answer at the same moment, in two processes as far as the database can tell, one is told to read again.
pub(crate) async fn of_two_answers_that_wait_one_is_stale(url: String) {
    let stores = [open(&url).await, open(&url).await];
    let desks = [offices(&stores[0], POLICY).await, offices(&stores[1], POLICY).await];
    for _ in 0..10 {
        let id = submitted(&desks[0], hour(0.0)).await;
        let version = seen(&desks[0], &id, MILITARY).await.request.get().version;
        let who = officer(MILITARY);
        let answer = |n: usize| desks[n].step(&id, Step::Receive, Given::default(), &who, version, hour(1.0));
        let (first, second) = tokio::join!(answer(0), answer(1));
        let stale = |done: &Result<Seen, Refused>| matches!(done, Err(Refused::Failed(Error::Stale)));
        assert!(
            first.is_ok() && stale(&second) || stale(&first) && second.is_ok(),
            "{first:?} {second:?}"
        );
        assert_eq!(stores[0].sealed(&id).await.expect("read").len(), 1);
    }
}
