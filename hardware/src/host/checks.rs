//! The single checks behind `Host::findings`; each looks at one thing and says what to type.

use std::{collections::BTreeSet, fs};

use super::{Finding, Host, Severity, Text, UsbReceiver};

impl Host {
    fn library_folders(&self) -> [String; 4] {
        let arch = &self.multiarch;
        [
            format!("/usr/lib/{arch}"),
            "/usr/lib".into(),
            format!("/usr/local/lib/{arch}"),
            "/usr/local/lib".into(),
        ]
    }

    /// The version of a shared library by its file name: `libSoapySDR.so.0.8.1` gives `0.8.1`.
    fn version_of(&self, library: &str) -> Option<String> {
        let prefix = format!("{library}.so.");
        let versions = self
            .library_folders()
            .into_iter()
            .flat_map(|folder| self.names(&folder));
        versions
            .filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned))
            .max_by_key(|v| v.len())
    }

    pub(super) fn library(&self) -> Finding {
        match self.version_of("libSoapySDR") {
            Some(version) => Finding {
                severity: Severity::Fine,
                topic: "soapysdr.library",
                what: Text::new(format!("SoapySDR {version}"), format!("SoapySDR {version}")),
                fix: None,
            },
            None => Finding {
                severity: Severity::Problem,
                topic: "soapysdr.library",
                what: Text::new("the SoapySDR library is not installed", "未安装 SoapySDR 库"),
                fix: Some(Text::new(
                    "sudo apt-get install libsoapysdr0.8",
                    "sudo apt-get install libsoapysdr0.8",
                )),
            },
        }
    }

    /// Names of the installed SoapySDR modules, such as `rtlsdr`.
    #[must_use]
    pub fn soapy_modules(&self) -> BTreeSet<String> {
        let files = self
            .library_folders()
            .into_iter()
            .flat_map(|f| self.names(&format!("{f}/SoapySDR/modules0.8")));
        let stem = |name: String| {
            let name = name.strip_suffix(".so")?.trim_start_matches("lib");
            Some(name.trim_end_matches("Support").to_lowercase())
        };
        files.filter_map(stem).collect()
    }

    pub(super) fn modules(&self, receivers: &[UsbReceiver]) -> Vec<Finding> {
        let modules = self.soapy_modules();
        let list = modules.iter().cloned().collect::<Vec<_>>().join(", ");
        let mut findings = vec![Finding {
            severity: Severity::Fine,
            topic: "soapysdr.modules",
            what: if list.is_empty() {
                Text::new("no receiver modules are installed", "未安装任何接收机驱动模块")
            } else {
                Text::new(format!("receiver modules: {list}"), format!("接收机驱动模块:{list}"))
            },
            fix: None,
        }];
        for receiver in receivers {
            let Some(name) = receiver.package.strip_prefix("soapysdr-module-") else {
                findings.push(Finding {
                    severity: Severity::Warning,
                    topic: "soapysdr.modules",
                    what: Text::new(
                        format!("{} needs a SoapySDR module that is not packaged", receiver.name),
                        format!("{} 所需的 SoapySDR 模块没有软件包", receiver.name),
                    ),
                    fix: Some(Text::new(
                        "build the maker's SoapySDR module and install it under /usr/local/lib/SoapySDR/modules0.8",
                        "编译厂商的 SoapySDR 模块,安装到 /usr/local/lib/SoapySDR/modules0.8",
                    )),
                });
                continue;
            };
            if !modules.iter().any(|m| m.contains(name) || name.contains(m.as_str())) {
                let line = format!("sudo apt-get install {}", receiver.package);
                findings.push(Finding {
                    severity: Severity::Problem,
                    topic: "soapysdr.modules",
                    what: Text::new(
                        format!("the module for {} is missing", receiver.name),
                        format!("缺少 {} 的驱动模块", receiver.name),
                    ),
                    fix: Some(Text::new(line.clone(), line)),
                });
            }
        }
        findings
    }

    pub(super) fn connected(&self, receivers: &[UsbReceiver]) -> Vec<Finding> {
        if receivers.is_empty() {
            return vec![Finding {
                severity: Severity::Notice,
                topic: "usb.receivers",
                what: Text::new("no known receiver is on the USB bus", "USB 总线上没有已知的接收机"),
                fix: Some(Text::new(
                    "plug one in, or use the virtual receiver: --receiver driver=pinpu-virtual",
                    "请插入接收机,或使用虚拟接收机:--receiver driver=pinpu-virtual",
                )),
            }];
        }
        let one = |r: &UsbReceiver| Finding {
            severity: Severity::Fine,
            topic: "usb.receivers",
            what: Text::new(
                format!("{} ({}), profile {}", r.name, r.id, r.profile),
                format!("{}({}),配置 {}", r.name, r.id, r.profile),
            ),
            fix: None,
        };
        receivers.iter().map(one).collect()
    }

    /// Group numbers of this process.
    fn own_groups(&self) -> BTreeSet<u32> {
        let status = self.text("/proc/self/status").unwrap_or_default();
        let line = |key: &str| {
            status
                .lines()
                .find_map(|l| l.strip_prefix(key).map(str::to_owned))
                .unwrap_or_default()
        };
        let numbers = format!("{} {}", line("Groups:"), line("Gid:"));
        numbers.split_whitespace().filter_map(|n| n.parse().ok()).collect()
    }

    fn is_root(&self) -> bool {
        let status = self.text("/proc/self/status").unwrap_or_default();
        let uids = status.lines().find_map(|l| l.strip_prefix("Uid:"));
        uids.and_then(|l| l.split_whitespace().nth(1)) == Some("0")
    }

    fn group_number(&self, group: &str) -> Option<u32> {
        let file = self.text("/etc/group")?;
        let line = file.lines().find(|l| l.split(':').next() == Some(group))?;
        line.split(':').nth(2)?.parse().ok()
    }

    /// Whether any udev rule names the product, by its identifiers.
    fn has_udev_rule(&self, id: &str) -> bool {
        let (vendor, product) = id.split_once(':').unwrap_or((id, ""));
        [
            "/etc/udev/rules.d",
            "/lib/udev/rules.d",
            "/usr/lib/udev/rules.d",
            "/run/udev/rules.d",
        ]
        .iter()
        .any(|folder| {
            self.names(folder).iter().filter(|n| n.ends_with(".rules")).any(|name| {
                self.text(&format!("{folder}/{name}"))
                    .unwrap_or_default()
                    .lines()
                    .any(|line| {
                        let line = line.to_lowercase();
                        !line.starts_with('#') && line.contains(vendor) && line.contains(product)
                    })
            })
        })
    }

    pub(super) fn rules(&self, receivers: &[UsbReceiver]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for receiver in receivers.iter().filter(|r| !self.has_udev_rule(&r.id)) {
            findings.push(Finding {
                severity: if self.is_root() { Severity::Notice } else { Severity::Problem },
                topic: "udev.rules",
                what: Text::new(
                    format!("no udev rule opens {} ({}) to users", receiver.name, receiver.id),
                    format!("没有 udev 规则允许普通用户使用 {}({})", receiver.name, receiver.id),
                ),
                fix: Some(Text::new(
                    "sudo cp hardware/udev/60-pinpu-receivers.rules /etc/udev/rules.d/ && sudo udevadm control --reload, then replug",
                    "sudo cp hardware/udev/60-pinpu-receivers.rules /etc/udev/rules.d/ && sudo udevadm control --reload,然后重新插拔",
                )),
            });
        }
        findings
    }

    /// Whether the device nodes open for reading and writing; this alone touches nothing on the device.
    pub(super) fn access(&self, receivers: &[UsbReceiver]) -> Vec<Finding> {
        let closed = receivers
            .iter()
            .filter(|r| r.node.exists() && fs::OpenOptions::new().read(true).write(true).open(&r.node).is_err());
        closed
            .map(|r| Finding {
                severity: Severity::Problem,
                topic: "usb.access",
                what: Text::new(
                    format!("{} may not be opened by this account (usb_open error -3)", r.name),
                    format!("当前账户无权打开 {}(usb_open error -3)", r.name),
                ),
                fix: Some(Text::new(
                    "install the udev rules, join the group plugdev, and plug the receiver in again",
                    "请安装 udev 规则,加入 plugdev 组,然后重新插拔接收机",
                )),
            })
            .collect()
    }

    pub(super) fn group(&self, no_receiver: bool) -> Finding {
        let member = self
            .group_number("plugdev")
            .is_some_and(|number| self.own_groups().contains(&number));
        let severity = match (member || self.is_root(), no_receiver) {
            (true, _) => Severity::Fine,
            (false, true) => Severity::Notice,
            (false, false) => Severity::Problem,
        };
        let fine = severity == Severity::Fine;
        Finding {
            severity,
            topic: "group.plugdev",
            what: if fine {
                Text::new("this account may open USB receivers", "当前账户可以打开 USB 接收机")
            } else {
                Text::new("this account is not in the group plugdev", "当前账户不在 plugdev 组中")
            },
            fix: (!fine).then(|| {
                Text::new(
                    "sudo usermod -aG plugdev \"$USER\", then log in again",
                    "sudo usermod -aG plugdev \"$USER\",然后重新登录",
                )
            }),
        }
    }

    pub(super) fn kernel_driver(&self, receivers: &[UsbReceiver]) -> Option<Finding> {
        let modules = self.text("/proc/modules")?;
        let loaded = modules.lines().any(|l| l.starts_with("dvb_usb_rtl28xxu "));
        let concerned = receivers.iter().any(|r| r.profile.starts_with("rtl-sdr"));
        loaded.then(|| Finding {
            severity: if concerned { Severity::Warning } else { Severity::Notice },
            topic: "kernel.dvb",
            what: Text::new(
                "the television driver dvb_usb_rtl28xxu is loaded and takes RTL-SDR sticks (usb_claim_interface error -6)",
                "电视驱动 dvb_usb_rtl28xxu 已加载,会占用 RTL-SDR 接收机(usb_claim_interface error -6)",
            ),
            fix: Some(Text::new(
                "sudo cp hardware/udev/blacklist-pinpu-rtl.conf /etc/modprobe.d/ && sudo rmmod dvb_usb_rtl28xxu, then replug",
                "sudo cp hardware/udev/blacklist-pinpu-rtl.conf /etc/modprobe.d/ && sudo rmmod dvb_usb_rtl28xxu,然后重新插拔",
            )),
        })
    }

    pub(super) fn librtlsdr(&self, receivers: &[UsbReceiver]) -> Option<Finding> {
        let version = self.version_of("librtlsdr")?;
        let old = version.starts_with("0.");
        let has_v4 = receivers.iter().any(|r| r.profile == "rtl-sdr-v4");
        Some(if old && has_v4 {
            Finding {
                severity: Severity::Problem,
                topic: "librtlsdr.version",
                what: Text::new(
                    format!(
                        "librtlsdr {version} does not know the RTL-SDR Blog V4: it would receive wrong frequencies"
                    ),
                    format!("librtlsdr {version} 不支持 RTL-SDR Blog V4:接收频率会出错"),
                ),
                fix: Some(Text::new(
                    "install librtlsdr of the RTL-SDR Blog (version 2 or later) and SoapyRTLSDR after 0.3.3",
                    "请安装 RTL-SDR Blog 的 librtlsdr(2.0 以上)和 0.3.3 之后的 SoapyRTLSDR",
                )),
            }
        } else {
            Finding {
                severity: Severity::Fine,
                topic: "librtlsdr.version",
                what: Text::new(format!("librtlsdr {version}"), format!("librtlsdr {version}")),
                fix: None,
            }
        })
    }

    pub(super) fn usb_memory(&self) -> Option<Finding> {
        let megabytes: u64 = self
            .text("/sys/module/usbcore/parameters/usbfs_memory_mb")?
            .parse()
            .ok()?;
        let enough = megabytes == 0 || megabytes >= 64;
        Some(Finding {
            severity: if enough { Severity::Fine } else { Severity::Notice },
            topic: "usb.memory",
            what: Text::new(
                format!(
                    "{megabytes} MB of USB transfer memory{}",
                    if enough {
                        ""
                    } else {
                        ": little for several receivers or above 10 MS/s"
                    }
                ),
                format!(
                    "USB 传输内存 {megabytes} MB{}",
                    if enough {
                        ""
                    } else {
                        ":多台接收机或 10 MS/s 以上时偏小"
                    }
                ),
            ),
            fix: (!enough).then(|| {
                let line = "echo 256 | sudo tee /sys/module/usbcore/parameters/usbfs_memory_mb";
                Text::new(line, line)
            }),
        })
    }
}
