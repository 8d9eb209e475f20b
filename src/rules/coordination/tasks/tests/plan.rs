//! The schedule against any tasks on any receivers.

use proptest::prelude::*;

use super::*;

fn band(low_mhz: i64, high_mhz: i64) -> Band {
    Band::new(Hertz(low_mhz * 1_000_000), Hertz(high_mhz * 1_000_000)).expect("a band")
}

/// The first watches 100–104 MHz and stays; the second watches 104–108 MHz and may leave it for 4 MHz anywhere to 130 MHz.
fn receivers() -> Vec<SharedReceiver> {
    let tunable = Tunable {
        ranges: vec![band(90, 130)],
        width: Hertz(4_000_000),
    };
    vec![
        SharedReceiver {
            id: "a".to_owned(),
            watched: vec![band(100, 104)],
            tunable: None,
        },
        SharedReceiver {
            id: "b".to_owned(),
            watched: vec![band(104, 108)],
            tunable: Some(tunable),
        },
    ]
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let priority = prop::sample::select(TaskPriority::ALL.to_vec());
    let place = prop::sample::select(vec![100_i64, 101, 103, 104, 106, 110, 111, 120]);
    let time = (0_i64..40, 1_i64..40, 0_i64..20, 1_i64..40);
    let named = prop::sample::select(vec![vec![], vec!["a".to_owned()], vec!["b".to_owned()]]);
    let one = (
        priority,
        place,
        time,
        1_u32..50,
        named,
        any::<bool>(),
        any::<bool>(),
        0_u64..3,
    );
    prop::collection::vec(one, 1..9).prop_map(|all| {
        let wish = |(n, one): (usize, _)| {
            let (priority, low, (from, length, gap, second), minutes, receivers, running, may_retune, used) = one;
            let (end, again) = (from + length, from + length + gap + 1);
            Wish {
                task: format!("t{n}"),
                priority,
                running,
                used,
                asked_at: at(-(n as i64 % 3)),
                band: band(low, low + 1),
                receivers,
                windows: vec![[at(from), at(end)], [at(again), at(again + second)]],
                minutes,
                may_retune,
            }
        };
        all.into_iter().enumerate().map(wish).collect()
    })
}

/// Whether a receiver at this tuning hears the band.
fn hears(receiver: &SharedReceiver, tuned: Option<Hertz>, band: Band) -> bool {
    match (tuned, &receiver.tunable) {
        (None, _) => receiver.watched.iter().any(|watched| watched.contains(band)),
        (Some(center), Some(tunable)) => Band::around(center, tunable.width).contains(band),
        (Some(_), None) => false,
    }
}

fn before<'w>(wishes: &'w [Wish], wish: &Wish) -> impl Iterator<Item = &'w Wish> {
    let key = (
        std::cmp::Reverse(wish.priority),
        !wish.running,
        wish.used,
        wish.asked_at,
        wish.task.clone(),
    );
    wishes.iter().filter(move |other| {
        (
            std::cmp::Reverse(other.priority),
            !other.running,
            other.used,
            other.asked_at,
            other.task.clone(),
        ) < key
    })
}

fn minutes_of(slots: &[Slot]) -> i64 {
    slots
        .iter()
        .map(|slot| slot.until.duration_since(slot.from).as_mins())
        .sum()
}

proptest! {
    #[test]
    fn no_receiver_serves_two_tasks_that_are_tuned_apart(wishes in wishes()) {
        let receivers = receivers();
        let plan = schedule(&wishes, &receivers);
        for minute in 0..120 {
            let now = at(minute);
            let mut tunings = std::collections::BTreeMap::new();
            for wish in &wishes {
                let slots = plan.get(&wish.task).into_iter().flatten();
                let current: Vec<&Slot> = slots.filter(|slot| slot.from <= now && now < slot.until).collect();
                prop_assert!(current.len() <= 1, "one receiver at a time: {current:?}");
                for slot in current {
                    let receiver = receivers.iter().find(|receiver| receiver.id == slot.receiver).expect("known");
                    prop_assert!(hears(receiver, slot.tuned_hz, wish.band), "{slot:?} for {wish:?}");
                    prop_assert!(wish.receivers.is_empty() || wish.receivers.contains(&slot.receiver));
                    prop_assert!(slot.tuned_hz.is_none() || wish.may_retune);
                    prop_assert!(wish.windows.iter().any(|[from, to]| *from <= now && now < *to), "outside its windows");
                    let tuning = *tunings.entry(slot.receiver.clone()).or_insert(slot.tuned_hz);
                    prop_assert_eq!(tuning, slot.tuned_hz, "tuned apart at minute {}", minute);
                }
            }
        }
    }

    #[test]
    fn nobody_waits_while_a_receiver_that_would_do_is_free(wishes in wishes()) {
        let receivers = receivers();
        let plan = schedule(&wishes, &receivers);
        for wish in &wishes {
            let own = plan.get(&wish.task).map_or(&[][..], Vec::as_slice);
            let given = minutes_of(own);
            prop_assert!(given <= i64::from(wish.minutes));
            if given == i64::from(wish.minutes) {
                continue;
            }
            let first: Vec<&Wish> = before(&wishes, wish).collect();
            for minute in 0..120 {
                let now = at(minute);
                let in_window = wish.windows.iter().any(|[from, to]| *from <= now && now < *to);
                let there = |slot: &&Slot| slot.from <= now && now < slot.until;
                if !in_window || own.iter().any(|slot| there(&slot)) {
                    continue;
                }
                for receiver in receivers.iter().filter(|receiver| {
                    wish.receivers.is_empty() || wish.receivers.contains(&receiver.id)
                }) {
                    let can = hears(receiver, None, wish.band)
                        || receiver.tunable.is_some() && wish.may_retune && wish.band.high().0 <= 130_000_000;
                    let held = first.iter().any(|other| {
                        let slots = plan.get(&other.task).into_iter().flatten();
                        slots.filter(there).any(|slot| slot.receiver == receiver.id)
                    });
                    prop_assert!(!can || held, "{} could have had {} at minute {minute}", wish.task, receiver.id);
                }
            }
        }
    }

    #[test]
    fn the_order_of_asking_the_schedule_changes_nothing(wishes in wishes(), seed in any::<usize>()) {
        let receivers = receivers();
        let mut turned = wishes.clone();
        turned.rotate_left(seed % wishes.len());
        let mut other = receivers.clone();
        other.reverse();
        prop_assert_eq!(schedule(&wishes, &receivers), schedule(&turned, &other));
    }

    #[test]
    fn an_emergency_has_its_receiver_whatever_others_want(wishes in wishes()) {
        let mut urgent = wishes[0].clone();
        (urgent.task, urgent.priority, urgent.running) = ("urgent".to_owned(), TaskPriority::Emergency, true);
        (urgent.asked_at, urgent.used) = (at(-1000), 0);
        let alone = schedule(std::slice::from_ref(&urgent), &receivers());
        let all: Vec<Wish> = wishes.into_iter().chain([urgent]).collect();
        let together = schedule(&all, &receivers());
        prop_assert_eq!(together.get("urgent"), alone.get("urgent"));
    }
}

#[test]
fn a_receiver_on_its_watch_serves_any_number_and_leaves_it_for_one() {
    let wish = |task: &str, low: i64, priority: TaskPriority| Wish {
        task: task.to_owned(),
        priority,
        running: false,
        used: 0,
        asked_at: at(0),
        band: band(low, low + 1),
        receivers: Vec::new(),
        windows: vec![[at(0), at(60)]],
        minutes: 40,
        may_retune: true,
    };
    use TaskPriority::{Emergency, Routine};
    let plan = schedule(&[wish("t1", 104, Routine), wish("t2", 106, Routine)], &receivers());
    assert_eq!(plan["t1"], plan["t2"], "both at once on its own watch");
    let both = [
        wish("t1", 104, Routine),
        wish("far", 120, Emergency),
        wish("near", 121, Routine),
    ];
    let plan = schedule(&both, &receivers());
    assert_eq!((plan["far"][0].from, plan["far"][0].until), (at(0), at(40)));
    assert_eq!(plan["near"], plan["far"], "the same tuning serves both");
    assert_eq!(minutes_of(&plan["t1"]), 20, "what is left of its window");
    assert_eq!(plan["t1"][0].from, at(40));
}
