//! Bandwidth and level of a signal from a power spectrum with the noise already subtracted.

/// Band holding the share `fraction` of the power, an equal rest left on either side (ITU-R SM.443 β % method, RR
/// 1.153 for 0.99), in bins: `(low, high)` with 0.0 the lower edge of the first bin. `None` without power.
///
/// Negative bins (noise subtracted from noise) count as they are, so that they cancel on average; the edge on either
/// side is the first crossing seen from the outside of the cumulated power.
#[must_use]
pub fn occupied_band(power: &[f32], fraction: f64) -> Option<(f64, f64)> {
    let total = super::sum(power);
    if total <= 0.0 {
        return None;
    }
    let rest = 0.5 * (1.0 - fraction) * total;
    let low = crossing(power.iter(), rest)?;
    let high = power.len() as f64 - crossing(power.iter().rev(), rest)?;
    (high > low).then_some((low, high))
}

fn crossing<'a>(power: impl Iterator<Item = &'a f32>, rest: f64) -> Option<f64> {
    let mut sum = 0.0;
    for (bin, &p) in power.enumerate() {
        let next = sum + f64::from(p);
        if next > rest {
            let inside = if p > 0.0 { (rest - sum) / f64::from(p) } else { 0.0 };
            return Some(bin as f64 + inside.clamp(0.0, 1.0));
        }
        sum = next;
    }
    None
}

/// Outermost points `down_db` below the strongest bin (x dB method, SM.443), in bins like [`occupied_band`].
#[must_use]
pub fn x_db_band(power: &[f32], down_db: f64) -> Option<(f64, f64)> {
    let peak = power.iter().copied().fold(0.0_f32, f32::max);
    let level = peak * 10_f32.powf(-down_db as f32 / 10.0);
    if peak <= 0.0 {
        return None;
    }
    let first = power.iter().position(|p| *p >= level)?;
    let last = power.iter().rposition(|p| *p >= level)?;
    Some((first as f64, last as f64 + 1.0))
}

/// Power-weighted mean position, in bins, negative bins left out.
#[must_use]
pub fn centroid(power: &[f32]) -> Option<f64> {
    let (mut sum, mut moment) = (0.0, 0.0);
    for (bin, &p) in power.iter().enumerate() {
        let p = f64::from(p.max(0.0));
        sum += p;
        moment += p * (bin as f64 + 0.5);
    }
    (sum > 0.0).then(|| moment / sum)
}

/// Decibels of a power ratio; −200 for nothing.
#[must_use]
pub fn decibel(power: f64) -> f64 {
    10.0 * power.max(1e-20).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangle_has_99_percent_of_its_width() {
        let mut power = vec![0.0_f32; 1000];
        power[300..500].fill(1.0);
        let (low, high) = occupied_band(&power, 0.99).unwrap();
        assert!(
            (low - 301.0).abs() < 1e-6 && (high - 499.0).abs() < 1e-6,
            "{low} {high}"
        );
        assert_eq!(x_db_band(&power, 26.0), Some((300.0, 500.0)));
        assert!((centroid(&power).unwrap() - 400.0).abs() < 1e-9);
        assert_eq!(occupied_band(&[0.0; 8], 0.99), None);
    }
}
