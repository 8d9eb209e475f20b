//! Thresholds of the energy detector (Urkowitz 1967) from the exact gamma and noncentral chi-square distributions.
//!
//! The decision variable is the mean of M independent |X|², noise mean 1, so 2M·T ~ χ²(2M). M need not be whole:
//! overlapped or smoothed averages use their effective number.

/// Natural logarithm of Γ(x), x > 0 (Lanczos, g = 7; relative error below 1e-14).
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    const C: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let t = x + 7.5;
    let sum = C[1..]
        .iter()
        .zip(1..)
        .fold(C[0], |s, (c, i)| s + c / (x + f64::from(i)));
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Regularised upper incomplete gamma function Q(a, x).
#[must_use]
pub fn gamma_q(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x < a + 1.0 {
        1.0 - series_p(a, x)
    } else {
        fraction_q(a, x)
    }
}

/// Regularised lower incomplete gamma function P(a, x).
#[must_use]
pub fn gamma_p(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x < a + 1.0 {
        series_p(a, x)
    } else {
        1.0 - fraction_q(a, x)
    }
}

fn series_p(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    for _ in 0..100_000 {
        n += 1.0;
        term *= x / n;
        sum += term;
        if term < sum * 1e-16 {
            break;
        }
    }
    sum * (a * x.ln() - x - ln_gamma(a)).exp()
}

fn fraction_q(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = an * d + b;
        if d.abs() < TINY {
            d = TINY;
        }
        c = b + an / c;
        if c.abs() < TINY {
            c = TINY;
        }
        d = 1.0 / d;
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h * (a * x.ln() - x - ln_gamma(a)).exp()
}

/// Threshold over the noise mean for false-alarm probability `pfa` per decision with `averages` averages:
/// η = Q⁻¹(M, Pfa) / M.
#[must_use]
pub fn threshold_ratio(averages: f64, pfa: f64) -> f64 {
    quantile(averages, |x| gamma_q(averages, x) > pfa)
}

/// Least ratio of the mean of some of the values of a stretch to the mean of all of them, those included, that noise
/// exceeds with probability `pfa`. `some` and `all` are numbers of independent exponential values.
///
/// The share of the sum that lies in `some` of `all` such values is beta distributed (`some`, `all` − `some`): what rises
/// also raises the mean it is held against, and that mean is itself an estimate. A gamma distribution knows neither: of 16 samples of 1,536
/// at 10⁻⁸ it promises half as much again as noise does.
#[must_use]
pub fn share_threshold_ratio(some: f64, all: f64, pfa: f64) -> f64 {
    let (mut low, mut high) = (some / all, 1.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if beta_q(some, all - some, middle) > pfa {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high) * all / some
}

/// Upper tail of the beta distribution (`a`, `b`) for `x` over its mean: the continued fraction of the regularised incomplete beta
/// function (Abramowitz & Stegun 26.5.8) by Lentz's method.
#[must_use]
pub fn beta_q(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    if x >= 1.0 {
        return 0.0;
    }
    // I(1 − x; b, a).
    let (p, q, y) = (b, a, 1.0 - x);
    let front = ln_gamma(p + q) - ln_gamma(p) - ln_gamma(q) + p * y.ln() + q * x.ln();
    let keep = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut c, mut d) = (1.0, 1.0 / keep(1.0 - (p + q) * y / (p + 1.0)));
    let mut h = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (q - m) * y / ((p + 2.0 * m - 1.0) * (p + 2.0 * m));
        let odd = -(p + m) * (p + q + m) * y / ((p + 2.0 * m) * (p + 2.0 * m + 1.0));
        let before = h;
        for term in [even, odd] {
            d = 1.0 / keep(1.0 + term * d);
            c = keep(1.0 + term / c);
            h *= d * c;
        }
        if (h / before - 1.0).abs() < 1e-14 {
            break;
        }
    }
    (front.exp() * h / p).clamp(0.0, 1.0)
}

/// Quantile `q` of a noise bin averaged `averages` times, relative to its mean: P⁻¹(M, q) / M. Dividing an order
/// statistic by it removes the bias.
#[must_use]
pub fn quantile_ratio(averages: f64, q: f64) -> f64 {
    quantile(averages, |x| gamma_p(averages, x) < q)
}

fn quantile(averages: f64, below: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, averages + 10.0);
    while below(high) {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if below(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high) / averages
}

/// Probability of detecting a constant tone of per-bin signal-to-noise ratio `snr` (linear): the generalised
/// Marcum function Q_M(√(2M·snr), √(2M·η)), as a Poisson mixture of gamma tails.
#[must_use]
pub fn detection_constant(averages: f64, threshold: f64, snr: f64) -> f64 {
    let (m, x, rate) = (averages, averages * threshold, averages * snr);
    if rate <= 0.0 {
        return gamma_q(m, x);
    }
    let centre = rate.floor();
    let weight = |k: f64| (k * rate.ln() - rate - ln_gamma(k + 1.0)).exp();
    let sum = |mut k: f64, step: f64| {
        let mut total = 0.0;
        while k >= 0.0 {
            let w = weight(k);
            total += w * gamma_q(m + k, x);
            if w < 1e-17 && (k - rate).abs() > 3.0 * rate.sqrt() {
                break;
            }
            k += step;
        }
        total
    };
    (sum(centre, -1.0) + sum(centre + 1.0, 1.0)).clamp(0.0, 1.0)
}

/// Probability of detecting a Gaussian signal, independent in each average.
#[must_use]
pub fn detection_gaussian(averages: f64, threshold: f64, snr: f64) -> f64 {
    gamma_q(averages, averages * threshold / (1.0 + snr))
}

/// Signal-to-noise ratio below which no averaging helps when the noise is known to ±`uncertainty_db`
/// (Tandra & Sahai 2008), in dB.
#[must_use]
pub fn snr_wall_db(uncertainty_db: f64) -> f64 {
    let rho = 10_f64.powf(uncertainty_db.max(1e-3) / 10.0);
    10.0 * ((rho * rho - 1.0) / rho).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_table_is_met() {
        let root = std::env::var("PINPU_TEST_DATA").unwrap_or_else(|_| "../shared".into());
        let Ok(table) = std::fs::read_to_string(format!("{root}/reference/detector_reference.csv")) else {
            assert!(
                std::env::var("CI").is_err(),
                "no reference table in {root}: set PINPU_TEST_DATA"
            );
            eprintln!("skipped: reference_table_is_met ({root} has no reference table)");
            return;
        };
        let mut rows = 0;
        for line in table.lines().skip(1).step_by(7) {
            let v: Vec<f64> = line.split(',').map(|v| v.parse().unwrap()).collect();
            let (averages, pfa, eta, snr) = (v[0], v[1], v[2], 10_f64.powf(v[3] / 10.0));
            assert!((threshold_ratio(averages, pfa) / eta - 1.0).abs() < 1e-6, "{line}");
            assert!((detection_constant(averages, eta, snr) - v[4]).abs() < 1e-6, "{line}");
            assert!((detection_gaussian(averages, eta, snr) - v[5]).abs() < 1e-6, "{line}");
            rows += 1;
        }
        assert!(rows > 800);
    }

    /// One of n values, or all but one, have a share whose tail is a power; many values forget the mean they are held against.
    #[test]
    fn shares_of_a_stretch_are_beta_distributed() {
        for (n, x) in [(24.0_f64, 0.3_f64), (96.0, 0.2), (1536.0, 0.012)] {
            let exact = (1.0 - x).powf(n - 1.0);
            assert!((beta_q(1.0, n - 1.0, x) / exact - 1.0).abs() < 1e-9, "{n} {x}");
            // All but one, a quarter of a value from having everything.
            let most = 1.0 - 0.25 / n;
            let exact = -((n - 1.0) * most.ln()).exp_m1();
            assert!((beta_q(n - 1.0, 1.0, most) / exact - 1.0).abs() < 1e-9, "{n}");
        }
        // Two of n: (1 − x)^(n−2) (1 + (n−2) x).
        let (n, x) = (1536.0_f64, 0.014_f64);
        let exact = (1.0 - x).powf(n - 2.0) * (1.0 + (n - 2.0) * x);
        assert!((beta_q(2.0, n - 2.0, x) / exact - 1.0).abs() < 1e-9);
        let (share, gamma) = (share_threshold_ratio(16.0, 1e6, 1e-8), threshold_ratio(16.0, 1e-8));
        assert!((share / gamma - 1.0).abs() < 1e-4, "{share} {gamma}");
        let short = share_threshold_ratio(16.0, 1536.0, 1e-8);
        assert!(
            gamma_q(16.0, 16.0 * gamma) / beta_q(16.0, 1520.0, gamma * 16.0 / 1536.0) > 1.4,
            "{short}"
        );
    }

    #[test]
    fn worked_numbers_are_met() {
        assert!((threshold_ratio(1.0, 1e-6) - 13.8155).abs() < 1e-4);
        assert!((10.0 * quantile_ratio(100.0, 0.2).log10() + 0.386).abs() < 1e-3);
        assert!((snr_wall_db(1.0) + 3.33).abs() < 0.01);
    }
}
