//! One client of the live channel.
//!
//! Nothing is queued for a client here. Spectra wait in one slot per receiver and band, and a newer one takes the slot;
//! events are read again from the database when the client was too slow for the broadcast, and beyond a bound it is told
//! to start over. A client that does not read is let go after [`SEND_MAX`]; nobody else notices.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use jiff::Timestamp;
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};

use super::{
    LiveReceiverResponse, LiveRequest, LiveResponse, Subscription,
    frame::{FrameKind, Header, Reduction, bins_within, edges, encode_live, reduce},
    news::News,
};
use crate::{
    http::{AppState, proof::Proof},
    registry::disclosure::Audience,
    service::{
        auth::permissions,
        disclosure::masked::shown_frame,
        live::{Backlog, LiveFrame},
        sessions::Principal,
    },
    store::EventRecord,
    units::Hertz,
};

/// At most 25 spectra a second of each receiver and band.
const FRAME_INTERVAL: Duration = Duration::from_millis(40);
/// Longest time one message may take.
const SEND_MAX: Duration = Duration::from_secs(20);
/// How often the client is asked whether it is there,
const PING: Duration = Duration::from_secs(20);
/// and how long it may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(50);
/// How often the session is looked at, besides at every change of an account.
const SESSION_CHECK: Duration = Duration::from_secs(15);
/// Events read at once, and the most a client may be behind.
const EVENTS_AT_ONCE: u32 = 500;
const EVENTS_BEHIND_MAX: u64 = 20_000;
/// Messages of a client within ten seconds.
const MESSAGES_MAX: u32 = 50;

/// Why the channel ends.
#[derive(Debug)]
pub(super) enum End {
    /// The client is gone or does not read.
    Gone,
    /// We say goodbye.
    Close(u16, &'static str),
}

pub(super) struct Channel {
    socket: WebSocket,
    pub(super) state: AppState,
    proof: Option<Proof>,
    /// Who listens.
    pub(super) reader: Arc<Principal>,
    /// Whose classified records the client reads.
    audience: Audience,
    /// The client's notices.
    pub(super) news: News,
    wanted: Option<Subscription>,
    frames: broadcast::Receiver<Arc<LiveFrame>>,
    events: broadcast::Receiver<Arc<EventRecord>>,
    /// Newest spectrum of each receiver and band that was not sent yet.
    slots: BTreeMap<(u32, Hertz), Arc<LiveFrame>>,
    frames_due: Instant,
    /// Number of the last event that was sent or skipped on purpose.
    sent: u64,
    heard: Instant,
    messages: u32,
}

/// Serves one client until either side has enough.
pub(in crate::http) async fn run(socket: WebSocket, state: AppState, proof: Option<Proof>, reader: Arc<Principal>) {
    metrics::gauge!("live_clients").increment(1.0);
    let (frames, events) = (state.hub.frames(), state.hub.events());
    let mut channel = Channel {
        socket,
        news: News::of(&state),
        state,
        proof,
        audience: permissions::audience(reader.role),
        reader,
        wanted: None,
        frames,
        events,
        slots: BTreeMap::new(),
        frames_due: Instant::now(),
        sent: 0,
        heard: Instant::now(),
        messages: 0,
    };
    if let Err(End::Close(code, reason)) = channel.serve().await {
        let goodbye = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        let _ = timeout(Duration::from_secs(2), channel.socket.send(goodbye)).await;
    }
    metrics::gauge!("live_clients").decrement(1.0);
}

impl Channel {
    async fn serve(&mut self) -> Result<(), End> {
        self.hello().await?;
        let mut stopping = self.state.stopping.clone();
        let mut accounts = self.state.users.changes();
        let mut receivers = self.state.hub.receivers_changed();
        let mut ping = interval(PING);
        let mut session_check = interval(SESSION_CHECK);
        for ticks in [&mut ping, &mut session_check] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.tick().await;
        }
        loop {
            let (frames, events) = self
                .wanted
                .as_ref()
                .map_or((false, false), |wanted| (wanted.frames, wanted.events));
            tokio::select! {
                message = self.socket.recv() => self.receive(message).await?,
                frame = self.frames.recv(), if frames => self.keep(frame)?,
                () = sleep_until(self.frames_due), if !self.slots.is_empty() => self.send_frames().await?,
                event = self.events.recv(), if events => self.pass_on(event).await?,
                told = self.news.told(), if self.news.is_wanted() => self.hear(told).await?,
                Ok(()) = receivers.changed() => self.hello().await?,
                Ok(()) = accounts.changed() => self.check_session().await?,
                _ = session_check.tick() => {
                    self.check_session().await?;
                    // What another process told is found here.
                    self.tell_news().await?;
                }
                _ = ping.tick() => {
                    self.messages = 0;
                    if self.heard.elapsed() > SILENCE_MAX {
                        return Err(End::Gone);
                    }
                    self.send(Message::Ping(Vec::new().into())).await?;
                }
                () = stopped(&mut stopping) => return Err(End::Close(1001, "the service is stopping")),
            }
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND_MAX, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                metrics::counter!("live_clients_too_slow_total").increment(1);
                Err(End::Gone)
            }
        }
    }

    pub(super) async fn say(&mut self, response: &LiveResponse) -> Result<(), End> {
        let text = serde_json::to_string(response).map_err(|error| {
            tracing::error!(%error, "a live message cannot be written");
            End::Close(1011, "internal error")
        })?;
        self.send(Message::Text(text.into())).await
    }

    async fn hello(&mut self) -> Result<(), End> {
        let receivers = self
            .state
            .hub
            .receivers()
            .into_iter()
            .map(|receiver| LiveReceiverResponse {
                index: receiver.index,
                label: receiver
                    .status
                    .map_or_else(|| receiver.id.to_string(), |status| status.label),
                id: receiver.id.to_string(),
            });
        let receivers = receivers.collect();
        let sequence = self.last_number().await?;
        self.say(&LiveResponse::Hello {
            sequence,
            receivers,
            server_time: Timestamp::now(),
        })
        .await
    }

    async fn last_sequence(&mut self) -> Result<u64, End> {
        self.state.hub.last_sequence().await.map_err(failed)
    }

    /// The number of the last event as this client knows it. The numbers of all events would tell a client who may not
    /// know of some conflicts how many there are.
    async fn last_number(&mut self) -> Result<u64, End> {
        if self.counts_all()? {
            return self.last_sequence().await;
        }
        self.state.hub.last_told().await.map_err(failed)
    }

    fn counts_all(&self) -> Result<bool, End> {
        Ok(self.state.registry.view(self.audience).map_err(failed)?.is_cleared())
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        let text = match message {
            None | Some(Err(_) | Ok(Message::Close(_))) => return Err(End::Gone),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => return Err(End::Close(1003, "send JSON text")),
            Some(Ok(Message::Text(text))) => text,
        };
        self.messages += 1;
        if self.messages > MESSAGES_MAX {
            return Err(End::Close(1008, "too many messages"));
        }
        match serde_json::from_str::<LiveRequest>(&text) {
            Ok(LiveRequest::Subscribe(wanted)) => self.subscribe(wanted).await,
            Err(error) => {
                let detail = format!("send {{\"type\":\"subscribe\",…}} as the API describes it: {error}");
                self.say(&LiveResponse::Problem { detail }).await
            }
        }
    }

    async fn subscribe(&mut self, mut wanted: Subscription) -> Result<(), End> {
        wanted.pixels = wanted.pixels.clamp(16, 8192);
        // Listen first, then look up the number: nothing falls between the two.
        self.events = self.state.hub.events();
        self.frames = self.state.hub.frames();
        self.slots.clear();
        let last = self.last_sequence().await?;
        self.sent = match wanted.after {
            None => last,
            Some(after) if self.counts_all()? => after,
            Some(after) => self.state.hub.sequence_told(after).await.map_err(failed)?,
        };
        self.begin_news(&wanted).await?;
        let events = wanted.events;
        if wanted.frames {
            let receivers = self.state.hub.receivers();
            let latest = receivers
                .iter()
                .flat_map(|receiver| self.state.hub.latest_frames(&receiver.id));
            self.slots
                .extend(latest.map(|frame| ((frame.receiver_index, frame.frame.low_hz), frame)));
        }
        self.wanted = Some(wanted);
        if events && self.sent != last {
            self.catch_up().await
        } else {
            Ok(())
        }
    }

    /// Puts a spectrum into its slot.
    fn keep(&mut self, frame: Result<Arc<LiveFrame>, RecvError>) -> Result<(), End> {
        match frame {
            Ok(frame) => {
                let newer = self.slots.insert((frame.receiver_index, frame.frame.low_hz), frame);
                if newer.is_some() {
                    metrics::counter!("live_frames_replaced_total").increment(1);
                }
                Ok(())
            }
            Err(RecvError::Lagged(lost)) => {
                metrics::counter!("live_frames_replaced_total").increment(lost);
                Ok(())
            }
            Err(RecvError::Closed) => Err(End::Close(1001, "the service is stopping")),
        }
    }

    async fn send_frames(&mut self) -> Result<(), End> {
        // What came while the client was busy reading is newer than what waits.
        loop {
            match self.frames.try_recv() {
                Ok(frame) => self.keep(Ok(frame))?,
                Err(broadcast::error::TryRecvError::Lagged(lost)) => self.keep(Err(RecvError::Lagged(lost)))?,
                Err(_) => break,
            }
        }
        let Some(wanted) = self.wanted.clone() else {
            return Ok(());
        };
        let view = self.state.registry.view(self.audience).map_err(failed)?;
        for frame in std::mem::take(&mut self.slots).into_values() {
            let frame = shown_frame(view.masks(), &frame);
            if let Some(bytes) = encode(&frame, &wanted) {
                self.send(Message::Binary(bytes.into())).await?;
                metrics::counter!("live_frames_sent_total").increment(1);
            }
        }
        self.frames_due = Instant::now() + FRAME_INTERVAL;
        Ok(())
    }

    async fn pass_on(&mut self, event: Result<Arc<EventRecord>, RecvError>) -> Result<(), End> {
        match event {
            Ok(event) if event.sequence <= self.sent => Ok(()),
            Ok(event) if event.sequence == self.sent + 1 => self.send_event(&event).await,
            Ok(_) | Err(RecvError::Lagged(_)) => self.catch_up().await,
            Err(RecvError::Closed) => Err(End::Close(1001, "the service is stopping")),
        }
    }

    async fn send_event(&mut self, event: &EventRecord) -> Result<(), End> {
        self.sent = event.sequence;
        let receivers = self.wanted.as_ref().and_then(|wanted| wanted.receivers.as_ref());
        let subject = event
            .data
            .get("receiver")
            .or_else(|| event.data.get("id"))
            .and_then(|id| id.as_str());
        if receivers.is_some_and(|ids| !ids.iter().any(|id| Some(id.as_str()) == subject)) {
            return Ok(());
        }
        let view = self.state.registry.view(self.audience).map_err(failed)?;
        let Some(data) = view.event(event) else {
            return Ok(());
        };
        let EventRecord { time, kind, .. } = *event;
        let sequence = if view.is_cleared() { event.sequence } else { event.told };
        self.say(&LiveResponse::Event {
            sequence,
            time,
            kind: kind.into(),
            data,
        })
        .await
    }

    /// Reads from the database what the broadcast no longer has.
    async fn catch_up(&mut self) -> Result<(), End> {
        let last = self.last_sequence().await?;
        if last.saturating_sub(self.sent) > EVENTS_BEHIND_MAX {
            return self.resync(last, "too many events behind").await;
        }
        loop {
            match self
                .state
                .hub
                .events_after(self.sent, EVENTS_AT_ONCE)
                .await
                .map_err(failed)?
            {
                Backlog::Gone { sequence } => return self.resync(sequence, "these events are no longer kept").await,
                Backlog::Events(events) => {
                    for event in &events {
                        self.send_event(event).await?;
                    }
                    if events.len() < EVENTS_AT_ONCE as usize {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn resync(&mut self, sequence: u64, reason: &str) -> Result<(), End> {
        self.sent = sequence;
        let sequence = self.last_number().await?;
        metrics::counter!("live_resyncs_total").increment(1);
        self.say(&LiveResponse::Resync {
            reason: reason.to_owned(),
            sequence,
        })
        .await
    }

    /// Whether the session is still in force and its role may still listen. An open channel counts as use.
    async fn check_session(&mut self) -> Result<(), End> {
        let Some(proof) = &self.proof else { return Ok(()) };
        let owner = proof.owner(&self.state).await.map_err(failed)?;
        let access = permissions::access("open_live");
        match owner {
            Some(owner) if access.is_some_and(|access| access.allows(Some(owner.role))) => {
                self.audience = permissions::audience(owner.role);
                self.take_seat(owner).await
            }
            _ => Err(End::Close(4401, "the session has ended")),
        }
    }
}

/// Ready once the service stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

pub(super) fn failed(error: crate::Error) -> End {
    tracing::error!(%error, "the live channel cannot read");
    End::Close(1011, "internal error")
}

/// The bytes of a spectrum for this subscription; nothing where it is not wanted.
fn encode(live: &LiveFrame, wanted: &Subscription) -> Option<Vec<u8>> {
    if wanted
        .receivers
        .as_ref()
        .is_some_and(|ids| !ids.iter().any(|id| *id == *live.receiver))
    {
        return None;
    }
    let frame = &live.frame;
    let range = bins_within(
        frame.low_hz,
        frame.high_hz,
        frame.mean_dbfs.len(),
        (wanted.low_hz, wanted.high_hz),
    );
    if range.is_empty() {
        return None;
    }
    let (low_hz, high_hz) = edges(frame.low_hz, frame.high_hz, frame.mean_dbfs.len(), &range);
    let pixels = wanted.pixels as usize;
    let reduced = |levels: &[f32], reduction| reduce(levels.get(range.clone()).unwrap_or(&[]), pixels, reduction);
    let mean = reduced(&frame.mean_dbfs, Reduction::Mean);
    let max = reduced(&frame.max_dbfs, Reduction::Max);
    let floor = reduced(&frame.floor_dbfs, Reduction::Mean);
    if mean.len() != max.len() || mean.len() != floor.len() {
        tracing::error!(receiver = %live.receiver, "a spectrum has traces of different lengths");
        return None;
    }
    let header = Header {
        kind: FrameKind::Live,
        floor_observed: live.floor_median_dbfs.is_finite(),
        sequence: live.sequence,
        start_unix_s: live.start.as_microsecond() as f64 / 1e6,
        duration_s: frame.duration_s as f32,
        receiver_index: live.receiver_index,
        low_hz,
        high_hz,
        bins: mean.len() as u32,
        rows: 1,
        floor_dbfs: live.floor_median_dbfs,
        enbw_bins: frame.enbw_bins as f32,
    };
    Some(encode_live(&header, &mean, &max, &floor))
}
