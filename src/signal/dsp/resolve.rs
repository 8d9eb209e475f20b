//! The spectrum of a narrow signal with the window taken out of it.
//!
//! A bin shows a signal through the window's main lobe, which is eight bins wide: the band of 99 % of what the bins hold
//! is that of a signal of three bins plus two. What the lobe does is known and the spectrum is a mean of powers, so the
//! powers of lines finer than the bins that show like this are found by Richardson and Lucy's iteration (Richardson 1972,
//! Lucy 1974): it keeps the energy, and no line becomes negative.

use super::window::Window;

/// Lines to a bin.
const FINE: usize = 4;
/// Bins on either side that the main lobe reaches.
const REACH: usize = 4;
/// Iterations: two lines are then a bin wider apart than they are, a tone is a bin wide, and noise 20 dB below is not yet sharpened
/// to more than that. Twice as many gain a tenth of a bin.
const ITERATIONS: usize = 150;

/// Takes the main lobe of a window out of spectra.
#[derive(Debug, Clone)]
pub struct Resolver {
    /// Power of a line in the bins from `REACH` below its own to `REACH` above it, for each place within a bin; sums to one.
    lobes: [[f32; 2 * REACH + 1]; FINE],
}

impl Resolver {
    /// For spectra seen through `window`.
    #[must_use]
    pub fn new(window: &Window) -> Self {
        let lobes = std::array::from_fn(|place| {
            let at = (place as f64 + 0.5) / FINE as f64 - 0.5;
            let lobe: [f64; 2 * REACH + 1] =
                std::array::from_fn(|bin| window.tone_response(bin as f64 - REACH as f64 - at));
            let sum: f64 = lobe.iter().sum();
            lobe.map(|p| (p / sum) as f32)
        });
        Self { lobes }
    }

    /// The band of the share `fraction` of the power that shows as `power`, in bins like `measure::occupied_band`.
    #[must_use]
    pub fn occupied_band(&self, power: &[f32], fraction: f64) -> Option<(f64, f64)> {
        let lines = self.lines(power);
        let (low, high) = super::measure::occupied_band(&lines, fraction)?;
        Some((low / FINE as f64, high / FINE as f64))
    }

    /// Powers of the lines, [`FINE`] to a bin, that show as `power`. Bins that noise made negative hold nothing.
    fn lines(&self, power: &[f32]) -> Vec<f32> {
        let bins = power.len();
        let total: f32 = power.iter().map(|p| p.max(0.0)).sum();
        let mut lines = vec![total / (bins * FINE).max(1) as f32; bins * FINE];
        // What shows beyond the ends was not measured, and is compared with nothing.
        let mut shown = vec![0.0_f32; bins + 2 * REACH];
        for _ in 0..ITERATIONS {
            shown.fill(0.0);
            for (line, value) in lines.iter().enumerate() {
                let lobe = &self.lobes[line % FINE];
                for (bin, share) in shown[line / FINE..].iter_mut().zip(lobe) {
                    *bin += share * value;
                }
            }
            for (k, bin) in shown.iter_mut().enumerate() {
                let measured = k.checked_sub(REACH).and_then(|k| power.get(k));
                *bin = measured.map_or(1.0, |p| p.max(0.0) / bin.max(f32::MIN_POSITIVE));
            }
            for (line, value) in lines.iter_mut().enumerate() {
                let lobe = &self.lobes[line % FINE];
                *value *= shown[line / FINE..]
                    .iter()
                    .zip(lobe)
                    .map(|(r, share)| r * share)
                    .sum::<f32>();
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines at given places, seen through the window.
    fn seen(window: &Window, lines: &[(f64, f64)]) -> Vec<f32> {
        let at = |k: f64| {
            let lines = lines.iter();
            lines
                .map(|(place, p)| p * window.tone_response(k + 0.5 - place))
                .sum::<f64>()
        };
        (0..40).map(|k| at(f64::from(k)) as f32).collect()
    }

    #[test]
    fn a_narrow_signal_is_as_wide_as_it_is() {
        let window = Window::blackman_harris(1024);
        let resolver = Resolver::new(&window);
        let width = |band: Option<(f64, f64)>| band.map(|(low, high)| high - low).unwrap();
        for (count, apart) in [(2, 3.0), (2, 5.0), (5, 0.9), (9, 1.0), (40, 0.3)] {
            let reach = f64::from(count - 1) * apart;
            let lines: Vec<(f64, f64)> = (0..count)
                .map(|i| (20.3 - 0.5 * reach + f64::from(i) * apart, 1.0))
                .collect();
            let power = seen(&window, &lines);
            let resolved = width(resolver.occupied_band(&power, 0.99));
            assert!(
                (resolved - reach).abs() < 1.0,
                "{count} lines {apart} apart: {resolved:.2}"
            );
        }
        let tone = width(resolver.occupied_band(&seen(&window, &[(20.1, 1.0)]), 0.99));
        assert!(tone < 1.2, "{tone:.2}");
    }

    #[test]
    fn nothing_has_no_band() {
        let resolver = Resolver::new(&Window::blackman_harris(1024));
        assert_eq!(resolver.occupied_band(&[0.0; 9], 0.99), None);
        assert_eq!(resolver.occupied_band(&[], 0.99), None);
    }
}
