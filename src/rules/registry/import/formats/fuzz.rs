//! Whatever the bytes, every reader ends with a result: no panic, no hang. And damaged real files.

use proptest::prelude::*;

use super::{files::Single, *};
use crate::registry::test_bytes;

const ALL: [Format; 19] = [
    Format::Assignments,
    Format::Allocations,
    Format::AllocationsToml,
    Format::FccUls,
    Format::FccTv,
    Format::FccIbfs,
    Format::OfcomWtr,
    Format::AcmaRrl,
    Format::IsedTafl,
    Format::Navaids,
    Format::AirportFrequencies,
    Format::Eibi,
    Format::Efis,
    Format::Sfaf,
    Format::Ssrf,
    Format::SsrfLite,
    Format::SdrSharp,
    Format::Gqrx,
    Format::RtlPower,
];

fn read_as(format: Format, bytes: &[u8]) {
    let name = match format {
        Format::FccUls => "FR.dat",
        Format::AcmaRrl => "device_details.csv",
        _ => "f",
    };
    if let Ok(read) = read(format, &mut Single::new(name, bytes), name) {
        assert!(
            read.rows_bad <= read.rows_read || !read.complete,
            "{format:?}: {read:?}"
        );
    }
}

/// Heads that let the bytes behind them reach the rows.
const HEADS: [&str; 9] = [
    "",
    "id,holder,station,freq,bw\n",
    "FacID,SrcKey,DTSKey,Country,Call,Ch,Lat,Lon,ERP\n",
    "kHz:75;Time(UTC):93;Days:59;ITU:49;Station:201;Lng:49;Target:62;Remarks:135;P:35;Start:60;Stop:60;\n",
    "region\tsub-table\tlower_frequency\tupper_frequency\tcategory\tservice\tfootnotes\n",
    "SDD_ID,FREQUENCY,EMISSION,SITE_ID\n",
    "<SSRF><Assignment><Serial>",
    "# Frequency ; Name ; Modulation ; Bandwidth; Tags\n",
    "2019-05-01, 12:00:00, 88000000, 90500000, 9765.62, 10, -32.1\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_bytes_are_read_or_refused(head in 0_usize..HEADS.len(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let whole = [HEADS[head].as_bytes(), &bytes].concat();
        let _ = recognise(&whole, &["f".to_owned()]);
        for format in ALL {
            read_as(format, &whole);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(head in 0_usize..HEADS.len(), text in "[-A-Z0-9.,;|/\"'\t\n é频]{0,300}") {
        let whole = format!("{}{text}", HEADS[head]);
        for format in ALL {
            read_as(format, whole.as_bytes());
        }
    }
}

#[test]
fn damaged_real_files_are_read_or_refused() {
    for (file, format) in [
        ("registers/fcc_uls_mw/2015-08-21_sat/FR.dat", Format::FccUls),
        ("registers/fcc_tv/parameters_us.csv", Format::FccTv),
        (
            "registers/fcc_ibfs/CBRS_3550_3700_GrandfatheredFSS.csv",
            Format::FccIbfs,
        ),
        ("registers/ourairports/navaids.csv", Format::Navaids),
        ("registers/eibi/sked-a13.csv", Format::Eibi),
        ("allocations/ef_us.allocations.tsv", Format::Efis),
        ("coordination/sfaf/multiple.sfaf", Format::Sfaf),
        ("coordination/ssrf/ssrf-example.ckco-tv-3.xml", Format::Ssrf),
        ("coordination/ssrf_lite/ns9rc_repeaters.yml", Format::SsrfLite),
    ] {
        let Some(mut bytes) = test_bytes(&format!("registry/{file}")) else {
            return;
        };
        bytes.truncate(30_000);
        let mut state = 1_u64;
        for round in 0..12 {
            let mut damaged = bytes.clone();
            for _ in 0..=round * 4 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let at = (state >> 33) as usize % damaged.len();
                damaged[at] = (state >> 25) as u8;
            }
            damaged.truncate(damaged.len() - (state >> 40) as usize % 500);
            read_as(format, &damaged);
        }
    }
}

/// Bytes without end, as far as a reader cares to go.
struct Endless {
    head: &'static str,
    row: &'static str,
    given: usize,
    most: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.most {
            return Ok(0);
        }
        let all = self.head.bytes().chain(self.row.bytes().cycle());
        let skip = match self.given.checked_sub(self.head.len()) {
            None => self.given,
            Some(into) => self.head.len() + into % self.row.len(),
        };
        let count = buffer.len().min(self.most - self.given);
        for (place, byte) in buffer[..count].iter_mut().zip(all.skip(skip)) {
            *place = byte;
        }
        self.given += count;
        Ok(count)
    }
}

#[test]
fn files_without_end_end_with_a_reason() {
    let template = "id,holder,station,freq,bw\n";
    let sources = "SDD_ID,FREQUENCY,EMISSION,SITE_ID\n";
    for (format, head, row, reason) in [
        (Format::Assignments, template, "a,b,c,97.2M,180k\n", "split the file"),
        (Format::Assignments, template, "\"xxxxxxxxxxxxxxx", "closing quote"),
        (Format::Assignments, template, "xxxxxxxxxxxxxxxxx", "closing quote"),
        (
            Format::Allocations,
            "low,high,service,basis\n",
            "1M,2M,FIXED,x\n",
            "split the file",
        ),
        (
            Format::Navaids,
            "ident,frequency_khz,dme_channel\n",
            "A,200,\n",
            "split the file",
        ),
        (
            Format::Gqrx,
            "# Frequency ; Name ; Modulation ; Bandwidth; Tags\n",
            "1;a;b;1;t\n",
            "split the file",
        ),
        (Format::IsedTafl, "", "TX,1,2\n", "split the file"),
        (Format::FccUls, "", "FR|x\n", "split the file"),
        (Format::AcmaRrl, sources, "xxxxxxxxxxxxxxxxx", "closing quote"),
    ] {
        let name = match format {
            Format::FccUls => "FR.dat",
            Format::AcmaRrl => "device_details.csv",
            _ => "f",
        };
        let endless = Endless {
            head,
            row,
            given: 0,
            most: 8 << 20,
        };
        let read = read(format, &mut Single::new(name, endless), name).expect("opens");
        let said = read.bad.iter().any(|bad| bad.reason.en.contains(reason));
        assert!(
            !read.complete && said,
            "{format:?} {row}: {} rows, {:?}",
            read.rows_read,
            read.bad.last()
        );
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = |open: &str| open.repeat(100_000);
    let extensions = format!(
        "id,holder,station,freq,bw,extensions\na,b,c,97.2M,180k,\"{}\"\n",
        deep("[").replace('"', "\"\"")
    );
    let yaml = format!("ssrf_lite_version: 0.5\nx: {}", deep("["));
    let indented: String = (0..3000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let toml = format!("a = {}", deep("["));
    for (format, text) in [
        (Format::Assignments, extensions),
        (Format::SsrfLite, yaml),
        (Format::SsrfLite, indented),
        (Format::AllocationsToml, toml),
        (Format::Ssrf, format!("<SSRF>{}", deep("<a>"))),
        (Format::SdrSharp, format!("<ArrayOfMemoryEntry>{}", deep("<a>"))),
    ] {
        let read = read(format, &mut Single::new("f", text.as_bytes()), "f").expect("opens");
        assert!(!read.bad.is_empty(), "{format:?}");
    }
}
