//! Rows written by hand after the published columns.

use super::{tafl::TAFL, *};
use crate::registry::import::formats::testing::Folder;

#[test]
fn both_forms_of_the_british_register_are_read() {
    let old = "Licence Number,Licence issue date,SID_LAT_N_S,SID_LAT_DEG,SID_LAT_MIN,SID_LAT_SEC,SID_LONG_E_W,SID_LONG_DEG,SID_LONG_MIN,SID_LONG_SEC,NGR,Frequency,Frequency Type,Station Type,Channel Width,Channel Width type,Antenna ERP,Antenna ERP type,Antenna AZIMUTH,Emission Code,Licencee Surname,Company,Status\n\
               0001/1,21/08/2015,N,51,30,0,W,0,7,30,TQ 1 1,7.5125,G,T,28,M,23.5,dBW,ND,28M0G7W,Smith,Acme Ltd,Granted\n\
               0002/1,21/08/2015,N,51,30,0,W,0,7,30,TQ 1 1,x,G,T,28,M,,,,,,Acme Ltd,\n";
    let report = wtr(old.as_bytes(), "WTR.csv");
    assert_eq!(
        (report.rows_read, report.rows_bad, report.bad[0].field.as_str()),
        (2, 1, "Frequency")
    );
    let link = &report.ok[0];
    assert_eq!(
        (link.center_hz, link.necessary_bandwidth_hz),
        (Hertz(7_512_500_000), Hertz(28_000_000))
    );
    assert_eq!(link.place.map(|place| place.longitude), Some(-0.125));
    assert!((link.eirp_dbm.expect("EIRP") - 55.65).abs() < 1e-9);
    let details = link.details.as_ref().expect("particulars");
    assert!(
        !details.extensions.values().any(|value| value == "Smith"),
        "no names of persons"
    );
    assert_eq!(
        details.extensions.get("Antenna AZIMUTH").map(String::as_str),
        Some("ND")
    );
    let new =
        "Licence Number,Frequency (Hz),Channel Width (Hz),Latitude(Deg),Longitude(Deg)\n7,450000000,12500,51.5,-0.1\n";
    let broken = "Licence Number,Licence issue date,Frequency (Hz),Channel Width (Hz),Latitude(Deg),Longitude(Deg),Antenna ERP\n\
                  1,2012-03-26,0,12500,51.5,-0.1,\n2,26-Mar-2012,450000000,12500,51.5,,-\n3,26/03/2012,450000000,12500,51.5,-0.1,-\n";
    let faults = wtr(broken.as_bytes(), "WTR.csv").bad;
    let faults: Vec<_> = faults.iter().map(|bad| (bad.line, bad.field.as_str())).collect();
    assert_eq!(faults, [(2, "Frequency (Hz)"), (3, "Longitude(Deg)")]);
    let report = wtr(new.as_bytes(), "WTR.csv");
    assert!(
        report.is_clean() && report.ok[0].necessary_bandwidth_hz == Hertz(12_500),
        "{report:#?}"
    );
}

#[test]
fn australian_devices_join_their_site_licence_and_client() {
    let device = "SDD_ID,LICENCE_NO,FREQUENCY,BANDWIDTH,EMISSION,DEVICE_TYPE,TRANSMITTER_POWER,TRANSMITTER_POWER_UNIT,SITE_ID,ANTENNA_ID\n\
                  11,L1,477125000,16000,16K0F3E   ,T,50,W,S1,7\n12,L1,471925000,16000,16K0F3E,R,,,S1,8\n13,L2,1,2,,T,,,,\n";
    let mut set = Folder::of(&[
        ("device_details.csv", device),
        (
            "site.csv",
            "SITE_ID,LATITUDE,LONGITUDE,NAME,ELEVATION\nS1,-35.3,149.1,Black Mountain,812\n",
        ),
        (
            "licence.csv",
            "LICENCE_NO,CLIENT_NO,STATUS,DATE_OF_EFFECT,DATE_OF_EXPIRY\nL1,C1,1,2020-01-01,2030-01-01\n",
        ),
        ("client.csv", "CLIENT_NO,LICENCEE\nC1,Radio Co\n"),
        (
            "antenna.csv",
            "ANTENNA_ID,GAIN,FRONT_TO_BACK,H_BEAMWIDTH,MODEL,MANUFACTURER\n7,8.15,0,360,COL42,RFI\n",
        ),
    ]);
    let report = rrl(&mut set);
    assert!(report.is_clean(), "{:#?}", report.bad);
    assert_eq!((report.rows_read, report.ok.len()), (7, 3));
    let base = &report.ok[0];
    assert_eq!(
        (base.holder.as_str(), base.station.as_str()),
        ("Radio Co", "Black Mountain")
    );
    assert!(base.valid_to.is_some() && base.place.is_some());
    assert_eq!(report.ok[1].role(), Role::Receive);
    let antenna = |n: usize| {
        let details = report.ok[n].details.as_ref().expect("particulars");
        let antenna = details.antenna.as_ref().expect("an antenna");
        (antenna.model.clone(), antenna.gain_dbi)
    };
    assert_eq!(antenna(0), (Some("RFI COL42".to_owned()), Some(8.15)));
    assert_eq!(
        antenna(1),
        (Some("8".to_owned()), None),
        "an antenna that the set does not hold"
    );
    assert!(!rrl(&mut Folder::of(&[("site.csv", "SITE_ID\n")])).complete);
}

#[test]
fn canadian_rows_are_read_by_the_place_of_their_cells() {
    let mut cells = vec![String::new(); 61];
    for (name, value) in [
        ("function", "TX"),
        ("frequency_mhz", "451.0125"),
        ("record_id", "R1"),
        ("occupied_bandwidth_khz", "16"),
        ("emission", "16K0F3E"),
        ("erp_dbw", "10"),
        ("latitude", "45.5"),
        ("longitude", "-73.6"),
        ("radius_km", "30"),
        ("in_service", "2001-02-03"),
        ("licensee", "Taxi"),
        ("licensee_address", "1 Street"),
    ] {
        cells[TAFL.iter().position(|column| *column == name).expect(name)] = value.to_owned();
    }
    let row = cells.join(",");
    let report = tafl(
        format!("{row}\n{}\n", row.replace("16K0F3E", "16K0F4E")).as_bytes(),
        "TAFL.csv",
    );
    assert_eq!((report.ok.len(), report.rows_bad), (1, 1));
    assert!(report.bad[0].reason.en.contains("character 6"), "{:?}", report.bad);
    let taxi = &report.ok[0];
    assert_eq!(
        (taxi.center_hz, taxi.place.map(|place| place.radius_km)),
        (Hertz(451_012_500), Some(30.0))
    );
    assert_eq!(taxi.eirp_dbm, Some(42.15));
    // One row of the published list lacks a quotation mark.
    let broken = format!("{row}\n{}\n{row}\n", row.replace("Taxi", "\"Taxi"));
    let report = tafl(broken.as_bytes(), "TAFL.csv");
    let faults: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.field.as_str())).collect();
    assert_eq!((report.rows_read, faults), (3, vec![(2, "licensee")]));
}
