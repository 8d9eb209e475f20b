//! Which emissions are looked at for their class, and when: often while little is known, seldom later.

use super::{
    channel::Channel,
    class::{Taker, Target},
    config::Rules,
    scales::Scales,
};

/// Share of what is kept that has come in since the last look at an emission, for the next.
const FRESH: f64 = 0.6;
/// Share of [`Rules::hold_s`] after which an emission that is silent is looked at without waiting for more.
const SILENT: f64 = 0.3;
/// Looks after which they become rarer, and how rare they become.
const OFTEN: u32 = 4;
/// Lengths of what is kept from one look to the next, at most.
const SELDOM: u32 = 16;
/// The edges of a burst lie beyond its rows by less than eight rows, of the 256 that are kept.
const SLACK: f64 = 8.0 / 256.0;
/// Bursts of one look, at most.
const BURSTS_MAX: usize = 2_000;

/// Looks at every emission that is due. `last`: observation pauses or ends, and all are. `on` is memory.
pub(super) fn look_at(
    channels: &mut [Channel],
    scales: &Scales,
    taker: &mut Taker,
    floor: &[f32],
    rules: &Rules,
    last: bool,
    on: &mut Vec<[f64; 2]>,
) {
    let (end_s, length_s) = (taker.end_s(), taker.length_s());
    for channel in channels {
        let [seen_s, next_s] = channel.seen_s;
        let from_s = seen_s.max(taker.start_s());
        if channel.stop_s <= from_s {
            continue;
        }
        let waited = end_s - seen_s.max(channel.start_s) >= FRESH * length_s && end_s >= next_s;
        let silent = end_s - channel.stop_s >= SILENT * rules.hold_s && channel.votes.looks() < SELDOM;
        if !(waited || silent || last) {
            continue;
        }
        on_times(channel, scales, [from_s, end_s], SLACK * length_s, on);
        let target = Target {
            band: (channel.low, channel.high),
            on,
            floor,
        };
        if let Some(answer) = taker.look(&target) {
            channel.votes.add(answer);
            let looks = channel.votes.looks();
            let pause = if looks < OFTEN { 0 } else { looks.min(SELDOM) };
            channel.seen_s = [end_s, end_s + f64::from(pause) * length_s];
        }
    }
}

/// When it was on between two times, its bursts in progress included: sorted and disjoint. `slack_s` is how far the edges of a
/// burst may lie beyond its rows.
fn on_times(channel: &Channel, scales: &Scales, within: [f64; 2], slack_s: f64, on: &mut Vec<[f64; 2]>) {
    let ended = channel
        .bursts
        .since(within[0] - slack_s)
        .take(BURSTS_MAX)
        .map(|burst| burst.edges());
    let open = scales.open().filter(|burst| burst.emission == Some(channel.id));
    let all = ended.chain(open.map(|burst| [burst.start_s, burst.stop_s]));
    let inside = all.map(|on| [on[0].max(within[0]), on[1].min(within[1])]);
    on.clear();
    on.extend(inside.filter(|on| on[0] < on[1]));
    // What touches is joined: the order of what begins together does not matter.
    on.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
    on.dedup_by(|later, earlier| {
        let touches = later[0] <= earlier[1];
        if touches {
            earlier[1] = earlier[1].max(later[1]);
        }
        touches
    });
}
