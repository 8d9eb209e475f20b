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

/// Outermost points `down_db` below the greatest density (x dB method, SM.443), in bins like [`occupied_band`], found between
/// bins on a straight line in decibels. `averages` is how many independent spectra `power` is the mean of, infinite where it is exact:
/// see [`greatest_density`].
///
/// `blur` is how far the window alone carries an edge outwards, from half power to `down_db` (see
/// `Window::edge_reach_bins`): it is taken out by squares, so that an abrupt edge reads where it is and a gentle one as it is.
#[must_use]
pub fn x_db_band(power: &[f32], down_db: f64, blur: f64, averages: f64) -> Option<(f64, f64)> {
    let peak = greatest_density(power, averages) as f32;
    if peak <= 0.0 {
        return None;
    }
    let side = |from_low: bool| {
        let at = |k: usize| if from_low { power[k] } else { power[power.len() - 1 - k] };
        let crossing = |level: f32| {
            let k = (0..power.len()).find(|k| at(*k) >= level)?;
            let below = if k == 0 { 0.0 } else { at(k - 1).max(0.0) };
            // Power of a bin stands at its middle.
            let inside = if below > 0.0 {
                (at(k) / level).ln() / (at(k) / below).ln()
            } else {
                0.5
            };
            Some(k as f64 + 0.5 - f64::from(inside))
        };
        let outer = crossing(peak * 10_f32.powf(-down_db as f32 / 10.0))?;
        let half = crossing(peak * 0.5)?;
        let reach = half - outer;
        Some(half - (reach * reach - blur * blur).max(0.0).sqrt())
    };
    let (low, high) = (side(true)?, power.len() as f64 - side(false)?);
    (high > low).then_some((low, high))
}

/// Greatest density of a signal whose spectrum `power` is the mean of `averages` spectra.
///
/// The highest of many bins that are alike but for chance is higher than all of them are: by 2.1 standard deviations of 30. Of each
/// width from one bin on, the highest mean is taken and lowered by what chance adds to the highest of as many as may compete with it, those not under half of
/// the highest bin; the width at which most is left decides. A plateau is thus measured over its width and a line in its bin; what chance
/// still adds is half a standard deviation of a bin at most.
#[must_use]
pub fn greatest_density(power: &[f32], averages: f64) -> f64 {
    // Neighbouring bins of a Blackman–Harris window resemble each other: of many, 2.8 count as one.
    const ALIKE: f64 = 2.8;
    let highest = power.iter().copied().fold(0.0_f32, f32::max);
    let competing = power.iter().filter(|p| **p >= 0.5 * highest).count() as f64;
    let (mut greatest, mut width) = (0.0_f64, 1);
    while width <= power.len() {
        let mut sum: f64 = power[..width].iter().map(|p| f64::from(*p)).sum();
        let mut most = sum;
        for (gone, new) in power.iter().zip(&power[width..]) {
            sum += f64::from(*new) - f64::from(*gone);
            most = most.max(sum);
        }
        let bins = width as f64;
        let independent = (bins + ALIKE - 1.0) / ALIKE;
        let spread = (averages * independent).sqrt().recip();
        let chance = spread * highest_of_normals(competing / (bins + ALIKE - 1.0));
        greatest = greatest.max(most / bins / (1.0 + chance));
        width *= 2;
    }
    greatest
}

/// Mean of the highest of `count` standard normal numbers (Blom 1958), by the quantile of Abramowitz & Stegun 26.2.23; zero for one or less.
fn highest_of_normals(count: f64) -> f64 {
    if count <= 1.0 {
        return 0.0;
    }
    let upper = 1.0 - (count - 0.375) / (count + 0.25);
    let t = (-2.0 * upper.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    (t - above / below).max(0.0)
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
        assert_eq!(x_db_band(&power, 26.0, 0.0, f64::INFINITY), Some((300.0, 500.0)));
        assert!((centroid(&power).unwrap() - 400.0).abs() < 1e-9);
        assert_eq!(occupied_band(&[0.0; 8], 0.99), None);
    }

    /// An abrupt edge seen through the window reads where it is, and a gentle one is left as it is.
    #[test]
    fn what_the_window_adds_is_taken_out_of_the_26_db_points() {
        let window = crate::dsp::window::Window::blackman_harris(1024);
        let blur = window.edge_reach_bins(26.0);
        assert!((blur - 2.1).abs() < 0.1, "{blur}");
        // The main lobe at whole bins, and a rectangle of 200 bins convolved with it.
        let lobe: Vec<f64> = (0..=6).map(|k| window.tone_response(f64::from(k))).collect();
        let at = |k: usize| {
            let inside = |j: i64| (400..600).contains(&(k as i64 + j));
            (-6..=6_i64)
                .filter(|j| inside(*j))
                .map(|j| lobe[j.unsigned_abs() as usize])
                .sum::<f64>()
        };
        let power: Vec<f32> = (0..1024).map(|k| at(k) as f32).collect();
        let width = |blur: f64| {
            x_db_band(&power, 26.0, blur, f64::INFINITY)
                .map(|(low, high)| high - low)
                .unwrap()
        };
        assert!((width(0.0) - 204.2).abs() < 0.5, "{}", width(0.0));
        assert!((width(blur) - 200.0).abs() < 0.6, "{}", width(blur));
        // 26 dB in 40 bins on either side.
        let gentle = |k: usize| 10_f32.powf(-0.065 * (k.abs_diff(512) as f32 - 60.0).max(0.0));
        let power: Vec<f32> = (0..1024).map(gentle).collect();
        let (with, without) = (
            x_db_band(&power, 26.0, blur, f64::INFINITY),
            x_db_band(&power, 26.0, 0.0, f64::INFINITY),
        );
        let [with, without] = [with, without].map(|band| band.map(|(low, high)| high - low).unwrap());
        assert!((without - with).abs() < 0.2, "{without} {with}");
    }

    /// A plateau of many bins reads its mean, nearly, however few spectra were averaged; a line reads its strongest bin.
    #[test]
    fn the_greatest_density_is_not_that_of_the_luckiest_bin() {
        use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
        use rand_distr::{Distribution, StandardNormal};
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
        for averages in [50.0_f64, 500.0, 5_000.0] {
            let (mut found, mut highest) = (0.0, 0.0);
            for _ in 0..200 {
                // Weights whose correlations are those of the window's powers, nearly.
                let white: Vec<f64> = (0..102).map(|_| normal()).collect();
                let alike = |k: usize| 0.438 * (white[k] + white[k + 2]) + 0.785 * white[k + 1];
                let bin = |k: usize| {
                    if (10..90).contains(&k) {
                        1.0 + alike(k) / averages.sqrt()
                    } else {
                        1e-4
                    }
                };
                let power: Vec<f32> = (0..100).map(|k| bin(k) as f32).collect();
                found += decibel(greatest_density(&power, averages)) / 200.0;
                highest += decibel(greatest_density(&power, f64::INFINITY)) / 200.0;
            }
            let sigma_db = 4.343 / averages.sqrt();
            assert!(
                found.abs() < 0.6 * sigma_db,
                "{averages}: {found} dB, one sigma {sigma_db}"
            );
            assert!(highest > 1.6 * sigma_db, "{averages}: {highest} dB");
        }
        let window = crate::dsp::window::Window::blackman_harris(1024);
        let line: Vec<f32> = (0..64)
            .map(|k| window.tone_response(f64::from(k) - 31.2) as f32)
            .collect();
        let strongest = window.tone_response(0.2);
        assert!(decibel(greatest_density(&line, 50.0) / strongest).abs() < 0.05);
    }
}
