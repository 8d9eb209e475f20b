//! Facts about this computer that decide whether a receiver works: drivers, permissions, kernel modules, USB.
//!
//! Read-only and without SoapySDR: files under `/sys`, `/proc`, `/etc` and `/usr/lib`, so that it still answers where the
//! library is missing. `doctor` prints the findings; each that is wrong says what to type.

mod checks;

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{ReceiverError, profile::Profile};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Notice,
    /// Will go wrong for some receivers or at some rates.
    Warning,
    /// A connected receiver cannot work.
    Problem,
}

/// A text in both languages of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Text {
    fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            zh: zh.into(),
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Short stable name, such as `udev.rules`.
    pub topic: &'static str,
    /// What was found.
    pub what: Text,
    /// What to do, where something is to be done.
    pub fix: Option<Text>,
}

/// A receiver on the USB bus, known by its identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsbReceiver {
    /// `vendor:product`.
    pub id: String,
    /// Product name by the device itself, else the profile's.
    pub name: String,
    /// Serial number.
    pub serial: Option<String>,
    /// Profile it would get.
    pub profile: String,
    /// Debian package of its SoapySDR module; empty: none.
    pub package: String,
    /// The device node, for permissions.
    pub node: PathBuf,
}

/// Where to look; `/` except in tests.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
    multiarch: String,
}

impl Default for Host {
    fn default() -> Self {
        Self::at("/")
    }
}

impl Host {
    /// Looks under another root, such as a prepared folder.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            multiarch: format!("{}-linux-gnu", std::env::consts::ARCH),
        }
    }

    fn path(&self, absolute: &str) -> PathBuf {
        self.root.join(absolute.trim_start_matches('/'))
    }

    fn text(&self, absolute: &str) -> Option<String> {
        fs::read_to_string(self.path(absolute))
            .ok()
            .map(|text| text.trim().to_owned())
    }

    fn names(&self, absolute: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(absolute))
            .into_iter()
            .flatten()
            .filter_map(Result::ok);
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Known receivers on the USB bus.
    ///
    /// # Errors
    /// A fault in the compiled-in profiles only.
    pub fn usb_receivers(&self) -> Result<Vec<UsbReceiver>, ReceiverError> {
        let mut known: BTreeMap<String, Profile> = BTreeMap::new();
        for profile in Profile::all()? {
            for id in profile.usb.clone() {
                known.entry(id).or_insert_with(|| profile.clone());
            }
        }
        let devices = "/sys/bus/usb/devices";
        let found = self.names(devices).into_iter().filter_map(|name| {
            let of = |file: &str| self.text(&format!("{devices}/{name}/{file}"));
            let id = format!("{}:{}", of("idVendor")?, of("idProduct")?).to_lowercase();
            let profile = known.get(&id)?;
            let product = of("product").unwrap_or_else(|| profile.name.clone());
            // Two sticks share identifiers: the product's own words tell a V4 from a V3.
            let chosen = Profile::select(profile.drivers.first()?, &[&product]).ok()?;
            let number = |file: &str| of(file)?.parse::<u32>().ok();
            let node = format!("/dev/bus/usb/{:03}/{:03}", number("busnum")?, number("devnum")?);
            Some(UsbReceiver {
                id,
                name: product,
                serial: of("serial"),
                profile: chosen.id,
                package: chosen.package,
                node: self.path(&node),
            })
        });
        Ok(found.collect())
    }

    /// Everything, worst first.
    ///
    /// # Errors
    /// As `usb_receivers`.
    pub fn findings(&self) -> Result<Vec<Finding>, ReceiverError> {
        let receivers = self.usb_receivers()?;
        let mut findings = vec![self.library()];
        findings.extend(self.modules(&receivers));
        findings.extend(self.connected(&receivers));
        findings.extend(self.rules(&receivers));
        findings.extend(self.access(&receivers));
        findings.push(self.group(receivers.is_empty()));
        findings.extend(self.kernel_driver(&receivers));
        findings.extend(self.librtlsdr(&receivers));
        findings.extend(self.usb_memory());
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(findings)
    }
}

/// Whether a finding is about to stop somebody: for the exit status of `doctor`.
#[must_use]
pub fn any_problem(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A prepared machine: paths and their texts.
    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let host = Host {
            multiarch: "x86_64-linux-gnu".into(),
            ..Host::at(folder.path())
        };
        (folder, host)
    }

    const STICK: &[(&str, &str)] = &[
        ("/sys/bus/usb/devices/1-2/idVendor", "0bda\n"),
        ("/sys/bus/usb/devices/1-2/idProduct", "2838\n"),
        ("/sys/bus/usb/devices/1-2/busnum", "1\n"),
        ("/sys/bus/usb/devices/1-2/devnum", "7\n"),
        ("/sys/bus/usb/devices/1-2/serial", "00000001\n"),
        ("/sys/bus/usb/devices/1-2/product", "RTL2838UHIDIR\n"),
        ("/sys/bus/usb/devices/usb1/idVendor", "1d6b\n"),
        ("/sys/bus/usb/devices/usb1/idProduct", "0002\n"),
    ];
    const USER: &str = "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t27 1000 \n";

    fn severity(findings: &[Finding], topic: &str) -> Severity {
        findings
            .iter()
            .filter(|f| f.topic == topic)
            .map(|f| f.severity)
            .max()
            .unwrap()
    }

    #[test]
    fn a_bare_machine_with_a_stick_is_told_everything_to_do() {
        let mut files = STICK.to_vec();
        files.extend([
            ("/proc/self/status", USER),
            ("/etc/group", "root:x:0:\nplugdev:x:46:anna\n"),
            (
                "/proc/modules",
                "dvb_usb_rtl28xxu 40960 0 - Live 0x0\nusbcore 1 1 - Live 0x0\n",
            ),
            ("/sys/module/usbcore/parameters/usbfs_memory_mb", "16\n"),
        ]);
        let (_folder, host) = machine(&files);
        let receivers = host.usb_receivers().unwrap();
        assert_eq!(receivers.len(), 1);
        assert_eq!(
            (receivers[0].profile.as_str(), receivers[0].serial.as_deref()),
            ("rtl-sdr-v3", Some("00000001"))
        );
        assert!(receivers[0].node.ends_with("dev/bus/usb/001/007"));
        let findings = host.findings().unwrap();
        for (topic, expected) in [
            ("soapysdr.library", Severity::Problem),
            ("soapysdr.modules", Severity::Problem),
            ("udev.rules", Severity::Problem),
            ("group.plugdev", Severity::Problem),
            ("kernel.dvb", Severity::Warning),
            ("usb.memory", Severity::Notice),
        ] {
            assert_eq!(severity(&findings, topic), expected, "{topic}");
        }
        assert!(any_problem(&findings));
        assert!(
            findings
                .iter()
                .filter(|f| f.severity > Severity::Fine)
                .all(|f| f.fix.is_some()),
            "each says what to do"
        );
        let fixes: Vec<&str> = findings
            .iter()
            .filter_map(|f| Some(f.fix.as_ref()?.en.as_str()))
            .collect();
        assert!(fixes.iter().any(|f| f.contains("soapysdr-module-rtlsdr")), "{fixes:?}");
        assert!(
            findings.windows(2).all(|w| w[0].severity >= w[1].severity),
            "worst first"
        );
    }

    #[test]
    fn a_machine_in_order_has_no_problem() {
        let mut files = STICK.to_vec();
        let rule = "SUBSYSTEMS==\"usb\", ATTRS{idVendor}==\"0bda\", ATTRS{idProduct}==\"2838\", MODE=\"0660\"\n";
        files.extend([
            ("/proc/self/status", "Uid:\t1000\t1000\nGid:\t1000\nGroups:\t46 1000\n"),
            ("/etc/group", "plugdev:x:46:anna\n"),
            ("/proc/modules", "usbcore 1 1 - Live 0x0\n"),
            ("/lib/udev/rules.d/60-librtlsdr0.rules", rule),
            ("/usr/lib/x86_64-linux-gnu/libSoapySDR.so.0.8.1", ""),
            ("/usr/lib/x86_64-linux-gnu/SoapySDR/modules0.8/librtlsdrSupport.so", ""),
            ("/usr/lib/x86_64-linux-gnu/librtlsdr.so.0.6.0", ""),
            ("/sys/module/usbcore/parameters/usbfs_memory_mb", "256\n"),
        ]);
        let (_folder, host) = machine(&files);
        let findings = host.findings().unwrap();
        assert!(findings.iter().all(|f| f.severity == Severity::Fine), "{findings:#?}");
        assert!(findings.iter().any(|f| f.what.en == "SoapySDR 0.8.1"));
        assert!(findings.iter().any(|f| f.what.en == "librtlsdr 0.6.0"));
    }

    #[test]
    fn a_v4_on_an_old_library_is_a_problem() {
        let mut files = STICK.to_vec();
        files[5].1 = "Blog V4\n";
        files.push(("/usr/lib/x86_64-linux-gnu/librtlsdr.so.0.6.0", ""));
        let (_folder, host) = machine(&files);
        assert_eq!(host.usb_receivers().unwrap()[0].profile, "rtl-sdr-v4");
        assert_eq!(
            severity(&host.findings().unwrap(), "librtlsdr.version"),
            Severity::Problem
        );
    }

    #[test]
    fn this_machine_can_be_looked_at() {
        let findings = Host::default().findings().unwrap();
        assert!(findings.iter().any(|f| f.topic == "group.plugdev"));
    }

    #[test]
    fn the_udev_rules_cover_every_profile() {
        let rules = include_str!("../../udev/60-pinpu-receivers.rules");
        for profile in Profile::all().unwrap() {
            for id in &profile.usb {
                let (vendor, product) = id.split_once(':').unwrap();
                let line = format!("ATTRS{{idVendor}}==\"{vendor}\", ATTRS{{idProduct}}==\"{product}\"");
                assert!(rules.contains(&line), "{}: {id} has no rule", profile.id);
            }
        }
    }
}
